"""Python 2's implicit relative imports: in a package of the app, `import views` finds the package's own views.py first.

A module with `from __future__ import absolute_import` is left as it is. So are packages of the environment, and those
that pip has put into the app: they run on Python 3 without, and may count on it.
"""

import __future__

import builtins
import os
import sys

import pip_folders


def install(app):
    """Look in a module's own package first, for modules below the folder `app`."""
    import_absolutely = builtins.__import__

    def import_as_python2(name, globals=None, locals=None, fromlist=(), level=0):
        if level == 0 and globals and _has_sibling(app, globals, name):
            level = 1
        return import_absolutely(name, globals, locals, fromlist, level)

    builtins.__import__ = import_as_python2


def _has_sibling(app, importing, name):
    """Return whether the package of a module, of which these are the globals, holds the module that it imports."""
    package = importing.get("__package__")
    if not package or importing.get("absolute_import") is __future__.absolute_import:
        return False
    if not str(importing.get("__file__") or "").startswith(app + os.sep) or _is_of_pip(package):
        return False
    first = name.partition(".")[0]
    return any(
        os.path.isfile(os.path.join(folder, f"{first}.py"))
        or os.path.isfile(os.path.join(folder, first, "__init__.py"))
        for folder in getattr(sys.modules.get(package), "__path__", ())
    )


def _is_of_pip(package):
    top = package.partition(".")[0]
    places = getattr(sys.modules.get(top), "__path__", ())
    return any(top in pip_folders.installed_modules(os.path.dirname(place)) for place in places)
