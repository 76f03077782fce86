"""The packages of Python 2 apps, by the names that they have on the Python package index for Python 3."""

from __future__ import annotations

from collections.abc import Iterable

from packaging.utils import canonicalize_name

# Part of Python 3. Their backports for Python 2 do not install, or would hide the real modules.
_IN_PYTHON_3 = frozenset(
    {
        "argparse",
        "backports-ssl-match-hostname",
        "enum",
        "enum34",
        "functools32",
        "futures",
        "importlib",
        "ordereddict",
        "pathlib",
        "ssl",
        "subprocess32",
        "typing",
        "unittest2",
        "uuid",
        "wsgiref",
    }
)
# Names of `libraries` and of requirements, in lower case. The successors have the same import names, except PyMySQL:
# `import MySQLdb` finds that one. mysqlclient, its real successor, has to be compiled.
_RENAMED = {
    "distribute": "setuptools",
    "mysql-python": "pymysql",
    "mysqldb": "pymysql",
    "pil": "pillow",
    "psycopg2": "psycopg2-binary",  # psycopg2 alone has to be compiled
    "pycrypto": "pycryptodome",  # its maintained successor
    "python-openid": "python3-openid",
    "yaml": "pyyaml",
}
# These were never ported from Python 2.
_PYTHON2_ONLY = frozenset({"PyAMF", "clearsilver", "endpoints", "protorpc"})


def is_python2_only(library: str) -> bool:
    """Return whether one of python27's `libraries` exists for Python 2 only."""
    return library in _PYTHON2_ONLY


def find_packages(libraries: Iterable[str]) -> tuple[str, ...]:
    """Return the packages, without versions, that bring these libraries to an app on Python 3."""
    packages = (find_package(name) for name in libraries if name not in _PYTHON2_ONLY)
    return tuple(package for package in packages if package)


def find_package(name: str) -> str | None:
    """Return the package that brings to Python 3 what this one brings to Python 2; None if Python 3 has it itself."""
    canonical = canonicalize_name(name)
    return None if canonical in _IN_PYTHON_3 else _RENAMED.get(canonical, name)
