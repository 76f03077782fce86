"""A codelab as data. The grammar it is read from: docs/readme-format.md. All lines count from 1, all times are seconds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from codelab.readme.sections import BEFORE_STEPS

_FUNCTION = re.compile(r"--function[ =]([A-Za-z_]\w*)")
_PROMPT = "$ "


@dataclass(frozen=True)
class Fence:
    """A fenced block: the line of its opening fence, its language, and its text."""

    line: int
    language: str
    text: str

    def numbered_lines(self) -> Iterator[tuple[int, str]]:
        """Yield each line with its number in the page."""
        yield from enumerate(self.text.splitlines(), self.line + 1)

    def commands(self) -> Iterator[tuple[int, str]]:
        """Yield each command of a console fence, without its prompt, with its line's number."""
        for number, line in self.numbered_lines():
            yield number, line.removeprefix(_PROMPT)


@dataclass(frozen=True)
class Link:
    """The target of a link or an image, as it is written."""

    line: int
    target: str


class Fenced:
    """A part of a page with fenced blocks."""

    fences: tuple[Fence, ...]

    def fences_in(self, language: str) -> tuple[Fence, ...]:
        """Return the fences of one language, as in "diff"."""
        return tuple(fence for fence in self.fences if fence.language == language)

    @property
    def consoles(self) -> tuple[Fence, ...]:
        """The fences that hold commands."""
        return self.fences_in("console")

    @property
    def commands(self) -> list[str]:
        """The commands of all console fences, without their prompts."""
        return [command for fence in self.consoles for _, command in fence.commands()]


@dataclass(frozen=True)
class Page(Fenced):
    """Any Markdown page of the repository: its name as problems have it, its fences and its links."""

    path: Path
    name: str
    fences: tuple[Fence, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Step(Fenced):
    """One step: what to change and why, what to see afterwards, and a hint if it does not appear.

    `text` is the step's Markdown between its durations and its hint. `works` says that the app works after it.
    """

    number: int
    title: str
    line: int
    seconds: int
    works: bool
    text: str
    hint: str
    fences: tuple[Fence, ...]

    @property
    def diffs(self) -> tuple[Fence, ...]:
        """The fences that hold the step's changes."""
        return self.fences_in("diff")


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
class Section(Fenced):
    """A heading of the second level that is neither a step nor a track, and the Markdown below it."""

    title: str
    line: int
    text: str
    fences: tuple[Fence, ...]


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
        names = [name for command in self.page.commands for name in _FUNCTION.findall(command)]
        return names[0] if names else None

    def section(self, title: str) -> Section:
        """Return the section with this title; the grammar demands all of `sections.ALL`."""
        return next(section for section in self.sections if section.title == title)

    @property
    def sections_before_steps(self) -> list[Section]:
        """The sections to read before the first step."""
        return [section for section in self.sections if section.title in BEFORE_STEPS]

    @property
    def sections_after_steps(self) -> list[Section]:
        """The sections to read after the last step."""
        return [section for section in self.sections if section.title not in BEFORE_STEPS]
