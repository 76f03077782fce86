"""The watchdog: a process that ends the children of this one if it is killed before it could do so itself."""

from __future__ import annotations

import atexit
import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterable
from typing import ClassVar

from localcloud.processes.family import KILL_SECONDS, TERM_SECONDS, Family, end_families


class Watchdog:
    """A process that ends the children of this process after its end, even by SIGKILL.

    It notices that end by a pipe that only this process writes to. Unlike Linux's parent-death signal, this covers
    grandchildren, works on macOS, and does not depend on the thread that started the child.
    """

    _shared: ClassVar[Watchdog | None] = None
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-I", "-m", "localcloud.processes.watchdog"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            text=True,
        )
        atexit.register(self._close)

    @classmethod
    def shared(cls) -> Watchdog:
        """Return the watchdog of this process, starting it at the first call."""
        with cls._guard:
            if cls._shared is None:
                cls._shared = cls()
            return cls._shared

    def add(self, family: Family) -> None:
        """Have the family ended after the end of this process."""
        processes = f"{family.pid} {family.created!r} {family.supervisor} {family.supervisor_created!r}"
        self._send_line(f"{processes} {family.token}\n")

    def remove(self, family: Family) -> None:
        """Forget a family, which has been ended."""
        self._send_line(f"{family.token}\n")

    def _send_line(self, line: str) -> None:
        assert self._popen.stdin is not None
        with self._guard, contextlib.suppress(OSError, ValueError):  # the watchdog was killed, or Python is at its end
            self._popen.stdin.write(line)
            self._popen.stdin.flush()

    def _close(self) -> None:
        assert self._popen.stdin is not None
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._popen.stdin.close()
            self._popen.wait(TERM_SECONDS + 2 * KILL_SECONDS)


def watch(lines: Iterable[str]) -> None:
    """Run the watchdog: keep the list of families that `lines` describe, and end those left when the lines end."""
    families: dict[str, Family] = {}
    for line in lines:
        *processes, token = line.split()
        if processes:
            pid, created, supervisor, supervisor_created = processes
            families[token] = Family(int(pid), float(created), token, int(supervisor), float(supervisor_created))
        else:
            families.pop(token, None)
    if families:
        end_families(families.values())


if __name__ == "__main__":
    watch(sys.stdin)
