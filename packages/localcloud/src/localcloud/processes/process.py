"""One child process with all it starts: its output line by line, and an end that leaves nothing running."""

from __future__ import annotations

import collections
import contextlib
import re
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

from datastore_emulator.errors import UserError
from localcloud.files.paths import format_name
from localcloud.processes.family import KILL_SECONDS, MARK, Family, end_families
from localcloud.processes.supervised_child import SupervisedChild
from localcloud.processes.watchdog import Watchdog

OnLine = Callable[[str, str], None]

_POLL_SECONDS = 0.02
# The output of processes that have ended is read at once, but on a busy machine "at once" may be seconds later.
_OUTPUT_SECONDS = 5.0
# A child that is late but computes may go on so long: Cloud Run gives a container as much to start.
# https://docs.cloud.google.com/run/docs/configuring/healthchecks
_LATEST_SECONDS = 240.0
# The last line of a traceback, or the first of one in JavaScript.
_EXCEPTION = re.compile(r"(?:[A-Za-z_][\w.]*)?(Error|Exception|Exit|Interrupt|NotFound)\b(: |$)")
# What the C library says when a port is taken, in the words of most servers.
_PORT_TAKEN = re.compile(r"address (already )?in use", re.IGNORECASE)
# Our part of an app says in such a line why the app ends.
_OWN_LINE = "localcloud: "
# Without any CPU time for so long, a child does not compute: it waits for something.
_IDLE_SECONDS = 1.0
# How often to look for ports that nobody expects, and how long a child may be busy with such a port before its own.
_LOOK_SECONDS = 0.5
_NOTE_SECONDS = 3.0


