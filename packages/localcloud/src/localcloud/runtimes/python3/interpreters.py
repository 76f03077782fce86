"""Finds the Python 3 that runs an app."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass


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
    """Return `pythonX.Y` from PATH if it is there and starts, else the tool's own Python.

    A file of that name that does not start (a version manager's shim for a version not installed) counts as absent.
    """
    own = own_interpreter()
    if version is None or version == own.version or not re.fullmatch(r"3\.\d+", version):
        return own
    path = shutil.which(f"python{version}")
    return Interpreter(path, version) if path and _version(path) == version else own


@functools.cache  # by path, so that a changed PATH still counts
def _version(path: str) -> str:
    done = subprocess.run(
        [path, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()
