"""A child with a keeper between it and us: see keeper.py."""

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

_KEEPER = Path(__file__).with_name("subreaper.py")
_PIPE_BYTES = 4096  # more than all that a keeper says


class KeptChild:
    """A running command: its process id as `pid`, that of its keeper as `keeper`, and its `output`.

    Raises OSError, with nothing left running, if it cannot be started.
    """

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str], cwd: Path) -> None:
        self._returncode: int | None = None
        self._lock = threading.Lock()
        self._status, in_keeper = os.pipe()
        try:
            self._popen = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_KEEPER), str(in_keeper)],
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[in_keeper],
            )
        except BaseException:
            os.close(self._status)
            raise
        finally:
            os.close(in_keeper)
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        self.output: IO[bytes] = self._popen.stdout
        self.keeper = self._popen.pid
        with contextlib.suppress(BrokenPipeError), self._popen.stdin as keeper:
            keeper.write(marshal.dumps((list(argv), dict(environment))))
        self.pid = self._started()
        os.set_blocking(self._status, False)

    def _started(self) -> int:
        """Wait for the keeper's word, and return the child's process id."""
        word, _, rest = os.read(self._status, _PIPE_BYTES).decode(errors="replace").partition(" ")
        if word == "started":
            # The child may have ended by now, and the keeper have said so in the same breath.
            pid, *ended = [int(line.split()[-1]) for line in rest.splitlines()]
            self._returncode = ended[0] if ended else None
            return pid
        os.close(self._status)
        self._popen.wait()
        with self.output:
            # What the keeper itself prints is the traceback of a Python that does not start.
            raise OSError(
                rest or f"{sys.executable} does not run: {self.output.read().decode(errors='replace')[-300:]}"
            )

    @property
    def returncode(self) -> int | None:
        """The exit code, negative for the signal that ended it; None while it runs."""
        with self._lock:
            if self._returncode is None:
                with contextlib.suppress(BlockingIOError):
                    said = os.read(self._status, _PIPE_BYTES)
                    # A keeper says nothing only if somebody has ended it.
                    self._returncode = int(said.split()[-1]) if said else self._popen.wait()
                    os.close(self._status)
            return self._returncode

    def reap(self) -> None:
        """Take note of the keeper's end, if it has ended."""
        self._popen.poll()

    def close(self, seconds: float) -> None:
        """Wait for the keeper, which ends when all it keeps has ended; after so many seconds end it."""
        try:
            self._popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
