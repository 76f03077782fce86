"""A child and its descendants: how to find them again, and how to end them.

A child and its descendants are found by parentage, by process group and by a variable in their environment, because a
process can leave each of these: a daemon leaves its parent and its group, `env -i` the environment. A daemon that
leaves all three is still below the child's supervisor (supervisor.py), on systems that support this.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import psutil

MARK = "LOCALCLOUD_PROCESS"
"""The environment variable by which a child's descendants are found."""
KILL_SECONDS = 0.5
TERM_SECONDS = 1.5
_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Family:
    """A child and its descendants, by the marks that find them: process ids with their start times, and a token."""

    pid: int
    created: float
    token: str
    supervisor: int
    supervisor_created: float

    @classmethod
    def find(cls, pid: int, token: str, supervisor: int) -> Family:
        """Describe the family of a child that runs now."""
        return cls(pid, _created(pid) or 0.0, token, supervisor, _created(supervisor) or 0.0)

    def members(self) -> set[psutil.Process]:
        """Return those alive now, without the supervisor, which ends after them."""
        found = set()
        # The process ids may belong to later processes by now, whose children and group are not the app's.
        same_child = _created(self.pid) in (None, self.created)
        same_supervisor = _created(self.supervisor) == self.supervisor_created
        for pid in [self.pid] * same_child + [self.supervisor] * same_supervisor:
            with contextlib.suppress(psutil.Error):
                found |= set(psutil.Process(pid).children(recursive=True))
        for process in psutil.process_iter():
            if (same_child and _group(process.pid) == self.pid) or self._is_marked(process):
                found.add(process)
        return {process for process in found if _is_alive(process)}

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == self.token
        except (psutil.Error, OSError):  # another user's, or ended
            return False


def end_families(families: Iterable[Family], reap: Callable[[], object] = lambda: None) -> None:
    """Send TERM, wait, and send KILL.

    Parents get TERM before their children, which most servers end themselves and in order. After half the wait all get
    it. Before KILL, look again for processes started meanwhile.
    """
    families = list(families)

    def members() -> set[psutil.Process]:
        reap()
        return set().union(*(family.members() for family in families))

    known = members()
    asked: set[psutil.Process] = set()
    start = time.monotonic()
    while (left := set(filter(_is_alive, known))) and time.monotonic() < start + TERM_SECONDS:
        pids = {process.pid for process in left}
        patient = time.monotonic() < start + TERM_SECONDS / 2
        due = {process for process in left if not (patient and _parent(process) in pids)} - asked
        _send(due, signal.SIGTERM)
        asked |= due
        time.sleep(_POLL_SECONDS)
        reap()
    end = time.monotonic() + KILL_SECONDS
    while (left := members() | left) and time.monotonic() < end:
        _send(left, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)
        reap()
        left = set(filter(_is_alive, left))


def _send(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.send_signal(number)


def _is_alive(process: psutil.Process) -> bool:
    """Return whether the process runs. A zombie does not, though a container's first process may never reap it."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _created(pid: int) -> float | None:
    """Return the start time of a process; None if there is none."""
    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def _parent(process: psutil.Process) -> int | None:
    try:
        return process.ppid()
    except psutil.Error:
        return None


def _group(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except OSError:
        return None
