"""Finds the Python 3 that runs an app."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Interpreter:
    """A Python on this machine: its path and its version, as in "3.14"."""

    path: str
    version: str


def own_interpreter() -> Interpreter:
    """Return the Python that runs the tool itself."""
    # Not by the tool's own .venv: every checkout has one, and they share the apps' environments.
    return Interpreter(os.path.realpath(sys.executable), f"{sys.version_info[0]}.{sys.version_info[1]}")


def find_interpreter(version: str | None) -> Interpreter:
    """Return the Python of this version from PATH, pyenv or uv, else the tool's own Python.

    A file that does not start (a version manager's shim for a version that is not the chosen one) counts as absent.
    """
    own = own_interpreter()
    if version is None or version == own.version or not re.fullmatch(r"3\.\d+", version):
        return own
    return next((Interpreter(path, version) for path in _candidates(version) if _version(path) == version), own)


def _candidates(version: str) -> Iterator[str]:
    name = f"python{version}"
    if found := shutil.which(name):
        yield found
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    uv = Path(os.environ.get("UV_PYTHON_INSTALL_DIR") or data / "uv" / "python")
    for place, installed in ((pyenv / "versions", f"{version}.*"), (uv, f"cpython-{version}.*")):
        yield from map(str, sorted(place.glob(f"{installed}/bin/{name}"), key=_release, reverse=True))


def _release(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.parts[-3])]


@functools.cache  # by path, so that a changed PATH still counts
def _version(path: str) -> str:
    try:
        done = subprocess.run(
            [path, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.strip()
