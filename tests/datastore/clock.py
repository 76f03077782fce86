"""A clock for tests, which shows what they set."""

from __future__ import annotations


class ManualClock:
    """Returns `now`, in seconds."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
