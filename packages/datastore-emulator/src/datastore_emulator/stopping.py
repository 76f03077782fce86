"""How a person ends a command."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


class Stopped(BaseException):
    """Ctrl-C, TERM or a closed terminal: what a person ends a command with, so no error."""


@contextmanager
def stop_signals() -> Iterator[None]:
    """Raise Stopped in the main thread at the first stop signal; the end is under way then, so ignore the others."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

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
