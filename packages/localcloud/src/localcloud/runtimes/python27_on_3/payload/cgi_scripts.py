"""Scripts that App Engine runs as CGI programs, `script: main.py`, as WSGI objects.

Such a script gives its WSGI object to `run_wsgi_app`, or to wsgiref's CGIHandler, in its last lines. Both take the
request from the process's environment, which Python 3's server does not have. The object serves each request instead.
"""

import os
import runpy
import sys
from wsgiref.handlers import CGIHandler


class NoWSGIObjectError(Exception):
    """A script that writes its answers itself."""


def load(script):
    """Run a script, and return the WSGI object that it serves."""
    if not os.path.isfile(script):
        raise ModuleNotFoundError(f"No script {script}", name=script)
    given = []
    run = CGIHandler.run
    CGIHandler.run = lambda handler, application: given.append(application)
    main = sys.modules["__main__"]
    try:
        runpy.run_path(os.path.join(os.getcwd(), script), run_name="__main__")
    except SystemExit:
        pass
    finally:
        CGIHandler.run = run
        sys.modules["__main__"] = main
    if not given:
        raise NoWSGIObjectError(script)
    return given[-1]
