"""The command as a person runs it: `localcloud` in a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from tests.support.deadline import DEADLINE


class Command:
    """A running `localcloud`; what it has printed so far is in `lines`."""

    def __init__(self, arguments: list[str], cwd: Path, environment: dict[str, str]) -> None:
        self.lines: list[str] = []
        self._grown = threading.Condition()
        self._popen = subprocess.Popen(
            [sys.executable, "-m", "localcloud", *arguments],
            cwd=cwd,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Return the first match in what it prints; fails if it ends, or the deadline passes, without one."""
        end = time.monotonic() + DEADLINE
        with self._grown:
            while True:
                found = re.search(pattern, "\n".join(self.lines))
                if found:
                    return found
                assert self._reader.is_alive(), f"ended without {pattern!r}:\n" + "\n".join(self.lines)
                assert time.monotonic() < end, f"no {pattern!r} in time:\n" + "\n".join(self.lines)
                self._grown.wait(1)

    def urls(self, count: int = 1) -> list[str]:
        """Return the addresses it prints, once there are so many."""
        self.wait_for(r"(?s)" + r"(http://localhost:\d+\n?.*?)" * count)
        self.wait_for("Ctrl-C")
        return re.findall(r": (http://localhost:\d+)", "\n".join(self.lines))

    def send(self, number: signal.Signals) -> None:
        self._popen.send_signal(number)

    def wait(self) -> int:
        """Return the exit code, once it has ended."""
        code = self._popen.wait(DEADLINE)
        self._reader.join(DEADLINE)
        return code

    def _read(self) -> None:
        assert self._popen.stdout is not None
        with self._popen.stdout as output:
            for line in output:
                with self._grown:
                    self.lines.append(line.rstrip("\n"))
                    self._grown.notify_all()
        with self._grown:
            self._grown.notify_all()


@pytest.fixture
def localcloud(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Start `localcloud` with these arguments; it is ended with the test."""
    commands: list[Command] = []

    def start(*arguments: str | Path, cwd: Path = tmp_path, **environment: str) -> Command:
        data_home = str(tmp_path / "data")
        command = Command(list(map(str, arguments)), cwd, {"XDG_DATA_HOME": data_home, **environment})
        commands.append(command)
        return command

    yield start
    for command in commands:
        command.send(signal.SIGTERM)
        command.wait()


@pytest.fixture
def folder(tmp_path: Path) -> Callable[[Mapping[str, str]], Path]:
    """Make a folder from {path: text}; the texts may be indented."""

    def make(files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            file = tmp_path / "app" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip("\n"))
        return tmp_path / "app"

    return make