class Process:
    """A child process, started at once in a session of its own, so that Ctrl-C in the terminal does not reach it.

    `env` is its whole environment. `on_line(name, text)` receives stdout and stderr as one stream of lines without
    their ends, on a thread of this process; bytes that are not UTF-8 arrive as replacement characters.
    Raises UserError if the command or the directory does not exist.
    """

    def __init__(self, name: str, argv: Sequence[str], env: Mapping[str, str], cwd: Path, on_line: OnLine) -> None:
        self.name = name
        self._on_line = on_line
        self.other_ports: set[int] = set()  # those that the child listened on when it was last looked at
        self.port_taken = False  # whether it has printed that a port is in use
        self._last_lines: collections.deque[str] = collections.deque(maxlen=40)
        token = secrets.token_hex(8)
        try:
            self._child = SupervisedChild(argv, {**env, MARK: token}, cwd)
        except OSError as error:
            words = repr(format_name(argv[0]))
            raise UserError(f"{name}: cannot run {words} in {cwd}: {error.strerror or error}") from error
        self._family = Family.find(self._child.pid, token, self._child.supervisor)
        Watchdog.shared().add(self._family)
        self._reader = threading.Thread(
            target=self._read, args=(self._child.output,), name=f"{name}-output", daemon=True
        )
        self._reader.start()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for the signal that ended it; None while it runs."""
        return self._child.returncode

    def describe_end(self) -> str:
        """Describe how the child has ended and why, as in "ended with exit code 3; it printed: NameError: ..."."""
        code = self.returncode
        assert code is not None
        self._reader.join(_OUTPUT_SECONDS)  # its last output explains its end
        return f"{describe_exit(code)}{self._describe_output()}"

    def wait_for_port(
        self, host: str, port: int, deadline: float, second_port: int | None = None, *, has_own_ports: bool = False
    ) -> tuple[str, int]:
        """Wait until the child listens there, or on the port at another loopback address; return where.

        `second_port` is one that the child may listen on instead. Raises UserError if the child ends first, or after
        `deadline` seconds. After them, a child that still computes, as on a busy machine, has time until it has waited
        for a second. One that listens on another port has not: the error names that port, and before it the log does.
        If the child `has_own_ports` besides, those mean nothing.
        """
        start = time.monotonic()
        end = start + deadline
        latest = end + _LATEST_SECONDS
        next_look, noted = start + _LOOK_SECONDS, False
        computed = 0.0
        while True:
            if self.returncode is not None:
                self._reader.join(_OUTPUT_SECONDS)  # its last output explains its end
                raise UserError(
                    f"{self.name} {describe_exit(self.returncode)} before it listened on port {port}"
                    f"{self._describe_output()}"
                )
            if _accepts(host, port):
                return host, port
            now = time.monotonic()
            if now >= min(next_look, end) and not has_own_ports:
                next_look = now + _LOOK_SECONDS
                listening = self._listening()
                self.other_ports = {number for _, number in listening} - {port}
                for number in (port, second_port):
                    if number and (address := _find_way(listening, host, number)):
                        return address
                if self.other_ports and not noted and now >= start + _NOTE_SECONDS:
                    noted = True
                    self._on_line(self.name, f"localcloud: it {describe_other_ports(self.other_ports, port)}")
            if now >= end:
                if self.other_ports:
                    raise UserError(f"{self.name} {describe_other_ports(self.other_ports, port)}")
                before, computed = computed, self._cpu_seconds()
                if computed <= before or end >= latest:
                    raise UserError(
                        f"{self.name} does not listen on {host}:{port} after {deadline:g} s, nor on another port; its "
                        f"server must take its port from $PORT{self._describe_output()}"
                    )
                end = min(now + _IDLE_SECONDS, latest)
            time.sleep(_POLL_SECONDS)

    def members(self) -> set[psutil.Process]:
        """Return those of the child and its descendants that are alive."""
        return self._family.members()

    def stop(self) -> None:
        """End the child and everything it started: by TERM, and after 1.5 s by KILL.

        May be called again, and after the child's own end, when it ends what the child left running.
        """
        end_families([self._family], reap=self._child.reap)
        Watchdog.shared().remove(self._family)
        self._child.close(KILL_SECONDS)
        self._reader.join(_OUTPUT_SECONDS)

    def _listening(self) -> set[tuple[str, int]]:
        """Return the addresses, with their TCP ports, that the child and its descendants listen on."""
        found = set()
        for member in self.members():
            with contextlib.suppress(psutil.Error, OSError):  # it has ended meanwhile
                connections = member.net_connections("tcp")
                found |= {(one.laddr.ip, one.laddr.port) for one in connections if one.status == psutil.CONN_LISTEN}
        return found

    def _cpu_seconds(self) -> float:
        """Return the CPU time of the child and its descendants so far."""
        used = 0.0
        for member in self.members():
            with contextlib.suppress(psutil.Error):  # it has ended meanwhile
                times = member.cpu_times()
                used += times.user + times.system
        return used

    def _read(self, output: IO[bytes]) -> None:
        with output:
            for raw in output:
                line = raw.decode("utf-8", "replace").rstrip("\r\n")
                self._last_lines.append(line)
                self.port_taken = self.port_taken or _PORT_TAKEN.search(line) is not None
                self._on_line(self.name, line)

    def _describe_output(self) -> str:
        lines = [line.strip() for line in reversed(self._last_lines) if re.search(r"\w", line)]
        if not lines:
            return "; it printed nothing"
        # Servers often print more after the error that ends them, such as "shutting down".
        if own := next((line for line in lines if line.startswith(_OWN_LINE)), None):
            return f": {_without_full_stop(own.removeprefix(_OWN_LINE))}"
        words = next(
            (line for line in lines if _EXCEPTION.match(line)),
            next((line for line in lines if "error" in line.lower()), lines[0]),
        )
        hint = "; the server must take its port from $PORT" if _PORT_TAKEN.search(words) else ""
        return f"; it printed: {_without_full_stop(words[:300])}{hint}"


def _without_full_stop(line: str) -> str:
    """Return a line as a part of a message that may go on; an ellipsis stays."""
    return line if line.endswith("..") else line.removesuffix(".")


def describe_exit(returncode: int) -> str:
    """Describe the end of a process by its exit code or signal, as in "ended with exit code 1"."""
    if returncode >= 0:
        return f"ended with exit code {returncode}"
    return f"was ended by {signal.Signals(-returncode).name}"


def describe_other_ports(others: Iterable[int], port: int) -> str:
    """Say which ports an app listens on, and what to do: it was told another."""
    numbers = ", ".join(map(str, sorted(others)))
    return (
        f"listens on port {numbers}, but not on port {port}, which $PORT tells it; its server must take its port from "
        "$PORT, or listen on 8080, the port of the cloud"
    )


def _find_way(listening: set[tuple[str, int]], host: str, port: int) -> tuple[str, int] | None:
    """Return an address of this machine that leads to a server which listens there, if possible `host`.

    Another program may have the port of that number on the other addresses.
    """
    addresses = {address for address, number in listening if number == port}
    ways = [host] if addresses & {host, "0.0.0.0"} else ["::1"] if addresses & {"::", "::1"} else []
    if "::" in addresses:  # this may be an address of IPv4, too, and there may be no other
        ways.append(host)
    return next(((way, port) for way in ways if _accepts(way, port)), None)


def _accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
