"""A child process with a supervisor between it and this process: see supervisor.py."""

from __future__ import annotations

import contextlib
import marshal
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_PIPE_BYTES = 4096  # more than a supervisor writes in its life


class SupervisedChild:
    """A running command: `pid` is its process id, `supervisor` that of its supervisor, `output` its output.

    Raises OSError, with nothing left running, if it cannot be started.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], cwd: Path) -> None:
        self._returncode: int | None = None
        self._lock = threading.Lock()
        self._status, in_supervisor = os.pipe()
        try:
            self._popen = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_SUPERVISOR), str(in_supervisor)],
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[in_supervisor],
            )
        except BaseException:
            os.close(self._status)
            raise
        finally:
            os.close(in_supervisor)
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self.output: IO[bytes] = self._popen.stdout
        self.supervisor = self._popen.pid
        with contextlib.suppress(BrokenPipeError), self._popen.stdin as supervisor:
            supervisor.write(marshal.dumps((list(argv), dict(environment))))
        self.pid = self._wait_for_start()
        os.set_blocking(self._status, False)

    def _wait_for_start(self) -> int:
        """Wait for the supervisor's first line, and return the child's process id."""
        word, _, rest = os.read(self._status, _PIPE_BYTES).decode(errors="replace").partition(" ")
        if word == "started":
            # If the child has ended by now, that may be in the same read.
            pid, *ended = [int(line.split()[-1]) for line in rest.splitlines()]
            self._returncode = ended[0] if ended else None
            return pid
        os.close(self._status)
        self._popen.wait()
        with self.output:
            # The supervisor itself prints nothing but the traceback of a Python that does not start.
            raise OSError(
                rest or f"{sys.executable} does not run: {self.output.read().decode(errors='replace')[-300:]}"
            )

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for the signal that ended it; None while it runs."""
        with self._lock:
            if self._returncode is None:
                with contextlib.suppress(BlockingIOError):
                    text = os.read(self._status, _PIPE_BYTES)
                    # The pipe ends without a line only if the supervisor was killed.
                    self._returncode = int(text.split()[-1]) if text else self._popen.wait()
                    os.close(self._status)
            return self._returncode

    def reap(self) -> None:
        """Collect the exit of the supervisor, if it has ended."""
        self._popen.poll()

    def close(self, seconds: float) -> None:
        """Wait for the supervisor, which ends after all its processes; kill it after so many seconds."""
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
