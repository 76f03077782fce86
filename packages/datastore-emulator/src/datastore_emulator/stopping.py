"""Stop signals: how a person or a service manager ends a command."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn


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
