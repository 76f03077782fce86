"""Errors that end an app at its start, in one line, with the way round them."""

import os

import cgi_scripts

# Not for the app, whose variables are those of its platform.
_ON_PYTHON27 = os.environ.pop("LOCALCLOUD_ON_PYTHON27")


def explain(error):
    """Return the line about an error; None for one that is not about the move from Python 2 to Python 3."""
    if isinstance(error, cgi_scripts.NoWSGIObjectError):
        return f"{error}: this script writes its answers itself, and serves no WSGI object; {_ON_PYTHON27}"
    if isinstance(error, SyntaxError):
        # The launcher has checked what it could find without running the app.
        place = f"{os.path.relpath(error.filename or '?')}:{error.lineno}"
        return f"{place}: only Python 2 can read this line ({error.msg}); {_ON_PYTHON27}, or rewrite it for both"
    if not isinstance(error, ImportError) or str(error.path or "").startswith(os.getcwd() + os.sep):
        return None  # a mistake in the app's own modules
    # Without the path of the file, which Python adds in parentheses.
    return f"{str(error).partition(' (')[0]}; {_explain_import(error)}"


def _explain_import(error):
    name = error.name or ""
    if name.startswith("google.appengine"):
        return f"Google's SDK for Python 3 does not have it; {_ON_PYTHON27}"
    if not isinstance(error, ModuleNotFoundError):
        return f"it has no such name at the version that Python 3 can install; {_ON_PYTHON27}"
    first = name.partition(".")[0]
    if name.endswith(".py") or os.path.exists(first) or os.path.exists(f"{first}.py"):
        return "it is not in the app's folder; add it"
    return (
        "it is neither in the app's folder nor in a package of requirements.txt; add it there. "
        f"If it is for Python 2 only, {_ON_PYTHON27}"
    )
