"""One child process with all it starts: its output line by line, and an end that leaves nothing running.

A child and its descendants are found again by parentage, by process group and by a variable in their environment,
because each of these alone can be left: a daemon leaves its parent and its group, `env -i` the environment. A daemon
that leaves all three is below the child's keeper (keeper.py), where the system has such a thing.

Run as a module, this file is the watchdog: it ends the children of a program that was killed before it could.
"""

from __future__ import annotations

import atexit
import collections
import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ClassVar

import psutil

from datastore_emulator.errors import UserError
from localcloud.files.paths import format_name
from localcloud.processes.supervised import KeptChild

OnLine = Callable[[str, str], None]

MARK = "LOCALCLOUD_PROCESS"
_TERM_SECONDS = 1.5
_KILL_SECONDS = 0.5
_POLL_SECONDS = 0.02


class Process:
    """A child that runs from here on, in a session of its own so that Ctrl-C in the terminal is ours to handle.

    `env` is its whole environment. `on_line(name, text)` gets stdout and stderr as one stream of lines without
    their ends, on a thread of this process; bytes that are not UTF-8 arrive as replacement characters.
    Raises UserError if the command or the directory does not exist.
    """

    def __init__(self, name: str, argv: Sequence[str], env: Mapping[str, str], cwd: Path, on_line: OnLine) -> None:
        self.name = name
        self._on_line = on_line
        self._last_lines: collections.deque[str] = collections.deque(maxlen=20)
        token = secrets.token_hex(8)
        try:
            self._child = KeptChild(argv, {**env, MARK: token}, cwd)
        except OSError as error:
            words = repr(format_name(argv[0]))
            raise UserError(f"{name}: cannot run {words} in {cwd}: {error.strerror or error}") from error
        self._family = _Family.of(self._child.pid, token, self._child.keeper)
        _Watchdog.shared().add(self._family)
        self._reader = threading.Thread(
            target=self._read, args=(self._child.output,), name=f"{name}-output", daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for the signal that ended it; None while it runs."""
        return self._child.returncode

    def wait_for_port(self, host: str, port: int, deadline: float) -> None:
        """Returns when something listens there; raises UserError if the child ends first, or after
        `deadline` seconds."""
        end = time.monotonic() + deadline
        while True:
            if self.returncode is not None:
                self._reader.join(_KILL_SECONDS)  # its last words explain its end
                raise UserError(
                    f"{self.name} {describe_exit(self.returncode)} before it listened on port {port}"
                    f"{self._last_words()}"
                )
            with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=1):
                return
            if time.monotonic() >= end:
                raise UserError(
                    f"{self.name} does not listen on {host}:{port} after {deadline:g} s; the server must take its "
                    f"port from $PORT{self._last_words()}"
                )
            time.sleep(_POLL_SECONDS)

    def members(self) -> set[psutil.Process]:
        """Return the child and everything it started, as far as they are alive now."""
        return self._family.members()

    def stop(self) -> None:
        """Ends the child and everything it started: by TERM, after 1.5 s by KILL, well below 3 s in all.

        May be called again, and when the child has ended by itself: what it left running is ended then.
        """
        _end([self._family], reap=self._child.reap)
        _Watchdog.shared().remove(self._family)
        self._child.close(_KILL_SECONDS)
        self._reader.join(_KILL_SECONDS)

    def _read(self, output: IO[bytes]) -> None:
        with output:
            for raw in output:
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                self._last_lines.append(line)
                self._on_line(self.name, line)

    def _last_words(self) -> str:
        lines = [line.strip() for line in reversed(self._last_lines) if re.search(r"\w", line)]
        if not lines:
            return "; it printed nothing"
        # Servers often go on after the error that ends them: "shutting down", and the like.
        words = next((line for line in lines if "error" in line.lower()), lines[0])
        hint = "; the server must take its port from $PORT" if "address already in use" in words.lower() else ""
        return f"; it said: {words[:300]}{hint}"


@dataclass(frozen=True)
class _Family:
    """How to find a child and its descendants again, however long ago it was started."""

    pid: int
    created: float
    token: str
    keeper: int
    keeper_created: float

    @classmethod
    def of(cls, pid: int, token: str, keeper: int) -> _Family:
        return cls(pid, _created(pid) or 0.0, token, keeper, _created(keeper) or 0.0)

    def members(self) -> set[psutil.Process]:
        """Those alive now, but for the keeper, which ends when they have."""
        found = set()
        # A number may belong to a later process: its children and its group are not ours then.
        ours = _created(self.pid) in (None, self.created)
        kept = _created(self.keeper) == self.keeper_created
        for pid in [self.pid] * ours + [self.keeper] * kept:
            with contextlib.suppress(psutil.Error):
                found |= set(psutil.Process(pid).children(recursive=True))
        for process in psutil.process_iter():
            if (ours and _group(process.pid) == self.pid) or self._is_marked(process):
                found.add(process)
        return {process for process in found if _is_alive(process)}

    def _is_marked(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == self.token
        except (psutil.Error, OSError):  # another user's, or gone
            return False


class _Watchdog:
    """A process beside ours that ends our children when we are gone, even by SIGKILL.

    It learns that from the end of a pipe which only we can write to: unlike Linux's parent-death signal that
    reaches grandchildren too, works on macOS, and does not depend on the thread that started the child.
    """

    _shared: ClassVar[_Watchdog | None] = None
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-I", "-m", "localcloud.processes.process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            text=True,
        )
        atexit.register(self._close)

    @classmethod
    def shared(cls) -> _Watchdog:
        with cls._guard:
            if cls._shared is None:
                cls._shared = cls()
            return cls._shared

    def add(self, family: _Family) -> None:
        place = f"{family.pid} {family.created!r} {family.keeper} {family.keeper_created!r}"
        self._tell(f"{place} {family.token}\n")

    def remove(self, family: _Family) -> None:
        self._tell(f"{family.token}\n")

    def _tell(self, line: str) -> None:
        assert self._popen.stdin is not None
        with self._guard, contextlib.suppress(OSError, ValueError):  # it was killed, or we are at our own end
            self._popen.stdin.write(line)
            self._popen.stdin.flush()

    def _close(self) -> None:
        assert self._popen.stdin is not None
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._popen.stdin.close()
            self._popen.wait(_TERM_SECONDS + 2 * _KILL_SECONDS)


def _watch(lines: Iterable[str]) -> None:
    """The watchdog's own life: keeps the list that `lines` tells until they end, then ends what is on it."""
    families: dict[str, _Family] = {}
    for line in lines:
        *place, token = line.split()
        if place:
            pid, created, keeper, keeper_created = place
            families[token] = _Family(int(pid), float(created), token, int(keeper), float(keeper_created))
        else:
            families.pop(token, None)
    if families:
        _end(families.values())


def _end(families: Iterable[_Family], reap: Callable[[], object] = lambda: None) -> None:
    """TERM, a wait, KILL. Parents are asked before their children, which most servers end themselves and in order;
    after half the wait everyone is asked, and before KILL we look again for what was started meanwhile."""
    families = list(families)

    def members() -> set[psutil.Process]:
        reap()
        return set().union(*(family.members() for family in families))

    known = members()
    asked: set[psutil.Process] = set()
    start = time.monotonic()
    while (left := set(filter(_is_alive, known))) and time.monotonic() < start + _TERM_SECONDS:
        pids = {process.pid for process in left}
        patient = time.monotonic() < start + _TERM_SECONDS / 2
        due = {process for process in left if not (patient and _parent(process) in pids)} - asked
        _send(due, signal.SIGTERM)
        asked |= due
        time.sleep(_POLL_SECONDS)
        reap()
    end = time.monotonic() + _KILL_SECONDS
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
    """Not ended, and not waiting to be reaped by a parent that may never do so (a container's first process)."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _created(pid: int) -> float | None:
    """Return when the process of this number began; None if there is none."""
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


def describe_exit(returncode: int) -> str:
    """Return the second half of "the app ...": with its exit code or the name of the signal."""
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    return f"was ended by {signal.Signals(-returncode).name}"


if __name__ == "__main__":
    _watch(sys.stdin)
