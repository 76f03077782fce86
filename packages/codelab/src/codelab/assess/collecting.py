"""Collects places by what is there, and turns them into findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from codelab.assess.finding import Advice, Area, Finding, Place


@dataclass
class Collected:
    """The places of each thing in an area, by its name; `title` says more about it than the name."""

    area: Area
    places: dict[str, list[Place]] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, place: Place, title: str = "") -> None:
        """Note that a thing is at a place."""
        found = self.places.setdefault(name, [])
        if place not in found[-20:]:
            found.append(place)
        if title:
            self.titles.setdefault(name, title)

    def findings(self, advise: Callable[[str], Advice]) -> Iterator[Finding]:
        """Yield a finding for each thing, with the advice of its name."""
        for name, places in self.places.items():
            yield Finding(self.area, name, self.titles.get(name, name), tuple(sorted(places)), advise(name))
