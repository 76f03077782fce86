"""Finds a CPython 2.7 on this machine."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from datastore_emulator.errors import UserError


@dataclass(frozen=True)
class Python27:
    """A CPython 2.7 that has pip: its path and its version, as in "2.7.18"."""

    path: str
    version: str


def find_python27(path: str | None = None) -> Python27:
    """Return this Python 2.7, or the first one that starts of those on PATH and those pyenv has installed.

    Raises UserError if there is none, or if it is something else.
    """
    if path is not None:
        candidates = [shutil.which(path) or path]
    else:
        pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
        on_path = [found for name in ("python2.7", "python2") if (found := shutil.which(name))]
        candidates = [*on_path, *map(str, sorted(pyenv.glob("versions/2.7*/bin/python2.7"), reverse=True))]
    for candidate in candidates:
        version = _version(candidate)
        if version.startswith("2.7."):
            return Python27(candidate, version)
    if path is not None:
        found = f"it is Python {version}" if (version := _version(path)) else "it does not start, or has no pip"
        raise UserError(f"--python27 {path}: {found}; name a Python 2.7 that has pip")
    raise UserError(
        "no Python 2.7 with pip on PATH or in pyenv; install one (pyenv install 2.7.18), "
        "or name it: --python27 /path/to/python2.7"
    )


@functools.cache  # by path, so that a changed PATH still counts
def _version(path: str) -> str:
    """Return the version of a Python that starts and has pip, else ""."""
    try:
        done = subprocess.run(
            [path, "-c", "import pip, platform; print(platform.python_version())"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return "" if done.returncode else done.stdout.strip()
