"""What the old app answers differently each time, learnt from two runs of it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from localcloud.compare.noise.alignment import align
from localcloud.compare.noise.templates import NOISE, Template, is_number, make_template, shape, tokens
from localcloud.compare.observation import Aspect, Line
from localcloud.compare.result import Noise

_Where = tuple[Aspect, str, str]  # aspect, route and place


# Values so short may well be equal by chance, as random digits are.
_SHORT = 3
_MOST_VALUES = 1_000
_MOST_TEMPLATES = 50


class _Values:
    """The values that the old app itself has shown in one place of a text."""

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._shortest = self._longest = 0
        self._pattern = re.compile("")

    def add(self, *values: str) -> None:
        """Add values that two runs have shown in the place of each other."""
        if len(self._values) < _MOST_VALUES and not self._values.issuperset(values):
            lengths = [len(value) for value in values]
            self._shortest = min(self._shortest, *lengths) if self._values else min(lengths)
            self._longest = max(self._longest, *lengths)
            known = all(map(self.fits, values))
            self._values.update(values)
            # The pattern of a thousand values is not made for each of them.
            if not known or len(self._values) == len(values):
                self._pattern = re.compile(shape(self._values))

    def fits(self, value: str) -> bool:
        """Return whether a value has the shape of these."""
        return self._pattern.fullmatch(value) is not None

    def covers(self, old: str, again: str, new: str) -> bool:
        """Return whether `new` is one more such value in the place of `old`, which was `again` in the second run."""
        if not self.fits(new):
            return False
        return old != again or new in self._values or self._may_be_chance(old)

    def _may_be_chance(self, value: str) -> bool:
        """Return whether both runs may have shown a value by chance, as is frequent for digits and not for words."""
        if value in self._values or (len(value) <= _SHORT and self._shortest <= _SHORT):
            return True
        return is_number(value) and self._shortest - 1 <= len(value) <= self._longest + 1


@dataclass
class _PlaceNoise:
    """The noise of a place in all answers of a route.

    `positions` are those of noisy words, by the number of words in the line. `templates` are lines with noise, by
    their patterns, with the values of each noise. `whole` are lines that are nothing but noise. Lines of a place that
    is `volatile` come and go.
    """

    positions: dict[int, dict[int, _Values]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(_Values)))
    templates: dict[re.Pattern[str], list[_Values]] = field(default_factory=dict)
    whole: _Values | None = None
    volatile: bool = False

    def learn(self, template: Template, one: str, other: str) -> None:
        """Learn from two texts of one line."""
        words, others = tokens(one), tokens(other)
        if len(words) == len(others):
            for position, (a, b) in enumerate(zip(words, others, strict=True)):
                if a != b:
                    self.positions[len(words)][position].add(a, b)
        if not template.masked.replace(NOISE, "").strip():
            self.whole = self.whole or _Values()
            self.whole.add(one.strip(), other.strip())
        elif len(self.templates) < _MOST_TEMPLATES:
            noises = self.templates.setdefault(template.pattern, [_Values() for _ in range(template.pattern.groups)])
            for text in (one, other):
                if found := template.pattern.fullmatch(text):
                    for values, value in zip(noises, found.groups(), strict=True):
                        values.add(value)

    def covers(self, old: str, again: str, new: str) -> bool:
        """Return whether a line differs from an old one in what is noise elsewhere on the route."""
        return (
            (self.whole is not None and self.whole.covers(old.strip(), again.strip(), new.strip()))
            or self._covers_words(tokens(old), tokens(again), tokens(new))
            or any(_covers_line(pattern, noises, old, again, new) for pattern, noises in self.templates.items())
        )

    def _covers_words(self, old: list[str], again: list[str], new: list[str]) -> bool:
        noisy = self.positions.get(len(old), {})
        if not noisy or len(old) != len(new):
            return False
        if len(old) != len(again):
            again = [""] * len(old)
        return all(
            one == other or (number in noisy and noisy[number].covers(one, second, other))
            for number, (one, second, other) in enumerate(zip(old, again, new, strict=True))
        )


def _covers_line(pattern: re.Pattern[str], noises: Sequence[_Values], old: str, again: str, new: str) -> bool:
    found = [pattern.fullmatch(text) for text in (new, old, again)]
    if not all(found):
        return False
    texts = zip(*(one.groups() for one in found if one), strict=True)
    return all(
        one == other or values.covers(one, second, other)
        for values, (other, one, second) in zip(noises, texts, strict=True)
    )


@dataclass
class _CallNoise:
    """How often the old app has made a call on a route: a number that `varies` may vary as far, and no further."""

    numbers: list[int] = field(default_factory=list)
    varies: bool = False

    def learn(self, one: str, other: str) -> None:
        """Learn from two runs."""
        self.numbers += [_number(one), _number(other)]
        self.varies = self.varies or one != other

    def covers(self, new: str) -> bool:
        """Return whether a number is one that the old app may show, too."""
        return self.varies and min(self.numbers) <= _number(new) <= max(self.numbers)


@dataclass(frozen=True)
class NoisyLines:
    """The lines of an aspect of one answer. `again` are their texts in the second run of the same app.

    Each line that has noise has a template.
    """

    lines: Sequence[Line]
    again: Sequence[str]
    templates: Sequence[Template | None]


class NoiseModel:
    """All noise that has been learnt.

    A line is judged by its own two texts first. A part of these may be equal by chance, as random digits are. Then
    the noise of the same place in other answers of the route decides.
    """

    def __init__(self) -> None:
        self._places: dict[_Where, _PlaceNoise] = defaultdict(_PlaceNoise)
        self._calls: dict[tuple[str, str], _CallNoise] = defaultdict(_CallNoise)
        self._examples: dict[_Where, tuple[str, str]] = {}
        self._counts: Counter[_Where] = Counter()

    def learn(self, aspect: Aspect, route: str, one: Sequence[Line], other: Sequence[Line]) -> NoisyLines:
        """Learn from an aspect of two answers of the same app. Calls have to have the same places in both."""
        if aspect is Aspect.CALLS:
            for a, b in zip(one, other, strict=True):
                self._calls[route, a.place].learn(a.text, b.text)
                if a.text != b.text:
                    self._note((aspect, route, a.place), a.text, b.text)
            return NoisyLines(one, [line.text for line in other], [None] * len(one))
        templates: list[Template | None] = [None] * len(one)
        again = [line.text for line in one]
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
                    where = aspect, route, a.place
                    again[number] = b.text
                    templates[number] = template = make_template(a.text, b.text)
                    self._places[where].learn(template, a.text, b.text)
                    self._note(where, a.text, b.text)
        return NoisyLines(one, again, templates)

    def _note(self, where: _Where, one: str, other: str) -> None:
        self._examples.setdefault(where, (one.strip(), other.strip()))
        self._counts[where] += 1

    def same(self, aspect: Aspect, route: str, old: NoisyLines, number: int, new: Line) -> bool:
        """Return whether a line differs from an old one, of that number, in noise alone."""
        line, template = old.lines[number], old.templates[number]
        if line == new:
            return True
        if line.place != new.place:
            return False
        if aspect is Aspect.CALLS:
            return self._calls[route, line.place].covers(new.text)
        if template is not None and template.matches(new.text):
            return True
        place = self._places.get((aspect, route, line.place))
        return place is not None and place.covers(line.text, old.again[number], new.text)

    def is_volatile(self, aspect: Aspect, route: str, line: Line) -> bool:
        """Return whether lines of this place come and go in the old app itself."""
        place = self._places.get((aspect, route, line.place))
        return place is not None and place.volatile

    def mask(self, aspect: Aspect, route: str, line: Line) -> str:
        """Return a line's text with "…" where the place has noise."""
        place = self._places.get((aspect, route, line.place))
        if place is None:
            return line.text
        if place.whole and place.whole.fits(line.text.strip()):
            return NOISE
        words = tokens(line.text)
        noisy = place.positions.get(len(words), {})
        return "".join(
            NOISE if number in noisy and noisy[number].fits(word) else word for number, word in enumerate(words)
        )

    def list(self) -> list[Noise]:
        """Return all noise that was found, the most frequent first."""
        return [
            Noise(aspect, route, place, self._examples[aspect, route, place], count)
            for (aspect, route, place), count in self._counts.most_common()
        ]


def _number(text: str) -> int:
    """Return the number at the end of a line about calls."""
    return int(text.rpartition(": ")[2])


def _pair(one: Sequence[Line], other: Sequence[Line]) -> list[tuple[Line, Line]] | None:
    """Return the pairs of two blocks that have the same places in the same order, None if they have not."""
    if [line.place for line in one] != [line.place for line in other]:
        return None
    return list(zip(one, other, strict=True))
