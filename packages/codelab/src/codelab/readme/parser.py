"""Reads a module's README.md into a Codelab. The grammar: docs/readme-format.md."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it.token import Token

from codelab.errors import CodelabError, Problem, ReadmeError
from codelab.readme import markdown, sections
from codelab.readme.model import Codelab, Fence, Page, Section, Step, Track
from codelab.readme.trees import held
from localcloud.files.reading import NotReadError, read_file

_TITLE = re.compile(r"Module (\d+): (.+)")
_TITLE_EXAMPLE = 'a title such as "# Module 2: From ndb to Cloud NDB"'
_STEP = re.compile(r"Step (\d+): (.+)")
# The two folders are in the module itself.
_TRACK = re.compile(r"Track (\w[\w.-]*) to (\w[\w.-]*): (.+)")
_DURATION = re.compile(r"Duration: (\d+):([0-5]\d)")
_WORKS = re.compile(r"Works: (yes|not yet)")
_SEE = re.compile(r"^You should see\b", re.MULTILINE)
_HINT_OPENS = "<details><summary>Hint</summary>"
_HINT_CLOSES = "</details>"


def read_codelab(readme: Path) -> Codelab:
    """Return the codelab in this README.

    Raises ReadmeError, with each line that breaks the grammar, and CodelabError if there is no such file.
    """
    reader = _ReadmeReader(readme, f"{readme.parent.name}/{readme.name}")
    codelab = reader.codelab()
    if reader.problems:
        raise ReadmeError(sorted(reader.problems))
    return codelab


def read_page(path: Path, root: Path) -> Page:
    """Return a page below the repository's root; raises CodelabError if it cannot be read."""
    name = path.relative_to(root).as_posix()
    held(root, name)
    return _page(path, name, markdown.parse(_text_of(path)))


def _page(path: Path, name: str, tokens: list[Token]) -> Page:
    return Page(path, name, tuple(markdown.fences(tokens)), tuple(markdown.links(tokens)))


def _text_of(path: Path) -> str:
    try:
        return read_file(path).decode("utf-8")
    except (OSError, UnicodeDecodeError, NotReadError) as error:
        raise CodelabError(f"{path}: this Markdown page cannot be read ({error})") from error


@dataclass
class _Part:
    """A heading and its lines, up to the next heading; `parts` are the headings of a lower level below it."""

    level: int
    title: str
    line: int
    end: int = 0
    parts: list[_Part] = field(default_factory=list)

    @property
    def last(self) -> int:
        """The last line of the part and of all parts below it."""
        return max([self.end, *(below.last for below in self.parts)])


def _outline(headings: Iterable[tuple[int, str, int]], last_line: int) -> list[_Part]:
    """Return the headings of the highest level, with the others below them."""
    root = _Part(0, "", 0)
    path = [root]
    for level, title, line in headings:
        path[-1].end = line - 1
        while path[-1].level >= level:
            path.pop()
        part = _Part(level, title, line)
        path[-1].parts.append(part)
        path.append(part)
    path[-1].end = last_line
    return root.parts


