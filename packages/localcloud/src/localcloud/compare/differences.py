"""From the lines of old and new answers to differences, once for all requests that show one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from localcloud.compare.alignment import align
from localcloud.compare.noise import NoiseModel, NoisyLines
from localcloud.compare.observation import Aspect, Line
from localcloud.compare.result import Difference, DiffLine
from localcloud.compare.templates import NOISE

ANY_ROUTE = "*"
_CONTEXT = 2
_MOST_DIFF_LINES = 40
# From so many routes on, one difference that is the same on all of them is told once.
_MANY_ROUTES = 3
# Times and random words, which are only in the new app's answer: nothing has shown that they are noise.
_CHANGING = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(\.\d+)?)?|\d\d:\d\d(:\d\d)?(\.\d+)?|\b(?=\w*\d)\w{9,}\b")


@dataclass(frozen=True)
class Found:
    """A difference in one request."""

    aspect: Aspect
    route: str
    places: tuple[tuple[str, ...], tuple[str, ...]]
    old: tuple[str, ...]
    new: tuple[str, ...]
    diff: tuple[DiffLine, ...]
    request: int
    behaviour: str


def find_differences(
    noise: NoiseModel, aspect: Aspect, route: str, old: NoisyLines, new: Sequence[Line], request: int, behaviour: str
) -> Iterator[Found]:
    """Yield the differences of an aspect of one request, without noise."""

    def same(i: int, j: int) -> bool:
        return noise.same(aspect, route, old.lines[i], old.templates[i], new[j])

    for first, second in align(old.lines, new, same):
        removed = [i for i in first if not noise.is_volatile(aspect, route, old.lines[i])]
        added = [j for j in second if not noise.is_volatile(aspect, route, new[j])]
        if not removed and not added:
            continue
        yield Found(
            aspect,
            route,
            (_places(old.lines[i] for i in removed), _places(new[j] for j in added)),
            tuple(_mask_old(noise, aspect, route, old, i) for i in removed),
            tuple(_CHANGING.sub(NOISE, noise.mask(aspect, route, new[j]).strip()) for j in added),
            _diff(old.lines, new, first, second),
            request,
            behaviour,
        )


def _places(lines: Iterator[Line]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(line.place for line in lines))


def _mask_old(noise: NoiseModel, aspect: Aspect, route: str, old: NoisyLines, number: int) -> str:
    template = old.templates[number]
    text = template.masked if template else noise.mask(aspect, route, old.lines[number])
    return _CHANGING.sub(NOISE, text.strip())


def _diff(old: Sequence[Line], new: Sequence[Line], first: range, second: range) -> tuple[DiffLine, ...]:
    """Return the block with the lines around it, without the indentation that all have."""
    lines = [
        *(DiffLine(" ", line.text) for line in old[max(0, first.start - _CONTEXT) : first.start]),
        *(DiffLine("-", old[i].text) for i in first),
        *(DiffLine("+", new[j].text) for j in second),
        *(DiffLine(" ", line.text) for line in old[first.stop : first.stop + _CONTEXT]),
    ]
    indent = min((len(line.text) - len(line.text.lstrip()) for line in lines), default=0)
    shown = [DiffLine(line.sign, line.text[indent:]) for line in lines]
    if len(shown) > _MOST_DIFF_LINES:
        left_out = len(shown) - _MOST_DIFF_LINES
        shown = [*shown[:_MOST_DIFF_LINES], DiffLine(" ", f"({left_out} more lines)")]
    return tuple(shown)


def group(found: Sequence[Found]) -> list[Difference]:
    """Return each difference once, in the order of the first request that shows it.

    A difference that shows without a behaviour is not told again for one.
    """
    by_kind: dict[object, list[Found]] = {}
    for one in found:
        by_kind.setdefault((one.aspect, one.route, one.places), []).append(one)
    differences = [_join(same) for same in by_kind.values()]
    by_text: dict[object, list[Difference]] = {}
    for difference in differences:
        by_text.setdefault((difference.aspect, difference.place, difference.old, difference.new), []).append(difference)
    return [joined for alike in by_text.values() for joined in _join_routes(alike)]


def _join(found: list[Found]) -> Difference:
    first = found[0]
    plain = [one for one in found if not one.behaviour]
    shown = plain or [one for one in found if one.behaviour == first.behaviour]
    # Texts that change from request to request are no part of what is the same in all of them.
    texts = {(one.old, one.new) for one in found}
    old, new = (first.old, first.new) if len(texts) == 1 else ((), ())
    places = dict.fromkeys([*first.places[0], *first.places[1]])
    return Difference(
        first.aspect,
        first.route,
        "; ".join(places),
        old,
        new,
        first.diff,
        tuple(dict.fromkeys(one.request for one in shown)),
        "" if plain else first.behaviour,
    )


def _join_routes(alike: list[Difference]) -> list[Difference]:
    first = alike[0]
    routes = {one.route for one in alike}
    if len(routes) < _MANY_ROUTES or not (first.old or first.new):
        return alike
    plain = [one for one in alike if not one.behaviour] or alike
    numbers = tuple(sorted({number for one in plain for number in one.requests}))
    return [replace(plain[0], route=ANY_ROUTE, requests=numbers)]
