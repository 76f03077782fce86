"""The end of a command: stop signals, a closed output, and errors that the user can fix."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from datastore_emulator.errors import UserError


class Stopped(BaseException):
    """The command was stopped by Ctrl-C, TERM or a closed terminal; this is not an error."""


@contextmanager
def stop_signals() -> Iterator[None]:
    """Raise Stopped in the main thread at the first stop signal, and ignore those that follow it."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]  # Windows has no SIGHUP

    def stop(*_: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise Stopped

    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def wait_for_stop() -> NoReturn:
    """Wait until a stop signal raises Stopped, inside `stop_signals`."""
    # In short sleeps: a signal that comes just before an endless wait begins would not interrupt it.
    while True:
        time.sleep(0.2)


def run_command(name: str, run: Callable[[], object]) -> int:
    """Run a command that ends with `run` or with a stop signal; return its exit code.

    The code is 0, or 1 for a UserError, which is printed in one line, and for an output that its reader has closed.
    """
    try:
        with stop_signals():
            run()
    except Stopped:
        return 0
    except BrokenPipeError:
        # As with `head`. Python flushes once more at its end, which must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except UserError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return 1
    return 0
