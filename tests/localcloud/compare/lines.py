"""Lines of text for tests of comparisons."""

from __future__ import annotations

from localcloud.compare.noise.differences import Found, find_differences
from localcloud.compare.noise.noise import NoiseModel
from localcloud.compare.observation import Aspect, Line

ROUTE = "GET /"


def lines(*texts: str, place: str = "p") -> tuple[Line, ...]:
    return tuple(Line(place, text) for text in texts)


def differences(
    *runs: tuple[tuple[Line, ...], tuple[Line, ...], tuple[Line, ...]], aspect: Aspect = Aspect.DOCUMENT
) -> list[list[Found]]:
    """Return the differences of each request: its lines of the old app, the old one again, and the new one."""
    noise = NoiseModel()
    learnt = [noise.learn(aspect, ROUTE, old, again) for old, again, _ in runs]
    return [
        list(find_differences(noise, aspect, ROUTE, known, new, number, ""))
        for number, (known, (_, _, new)) in enumerate(zip(learnt, runs, strict=True), 1)
    ]
