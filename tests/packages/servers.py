"""Run a command that serves an address until it is stopped."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.packages.wheels import plain_environment
from tests.support.deadline import DEADLINE


@contextmanager
def serving(*argv: str | Path, cwd: Path, pattern: str = r"(http://localhost:\d+)") -> Iterator[str]:
    """Start the command and yield the first address that it prints, the group of `pattern`; it fails without one."""
    process = subprocess.Popen(
        [str(word) for word in argv],
        cwd=cwd,
        env={**plain_environment(), "XDG_DATA_HOME": str(cwd / "data")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    deadline = threading.Timer(DEADLINE, process.kill)
    deadline.start()
    try:
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if found := re.search(pattern, printed):
                yield found[1]
                break
        else:
            raise AssertionError(f"ended without an address:\n{printed}")
    finally:
        deadline.cancel()
        process.terminate()
        process.communicate(timeout=DEADLINE)
