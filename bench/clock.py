"""Timing: calls in turns, so that whatever else the machine does falls on all that is compared."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

_ROUNDS = 5
# A round of one call ends with whichever comes first.
_CALLS = 60
_SECONDS = 1.5


def medians(calls: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Return the median seconds of each call in the quietest of its rounds: other programs only ever add."""
    rounds: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(_ROUNDS):
        for name, call in calls.items():
            rounds[name].append(statistics.median(_times(call)))
    return {name: min(taken) for name, taken in rounds.items()}


def _times(call: Callable[[], object]) -> list[float]:
    times = []
    end = time.perf_counter() + _SECONDS
    while len(times) < _CALLS and time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return times
