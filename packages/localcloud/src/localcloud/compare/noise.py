"""What the old app answers differently each time, learnt from two runs of it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from localcloud.compare.alignment import align
from localcloud.compare.observation import Aspect, Line
from localcloud.compare.result import Noise
from localcloud.compare.templates import NOISE, Template, make_template, shape, tokens

_Where = tuple[Aspect, str, str]  # aspect, route and place


@dataclass
class _PlaceNoise:
    """The noise of a place in all answers of a route.

    `positions` are those of noisy words, by the number of words in the line, with the shape of each. Lines of a place
    that is `volatile` come and go. In one that is `free`, the whole text is noise.
    """

    positions: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    volatile: bool = False
    free: bool = False


@dataclass(frozen=True)
class NoisyLines:
    """The lines of an aspect of one answer, with the template of each one that has noise."""

    lines: Sequence[Line]
    templates: Sequence[Template | None]


class NoiseModel:
    """All noise that has been learnt.

    A line is judged by its own two texts first. A part of these may be equal by chance, as two random digits are. Then
    the noise of the same place in other answers of the route decides.
    """

    def __init__(self) -> None:
        self._places: dict[_Where, _PlaceNoise] = defaultdict(_PlaceNoise)
        self._examples: dict[_Where, tuple[str, str]] = {}
        self._counts: Counter[_Where] = Counter()

    def learn(self, aspect: Aspect, route: str, one: Sequence[Line], other: Sequence[Line]) -> NoisyLines:
        """Learn from an aspect of two answers of the same app."""
        templates: list[Template | None] = [None] * len(one)
        for first, second in align(one, other):
            pairs = _pair(one[first.start : first.stop], other[second.start : second.stop])
            if pairs is None:
                for line in [*one[first.start : first.stop], *other[second.start : second.stop]]:
                    where = aspect, route, line.place
                    self._places[where].volatile = True
                    self._note(where, line.text, "")
                continue
            for number, (a, b) in zip(first, pairs, strict=True):
                if a.text != b.text:
                    templates[number] = self._learn_line((aspect, route, a.place), a.text, b.text)
        return NoisyLines(one, templates)

    def _learn_line(self, where: _Where, one: str, other: str) -> Template:
        template = make_template(one, other)
        place = self._places[where]
        words, others = tokens(one), tokens(other)
        if len(words) == len(others):
            for position, (a, b) in enumerate(zip(words, others, strict=True)):
                if a != b:
                    place.positions[len(words)][position] = shape(a + b)
        if not template.masked.replace(NOISE, "").strip():
            place.free = True
        self._note(where, one, other)
        return template

    def _note(self, where: _Where, one: str, other: str) -> None:
        self._examples.setdefault(where, (one.strip(), other.strip()))
        self._counts[where] += 1

    def same(self, aspect: Aspect, route: str, old: Line, template: Template | None, new: Line) -> bool:
        """Return whether two lines differ in noise alone."""
        if old == new:
            return True
        if old.place != new.place:
            return False
        if template is not None and template.matches(new.text):
            return True
        place = self._places.get((aspect, route, old.place))
        if place is None:
            return False
        if place.free:
            return True
        words, others = tokens(old.text), tokens(new.text)
        noisy = place.positions.get(len(words), {})
        return len(words) == len(others) and all(
            a == b or (number in noisy and re.fullmatch(f"{noisy[number]}+", b) is not None)
            for number, (a, b) in enumerate(zip(words, others, strict=True))
        )

    def is_volatile(self, aspect: Aspect, route: str, line: Line) -> bool:
        """Return whether lines of this place come and go in the old app itself."""
        place = self._places.get((aspect, route, line.place))
        return place is not None and place.volatile

    def mask(self, aspect: Aspect, route: str, line: Line) -> str:
        """Return a line's text with "…" where the place has noise."""
        place = self._places.get((aspect, route, line.place))
        if place is None:
            return line.text
        if place.free:
            return NOISE
        words = tokens(line.text)
        noisy = place.positions.get(len(words), {})
        return "".join(NOISE if number in noisy else word for number, word in enumerate(words))

    def list(self) -> list[Noise]:
        """Return all noise that was found, the most frequent first."""
        return [
            Noise(aspect, route, place, self._examples[aspect, route, place], count)
            for (aspect, route, place), count in self._counts.most_common()
        ]


def _pair(one: Sequence[Line], other: Sequence[Line]) -> list[tuple[Line, Line]] | None:
    """Return the pairs of two blocks that have the same places in the same order, None if they have not."""
    if [line.place for line in one] != [line.place for line in other]:
        return None
    return list(zip(one, other, strict=True))
