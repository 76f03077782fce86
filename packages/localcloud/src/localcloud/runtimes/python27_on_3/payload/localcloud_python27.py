"""App Engine's python27 runtime on Python 3, imported by the server in the app's own process.

It supplies the parts that Google's Python 3 SDK left out (`ext.vendor`, `ext.webapp` and its templates),
Python 2's names for modules and types, and the routing of app.yaml's `handlers`; then it serves the app's own WSGI
objects. The launcher puts this directory on the path and names the handlers in LOCALCLOUD_HANDLERS.
"""

import importlib
import json
import os
import sys

import cgi_scripts
import jinja2_names
import pip_folders
import python2_names
import re2
import relative_imports
import sdk_names
import start_errors
import text_arguments
import webapp2_names

python2_names.install()
text_arguments.install()
sdk_names.install()
jinja2_names.install()
webapp2_names.install()
pip_folders.install(os.getcwd())
relative_imports.install(os.getcwd())

import google.appengine.api  # noqa: E402  (Python 2's names come first)
import google.appengine.ext  # noqa: E402
from google.appengine.api import full_app_id  # noqa: E402
from google.appengine.runtime import default_api_stub, initialize  # noqa: E402

for _package in (google.appengine, google.appengine.api, google.appengine.ext):
    _package.__path__.append(os.path.join(os.path.dirname(__file__), _package.__name__.rpartition(".")[2]))

# RE2, as in the front end: Python's own engine may take minutes for a path.
_HANDLERS = [(re2.compile(url), script) for url, script in json.loads(os.environ["LOCALCLOUD_HANDLERS"])]
# gunicorn's Arbiter.WORKER_BOOT_ERROR: it ends at this exit code, where it would replace the worker at any other.
_CANNOT_BOOT = 3


def _load(script):
    """Return the WSGI object of this name, as in `package.module.name`, or of a CGI script."""
    if script.endswith(".py") or "/" in script:
        return cgi_scripts.load(script)
    module, _, name = script.rpartition(".")
    return getattr(importlib.import_module(module), name)


def _open_services():
    """Let this thread call the services outside a request.

    On App Engine the first request imports the app, so a module may call them while it is imported.
    """
    full_app_id.normalize()
    initialize.InitializeThreadingApis()  # reloads threading, which then knows no thread that has started before
    default_api_stub.Register(default_api_stub.DefaultApiStub())
    default_api_stub.DefaultApiStub.SetUseRequestSecurityTicketForThread(True)


def _start():
    """Import what the runtime imports before the first request, and return the WSGI object of each script.

    As on App Engine, a script that cannot be imported breaks its own pages alone. Raises the error if all fail.
    """
    sys.path.insert(0, os.getcwd())
    config = importlib.import_module("appengine_config") if os.path.exists("appengine_config.py") else None
    # google/appengine/runtime/wsgi.py in the SDK for Python 2.7 puts it around each WSGI object.
    add_middleware = getattr(config, "webapp_add_wsgi_middleware", lambda app: app)
    apps, errors = {}, {}
    for script in dict.fromkeys(script for _, script in _HANDLERS):
        try:
            apps[script] = add_middleware(_load(script))
        except Exception as error:
            if start_errors.explain(error) is None:
                raise
            errors[script] = error
    if errors and not any(script for script in apps if not script.startswith("google.")):
        raise next(iter(errors.values()))
    for script, error in errors.items():
        line = f"pages of {script} answer 500: {start_errors.explain(error)}"
        print(line, file=sys.stderr, flush=True)
        apps[script] = _answer_error(line)
    return apps


def _answer_error(line):
    """Return a WSGI object that answers every request with an error."""

    def answer(environ, start_response):
        start_response("500 Internal Server Error", [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{line}\n".encode()]

    return answer


try:
    _open_services()
    _APPS = _start()
except Exception as error:
    explanation = start_errors.explain(error)
    if explanation is None:
        raise
    print(f"localcloud: {explanation}", file=sys.stderr, flush=True)
    sys.exit(_CANNOT_BOOT)


def _route(environ, start_response):
    # A path that is not UTF-8 matches no route on Python 2, where it is bytes; WebOb on Python 3 would raise.
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
    environ["PATH_INFO"] = path.encode("utf-8").decode("latin-1")
    for url, script in _HANDLERS:
        if url.fullmatch(path):
            return _APPS[script](environ, start_response)
    start_response("404 Not Found", [("Content-Type", "text/html; charset=utf-8")])
    return [b"<html><title>404 Not Found</title><body>No handler in app.yaml matches this URL.</body></html>"]


application = google.appengine.api.wrap_wsgi_app(_route)
