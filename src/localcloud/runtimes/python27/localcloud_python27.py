"""App Engine's python27 runtime on Python 3, imported by the server in the app's own process.

It supplies what Google's Python 3 SDK left out of the python27 one (`ext.vendor`, `ext.webapp` and its templates),
Python 2's names for modules and types, and the routing of app.yaml's `handlers`; then it serves the app's own WSGI
objects. The launcher puts this directory on the path and names the handlers in LOCALCLOUD_HANDLERS.
"""

import importlib
import json
import os
import re
import sys

import python2_names

python2_names.install()

import google.appengine.ext  # noqa: E402  (Python 2's names come first)
from google.appengine.api import wrap_wsgi_app  # noqa: E402

google.appengine.ext.__path__.append(os.path.join(os.path.dirname(__file__), "ext"))

_HANDLERS = [(re.compile(url), script) for url, script in json.loads(os.environ["LOCALCLOUD_HANDLERS"])]


def _load(script):
    """Return the WSGI object that `package.module.name` stands for."""
    module, _, name = script.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _start():
    """Import all that the runtime imports before the first request, and return the WSGI object per script."""
    sys.path.insert(0, os.getcwd())
    if os.path.exists("appengine_config.py"):
        importlib.import_module("appengine_config")
    return {script: _load(script) for _, script in _HANDLERS}


try:
    _APPS = _start()
except ImportError as error:
    # The launcher reads the app as Python 3 beforehand; what remains is a package that nobody asked for.
    sys.exit(
        f"localcloud: {error}; add the package to requirements.txt, or to `libraries` in app.yaml "
        "(what only Python 2 has cannot be imported here)"
    )


def _route(environ, start_response):
    # What is no UTF-8 in a path matches no route on Python 2, where it is bytes; WebOb on Python 3 would raise.
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
    environ["PATH_INFO"] = path.encode("utf-8").decode("latin-1")
    for url, script in _HANDLERS:
        if url.fullmatch(path):
            return _APPS[script](environ, start_response)
    start_response("404 Not Found", [("Content-Type", "text/html; charset=utf-8")])
    return [b"<html><title>404 Not Found</title><body>No handler in app.yaml matches this URL.</body></html>"]


application = wrap_wsgi_app(_route)