class _ReadmeReader:
    """Reads one README, and collects its problems."""

    def __init__(self, readme: Path, name: str) -> None:
        text = _text_of(readme)
        tokens = markdown.parse(text)
        self.problems: list[Problem] = []
        self._page = _page(readme, name, tokens)
        self._lines = text.splitlines()
        self._parts = _outline(markdown.headings(tokens), len(self._lines))

    def codelab(self) -> Codelab:
        top = self._top()
        title = _TITLE.fullmatch(top.title)
        if not title:
            self._expected(top.line, _TITLE_EXAMPLE, top.title)
        seconds, _, body = self._durations(top, works=False)
        others = [part for part in top.parts if not _STEP.match(part.title) and not _TRACK.match(part.title)]
        self._check_sections(others)
        return Codelab(
            readme=self._page.path,
            number=int(title[1]) if title else 0,
            title=title[2] if title else top.title,
            seconds=seconds,
            introduction=self._text(body, top.end),
            tracks=tuple(self._tracks(top, seconds)),
            sections=tuple(
                Section(
                    part.title,
                    part.line,
                    self._text(part.line + 1, part.last),
                    self._fences(part.line, part.last),
                )
                for part in others
            ),
            page=self._page,
        )

    def _top(self) -> _Part:
        """Return the title, with all else below it."""
        if not self._parts:
            self._problem(1, f"there is no heading; begin with {_TITLE_EXAMPLE}")
            return _Part(1, "", 1, len(self._lines))
        for extra in self._parts[1:]:
            self._problem(extra.line, f'"# {extra.title}" is a second title; begin this heading with "##"')
        return self._parts[0]

    def _check_sections(self, parts: list[_Part]) -> None:
        found = [part.title for part in parts]
        for part in parts:
            if part.title not in sections.ALL:
                self._problem(part.line, f'unknown section "{part.title}"; the sections are {", ".join(sections.ALL)}')
        missing = [title for title in sections.ALL if title not in found]
        for title in missing:
            self._problem(len(self._lines), f'the section "## {title}" is missing')
        if not missing and [title for title in found if title in sections.ALL] != list(sections.ALL):
            self._expected(parts[0].line, f"the sections in the order {', '.join(sections.ALL)}", ", ".join(found))

    def _tracks(self, top: _Part, seconds: int) -> Iterator[Track]:
        main = [part for part in top.parts if _STEP.match(part.title)]
        yield Track("START", "FINISH", top.title, top.line, seconds, "", tuple(self._steps(main, top.line)))
        for part in top.parts:
            if track := _TRACK.fullmatch(part.title):
                seconds, _, body = self._durations(part, works=False)
                text = self._text(body, part.end)
                steps = tuple(self._steps(part.parts, part.line))
                yield Track(track[1], track[2], track[3], part.line, seconds, text, steps)

    def _steps(self, parts: list[_Part], line: int) -> Iterator[Step]:
        if not parts:
            self._problem(line, 'no steps; add headings such as "## Step 1: Add the package"')
        for number, part in enumerate(parts, 1):
            title = _STEP.fullmatch(part.title)
            if not title or int(title[1]) != number:
                self._expected(part.line, f'"Step {number}: …"', f'"{part.title}"')
            yield self._step(number, title[2] if title else part.title, part)

    def _step(self, number: int, title: str, part: _Part) -> Step:
        seconds, works, body = self._durations(part, works=True)
        hint_line, hint = self._hint(part)
        text = self._text(body, hint_line - 1)
        step = Step(number, title, part.line, seconds, works, text, hint, self._fences(part.line, part.end))
        if not step.diffs:
            self._problem(part.line, "this step has no ```diff fence")
        elif not self._text(body, step.diffs[0].line - 1):
            self._problem(part.line, "this step needs a paragraph that says why, before its first diff")
        if not _SEE.search(text):
            self._problem(part.line, 'this step needs a paragraph that begins with "You should see"')
        return step

    def _durations(self, part: _Part, *, works: bool) -> tuple[int, bool, int]:
        """Return what is right below a heading: seconds, whether the app works, and the line that the text begins."""
        wanted = ["Duration: M:SS", "Works: yes (or: not yet)"] if works else ["Duration: M:SS"]
        first = part.line + 1
        lines = [*self._lines[part.line : part.line + len(wanted)], "", ""]
        duration = _DURATION.fullmatch(lines[0])
        if not duration:
            self._expected(first, f'"{wanted[0]}" right below the heading', f'"{lines[0]}"')
        state = _WORKS.fullmatch(lines[1]) if works else None
        if works and not state:
            self._expected(first + 1, f'"{wanted[1]}" below the duration', f'"{lines[1]}"')
        body = first + len(wanted)
        if self._lines[body - 1 : body] != [""]:
            self._problem(body, "put an empty line below the duration, before the text")
        seconds = int(duration[1]) * 60 + int(duration[2]) if duration else 0
        return seconds, bool(state and state[1] == "yes"), body

    def _hint(self, part: _Part) -> tuple[int, str]:
        """Return the hint's first line and its Markdown."""
        lines = self._lines[part.line - 1 : part.end]
        opened = [number for number, line in enumerate(lines) if line == _HINT_OPENS]
        closed = [number for number, line in enumerate(lines) if line == _HINT_CLOSES]
        if len(opened) != 1 or len(closed) != 1 or closed < opened:
            hints = f"one hint, from a line {_HINT_OPENS} to a line {_HINT_CLOSES}"
            self._problem(part.line, f"this step needs {hints}; it has {len(opened)} of the first line")
            return part.end + 1, ""
        hint = "\n".join(lines[opened[0] + 1 : closed[0]]).strip()
        if not hint:
            self._problem(part.line + opened[0], "this hint is empty")
        return part.line + opened[0], hint

    def _fences(self, first: int, last: int) -> tuple[Fence, ...]:
        """Return the fences that begin in these lines."""
        return tuple(fence for fence in self._page.fences if first <= fence.line <= last)

    def _text(self, first: int, last: int) -> str:
        return "\n".join(self._lines[first - 1 : last]).strip()

    def _expected(self, line: int, expected: str, found: str) -> None:
        self._problem(line, f"expected {expected}, found {found or 'nothing'}")

    def _problem(self, line: int, text: str) -> None:
        self.problems.append(Problem(self._page.name, line, text))
