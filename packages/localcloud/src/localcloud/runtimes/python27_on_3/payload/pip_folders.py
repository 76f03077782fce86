"""Hides packages that pip put into the app's folder for Python 2, where the environment has them for Python 3.

Apps put such a folder first on sys.path, and App Engine has the app's folder itself there. Other modules in these
folders stay: a person wrote or copied them.
"""

import contextlib
import csv
import functools
import importlib.metadata
import os
import sys
from importlib import machinery

_LOADERS = (
    (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES),
    (machinery.SourceFileLoader, machinery.SOURCE_SUFFIXES),
    (machinery.SourcelessFileLoader, machinery.BYTECODE_SUFFIXES),
)


class _Finder(machinery.FileFinder):
    """Finds the modules of a folder, without some of the top-level ones."""

    hidden = frozenset()

    def find_spec(self, fullname, target=None):
        """Return the spec of a module, None if it is hidden or not there."""
        return None if fullname in self.hidden else super().find_spec(fullname, target)


def install(app):
    """Hide the packages in every folder below `app` that comes to sys.path from now on."""
    environment = [path for path in sys.path if not _is_below(app, path)]

    def hook(path):
        if not _is_below(app, path) or not os.path.isdir(path):
            raise ImportError(f"{path} is not a folder of the app")
        names = installed_modules(path)
        hidden = frozenset(name for name in names if machinery.PathFinder.find_spec(name, environment))
        if not hidden:
            raise ImportError(f"{path} holds no package that the environment has")
        finder = _Finder(path, *_LOADERS)
        finder.hidden = hidden
        return finder

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()


def _is_below(app, path):
    return os.path.commonpath([app, os.path.abspath(path)]) == app


@functools.cache
def installed_modules(folder):
    """Return the names of the top-level modules that pip has installed into a folder."""
    names = set()
    for distribution in importlib.metadata.distributions(path=[folder]):
        with contextlib.suppress(OSError, UnicodeDecodeError, csv.Error):  # pip did not write that
            names.update((distribution.read_text("top_level.txt") or "").split())
            for row in csv.reader((distribution.read_text("RECORD") or "").splitlines()):
                if row:
                    names.add(row[0].split("/")[0].removesuffix(".py"))
    return {name for name in names if name.isidentifier()}
