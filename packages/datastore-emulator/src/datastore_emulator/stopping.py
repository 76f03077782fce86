"""The end of a command: stop signals, a closed output, and errors that the user can fix."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from datastore_emulator.errors import UserError

# The exit code that shells give to a program that SIGPIPE has ended.
CLOSED_OUTPUT = 141
# The errors of a stream whose disk is full or broken.
_NOT_WRITTEN = (errno.ENOSPC, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC))

_RESEND_SECONDS = 0.05


class Stopped(BaseException):
    """The command was stopped by Ctrl-C, TERM or a closed terminal; this is not an error."""


@contextmanager
def stop_signals() -> Iterator[None]:
    """Raise Stopped in the main thread at the first stop signal, and ignore those that follow it.

    Python drops what a finalizer raises, also a Stopped that comes while one runs. The signal is then sent again.
    """
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]  # Windows has no SIGHUP

    def stop(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    report_unraisable = sys.unraisablehook

    def resend(dropped: sys.UnraisableHookArgs) -> None:
        if not isinstance(dropped.exc_value, Stopped):
            report_unraisable(dropped)
            return
        for number in numbers:
            signal.signal(number, stop)
        threading.Timer(_RESEND_SECONDS, stop_command).start()  # after the finalizer

    before = [signal.signal(number, stop) for number in numbers]
    sys.unraisablehook = resend
    try:
        yield
    finally:
        sys.unraisablehook = report_unraisable
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def wait_for_stop() -> NoReturn:
    """Wait until a stop signal raises Stopped, inside `stop_signals`."""
    # In short sleeps: a signal that comes just before an endless wait begins would not interrupt it.
    while True:
        time.sleep(0.2)


def stop_command() -> None:
    """End the command that this process runs, as a stop signal from outside does; any thread may call this."""
    os.kill(os.getpid(), signal.SIGTERM)


def run_command(name: str, run: Callable[[], object]) -> int:
    """Run a command that ends with `run` or with a stop signal; return its exit code.

    The code is 0, or 1 for a UserError, which is printed in one line; for an output that fails, see `guard_output`.
    """

    def run_until_stopped() -> int:
        try:
            with stop_signals():
                run()
        except Stopped:
            return 0
        except UserError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        return 0

    return guard_output(name, run_until_stopped)


def guard_output(name: str, run: Callable[[], int]) -> int:
    """Return the exit code of `run`, after all that it has printed is written.

    If the reader has closed the output, as `head` does, return CLOSED_OUTPUT and say nothing. If the disk is full, say
    so and return 1.
    """
    try:
        try:
            return run()
        finally:
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:  # closed before the start
                    stream.flush()
    except BrokenPipeError:
        _discard_output()
        return CLOSED_OUTPUT
    except OSError as error:
        if error.errno not in _NOT_WRITTEN or error.filename:
            raise
        _discard_output()
        print(f"{name}: cannot write: {(error.strerror or str(error)).lower()}", file=sys.stderr)
        return 1


def _discard_output() -> None:
    """Send what the streams that fail still hold to nowhere, since Python flushes them once more at its end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
