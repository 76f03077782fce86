"""From the lines of old and new answers to differences, once for all requests that show one."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from localcloud.compare.noise.alignment import align
from localcloud.compare.noise.masking import mask
from localcloud.compare.noise.noise import NoiseModel, NoisyLines
from localcloud.compare.observation import Aspect, Line
from localcloud.compare.result import Difference, DiffLine

ANY_ROUTE = "*"
ROUTES = ", "
"""Between the routes of one difference."""
_CONTEXT = 2
# Their lines have nothing to do with their neighbours, so that somebody may accept one and not the next.
_UNRELATED_LINES = {Aspect.HEADERS, Aspect.COOKIES, Aspect.CACHE, Aspect.CALLS}
_MOST_DIFF_LINES = 40
# What an answer of another kind changes anyway. What is written stays apart: a migration must not lose data.
_OF_ANSWER = {
    Aspect.REDIRECT, Aspect.CONTENT_TYPE, Aspect.HEADERS, Aspect.COOKIES, Aspect.DOCUMENT, Aspect.CACHE, Aspect.CALLS
}  # fmt: skip
# A difference that is the same on more routes than these is one of all routes.
_MOST_ROUTES = 3


_Block = tuple[range, range]


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
        return noise.same(aspect, route, old, i, new[j])

    blocks = align(old.lines, new, same)
    unrelated = aspect in _UNRELATED_LINES
    for hunk in _by_place(blocks, old.lines, new) if unrelated else _hunks(blocks):
        removed = [i for first, _ in hunk for i in first if not noise.is_volatile(aspect, route, old.lines[i])]
        added = [j for _, second in hunk for j in second if not noise.is_volatile(aspect, route, new[j])]
        if not removed and not added:
            continue
        yield Found(
            aspect,
            route,
            (_places(old.lines[i] for i in removed), _places(new[j] for j in added)),
            tuple(_mask_old(noise, aspect, route, old, i) for i in removed),
            tuple(mask(noise.mask(aspect, route, new[j])) for j in added),
            _diff(old.lines, new, hunk, 0 if unrelated else _CONTEXT),
            request,
            behaviour,
        )


def _hunks(blocks: list[_Block]) -> list[list[_Block]]:
    """Return blocks in groups whose surrounding lines would overlap in a diff: each is one change to a reader."""
    hunks: list[list[_Block]] = []
    for block in blocks:
        if hunks and block[0].start - hunks[-1][-1][0].stop <= 2 * _CONTEXT:
            hunks[-1].append(block)
        else:
            hunks.append([block])
    return hunks


def _by_place(blocks: Sequence[_Block], old: Sequence[Line], new: Sequence[Line]) -> list[list[_Block]]:
    """Return the lines of blocks in groups by place. A place inside another one goes with it."""
    olds = [i for first, _ in blocks for i in first]
    news = [j for _, second in blocks for j in second]
    groups: dict[str, list[_Block]] = {
        place: [] for place in outermost([*(old[i].place for i in olds), *(new[j].place for j in news)])
    }
    for i in olds:
        groups[_owner(old[i].place, groups)].append((range(i, i + 1), range(0)))
    for j in news:
        groups[_owner(new[j].place, groups)].append((range(0), range(j, j + 1)))
    return list(groups.values())


def outermost(places: Sequence[str]) -> list[str]:
    """Return the places that are inside no other one of them, as "html > body > p" is inside "html > body"."""
    return [one for one in dict.fromkeys(places) if not any(_is_inside(one, other) for other in places)]


def _owner(place: str, groups: Iterable[str]) -> str:
    return next(one for one in groups if place == one or _is_inside(place, one))


def _is_inside(place: str, other: str) -> bool:
    return place.startswith((f"{other} ", f"{other}.", f"{other}["))


def _places(lines: Iterator[Line]) -> tuple[str, ...]:
    return tuple(outermost([line.place for line in lines]))


def _mask_old(noise: NoiseModel, aspect: Aspect, route: str, old: NoisyLines, number: int) -> str:
    template = old.templates[number]
    return mask(template.masked if template else noise.mask(aspect, route, old.lines[number]))


def _diff(old: Sequence[Line], new: Sequence[Line], hunk: Sequence[_Block], context: int) -> tuple[DiffLine, ...]:
    """Return the blocks with the lines between and around them, if any, without the indentation that all have."""
    lines: list[DiffLine] = []
    before = max(0, hunk[0][0].start - context)
    for first, second in hunk:
        lines += [
            *(DiffLine(" ", line.text) for line in old[before : first.start] if context),
            *(DiffLine("-", old[i].text) for i in first),
            *(DiffLine("+", new[j].text) for j in second),
        ]
        before = first.stop
    lines += [DiffLine(" ", line.text) for line in old[before : before + context]]
    indent = min((len(line.text) - len(line.text.lstrip()) for line in lines), default=0)
    shown = [DiffLine(line.sign, line.text[indent:]) for line in lines]
    if len(shown) > _MOST_DIFF_LINES:
        left_out = len(shown) - _MOST_DIFF_LINES
        shown = [*shown[:_MOST_DIFF_LINES], DiffLine(" ", f"({left_out} more lines)")]
    return tuple(shown)


def group(found: Sequence[Found]) -> list[Difference]:
    """Return each difference once, in the order of the first request that shows it.

    A difference that shows without a behaviour is not told again for one. Where the status is of another kind, as 500
    instead of 200, the rest of the answer is not comparable: its differences follow that of the status.
    """
    by_kind: dict[object, list[Found]] = {}
    for one in found:
        by_kind.setdefault((one.aspect, one.route, one.places), []).append(one)
    differences = [_join(same) for same in by_kind.values()]
    by_text: dict[object, list[Difference]] = {}
    for difference in differences:
        by_text.setdefault((difference.aspect, difference.place, difference.old, difference.new), []).append(difference)
    joined = [one for alike in by_text.values() for one in _join_routes(alike)]
    return _follow(joined, {(one.behaviour, one.request) for one in found if _is_of_another_kind(one)})


def _is_of_another_kind(one: Found) -> bool:
    """Return whether a status has another first digit, or none as without an answer."""
    return one.aspect is Aspect.STATUS and {text[:1] for text in one.old} != {text[:1] for text in one.new}


def _follow(differences: Sequence[Difference], unlike: Container[tuple[str, int]]) -> list[Difference]:
    """Put differences of answers that show in `unlike` requests only under that of the first one's status."""
    causes = {
        (status.behaviour, number): status
        for status in differences
        for number in status.requests
        if status.aspect is Aspect.STATUS
    }
    followers: dict[Difference, list[Difference]] = {}
    rest = []
    for one in differences:
        cause = causes.get((one.behaviour, one.requests[0])) if one.aspect in _OF_ANSWER else None
        if cause and all((one.behaviour, number) in unlike for number in one.requests):
            followers.setdefault(cause, []).append(one)
        else:
            rest.append(one)
    return [replace(one, followers=tuple(followers.get(one, ()))) for one in rest]


def _join(found: list[Found]) -> Difference:
    first = found[0]
    plain = [one for one in found if not one.behaviour]
    shown = plain or [one for one in found if one.behaviour == first.behaviour]
    # Texts that change from request to request are no part of what is the same in all of them.
    texts = {(one.old, one.new) for one in found}
    old, new = (first.old, first.new) if len(texts) == 1 else ((), ())
    places = outermost([*first.places[0], *first.places[1]])
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
    """Return differences with the same texts as one, if there are texts: they have one cause on all their routes."""
    routes = dict.fromkeys(one.route for one in alike)
    if len(routes) == 1 or not (alike[0].old or alike[0].new):
        return alike
    plain = [one for one in alike if not one.behaviour] or alike
    numbers = tuple(sorted({number for one in plain for number in one.requests}))
    route = ANY_ROUTE if len(routes) > _MOST_ROUTES else ROUTES.join(routes)
    return [replace(plain[0], route=route, requests=numbers)]
