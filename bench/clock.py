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
    """Return the median seconds of each call, taken in turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        call()
    for _ in range(_ROUNDS):
        for name, call in calls.items():
            end = time.perf_counter() + _SECONDS
            for _ in range(_CALLS):
                start = time.perf_counter()
                call()
                stop = time.perf_counter()
                times[name].append(stop - start)
                if stop > end:
                    break
    return {name: statistics.median(taken) for name, taken in times.items()}
