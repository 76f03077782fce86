"""Asks the Python 2.7 of this machine, if there is one, whether it can read a file."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

_SECONDS = 5
_COMPILE = "import sys; compile(sys.stdin.read(), 'the file', 'exec')"


@functools.lru_cache(maxsize=256)
def find_unreadable_line(text: str) -> tuple[int, str] | None:
    """Return the line that Python 2.7 cannot read and its reason; None if it reads all, or if there is none here."""
    for python in _candidates():
        try:
            done = subprocess.run(
                [python, "-S", "-E", "-c", _COMPILE],
                input=text.encode(),
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        words = done.stderr.decode(errors="replace")
        if found := re.search(r"line (\d+)\n.*^\w*Error: (.*)", words, re.DOTALL | re.MULTILINE):
            return int(found[1]), found[2].strip()
        if done.returncode == 0:
            return None
    return None


def _candidates() -> list[str]:
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    installed = [str(path) for path in sorted(pyenv.glob("versions/2.7*/bin/python2.7"), reverse=True)]
    # A shim of pyenv takes longer than the interpreter, and may have none to start.
    on_path = [found for found in [shutil.which("python2.7")] if found and "shims" not in found]
    return [*on_path, *installed]
