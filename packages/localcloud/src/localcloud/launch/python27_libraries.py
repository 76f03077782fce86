"""What python27's `libraries` are called on the Python package index today."""

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
# Nobody ported these from Python 2.
_GONE = frozenset({"PyAMF", "clearsilver", "endpoints", "protorpc"})


def is_gone(library: str) -> bool:
    """Tell whether a library exists for Python 2 only."""
    return library in _GONE


def packages_for(libraries: Iterable[str]) -> tuple[str, ...]:
    """Return the packages, without versions, that bring these libraries to an app on Python 3."""
    return tuple(_RENAMED.get(name, name) for name in libraries if name not in _IN_PYTHON_3 | _GONE)
