"""A codelab as data. The grammar it is read from: docs/readme-format.md. All lines count from 1, all times are seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

_FUNCTION = re.compile(r"--function[ =]([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Fence:
    """A fenced block: the line of its opening fence, its language, and its text."""

    line: int
    language: str
    text: str


@dataclass(frozen=True)
class Link:
    """The target of a link or an image, as it is written."""

    line: int
    target: str


@dataclass(frozen=True)
class Page:
    """Any Markdown page of the repository: its name as problems have it, its fences and its links."""

    path: Path
    name: str
    fences: tuple[Fence, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Step:
    """One step: what to change and why, what to see afterwards, and a hint for who does not see it.

    `text` is the step's Markdown between its durations and its hint. `works` says that the app works after it.
    """

    number: int
    title: str
    line: int
    seconds: int
    works: bool
    text: str
    hint: str
    diffs: tuple[Fence, ...]


@dataclass(frozen=True)
class Track:
    """The way from one folder of a module to another. A module's first track is its main one."""

    start: str
    finish: str
    title: str
    line: int
    seconds: int
    text: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Section:
    """A heading of the second level that is neither a step nor a track, and the Markdown below it."""

    title: str
    line: int
    text: str


@dataclass(frozen=True)
class Codelab:
    """A module's README."""

    readme: Path
    number: int
    title: str
    seconds: int
    introduction: str
    tracks: tuple[Track, ...]
    sections: tuple[Section, ...]
    page: Page = field(repr=False)

    @cached_property
    def module(self) -> str:
        """The module's folder, as in "mod2-cloudndb"."""
        return self.readme.parent.name

    @cached_property
    def function(self) -> str | None:
        """The function that the codelab's commands serve, None if they name none."""
        consoles = [fence.text for fence in self.page.fences if fence.language == "console"]
        names = [name for text in consoles for name in _FUNCTION.findall(text)]
        return names[0] if names else None

    def section(self, title: str) -> Section:
        """Return the section with this title; the grammar demands all of readme.SECTIONS."""
        return next(section for section in self.sections if section.title == title)
