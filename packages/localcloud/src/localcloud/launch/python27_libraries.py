"""The packages that python27's `libraries` have become on the Python package index."""

from __future__ import annotations

from collections.abc import Iterable

# Part of Python 3; their 2.7 backports would hide the real modules.
_IN_PYTHON_3 = frozenset({"enum", "futures", "ssl"})
_RENAMED = {
    "MySQLdb": "mysqlclient",
    "PIL": "pillow",
    "psycopg2": "psycopg2-binary",  # psycopg2 alone has to be compiled
    "pycrypto": "pycryptodome",  # its maintained successor, under the same import name
    "yaml": "pyyaml",
}
# These were never ported from Python 2.
_PYTHON2_ONLY = frozenset({"PyAMF", "clearsilver", "endpoints", "protorpc"})


def is_python2_only(library: str) -> bool:
    """Return whether a library exists for Python 2 only."""
    return library in _PYTHON2_ONLY


def find_packages(libraries: Iterable[str]) -> tuple[str, ...]:
    """Return the packages, without versions, that bring these libraries to an app on Python 3."""
    return tuple(_RENAMED.get(name, name) for name in libraries if name not in _IN_PYTHON_3 | _PYTHON2_ONLY)
