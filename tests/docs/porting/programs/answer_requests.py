"""Sends requests to WSGI apps, and answers what they say. Python 2 reads this file, too.

Each job has the source of a module that defines `app`, and requests. A client sends them, and keeps its cookies if no
request brings some.
"""

import io
import json
import logging
import sys

from werkzeug.test import Client
from werkzeug.wrappers import Response


def make_app(source):
    """Return the app that the source defines."""
    names = {"__name__": "main"}
    exec(compile(source, "main.py", "exec"), names)
    return names["app"]


def arguments(request):
    """Return a request's arguments for the client; an upload is a name and a text."""
    filled = dict(request)
    for name, (filename, text) in filled.pop("files", {}).items():
        filled.setdefault("data", {})[name] = (io.BytesIO(text.encode("utf-8")), filename)
    return filled


def send(client, request):
    """Return the answer to a request."""
    response = client.open(**arguments(request))
    return {
        "status": response.status_code,
        "headers": [list(pair) for pair in response.headers],
        "body": response.get_data().decode("utf-8"),
    }


def answer(job):
    """Return the answers of one app to its requests."""
    keeps_cookies = not any("Cookie" in request.get("headers", {}) for request in job["requests"])
    client = Client(make_app(job["source"]), Response, use_cookies=keeps_cookies)
    return [send(client, request) for request in job["requests"]]


logging.disable(logging.CRITICAL)  # the tracebacks of errors that a page shows how to handle
json.dump([answer(job) for job in json.load(sys.stdin)], sys.stdout)
