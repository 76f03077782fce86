"""Reads a module's README.md into a Codelab. The grammar: docs/readme-format.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from codelab.errors import CodelabError, Problem, ReadmeError
from codelab.readme.model import Codelab, Fence, Link, Page, Section, Step, Track
from codelab.readme.trees import held
from localcloud.files.reading import NotReadError, read_file

# The sections every codelab has, in this order; steps and tracks stand before "Differences".
SECTIONS = (
    "What you will learn",
    "What you need",
    "START and FINISH",
    "Differences",
    "What a reviewer would ask",
    "Deploy to Google Cloud",
    "What it costs",
    "Clean up",
    "Where to go next",
)
_FIRST_AFTER_THE_STEPS = SECTIONS.index("Differences")

_TITLE = re.compile(r"Module (\d+): (.+)")
_STEP = re.compile(r"Step (\d+): (.+)")
# The two folders lie in the module itself.
_TRACK = re.compile(r"Track (\w[\w.-]*) to (\w[\w.-]*): (.+)")
_DURATION = re.compile(r"Duration: (\d+):([0-5]\d)")
_WORKS = re.compile(r"Works: (yes|not yet)")
_SEE = re.compile(r"^You should see\b", re.MULTILINE)
_HINT_OPENS = "<details><summary>Hint</summary>"
_HINT_CLOSES = "</details>"


def read_codelab(readme: Path) -> Codelab:
    """Return the codelab in this README.

    Raises ReadmeError, with each line that is not as the grammar has it, and CodelabError if there is no such file.
    """
    reader = _Reader(readme, _text_of(readme))
    codelab = reader.codelab()
    if reader.problems:
        raise ReadmeError(sorted(reader.problems))
    return codelab


def read_page(path: Path, root: Path) -> Page:
    """Return a page below the repository's root; raises CodelabError if it cannot be read."""
    held(root, path.relative_to(root).as_posix())
    tokens = MarkdownIt().enable("table").parse(_text_of(path))
    return Page(path, path.relative_to(root).as_posix(), tuple(_fences(tokens)), tuple(_links(tokens)))


def _text_of(path: Path) -> str:
    try:
        return read_file(path).decode("utf-8")
    except (OSError, UnicodeDecodeError, NotReadError) as error:
        raise CodelabError(f"{path}: expected a Markdown page, and it cannot be read ({error})") from error


@dataclass
class _Part:
    """A heading and all that stands below it, up to the next heading of its level or above."""

    level: int
    title: str
    line: int
    tokens: list[Token]
    parts: list[_Part] = field(default_factory=list)
    end: int = 0  # the last line of the part, its sub-parts not counted


class _Reader:
    def __init__(self, readme: Path, text: str) -> None:
        self.problems: list[Problem] = []
        self._readme = readme
        self._name = f"{readme.parent.name}/{readme.name}"
        self._lines = text.splitlines()
        self._tokens = MarkdownIt().enable("table").parse(text)

    def codelab(self) -> Codelab:
        top = self._outline()
        title = _TITLE.fullmatch(top.title)
        if not title:
            self._problem(top.line or 1, 'a title such as "# Module 2: From ndb to Cloud NDB"', top.title)
        seconds, _, body = self._durations(top, works=False)
        sections = [part for part in top.parts if not _STEP.match(part.title) and not _TRACK.match(part.title)]
        self._check_sections(sections)
        return Codelab(
            readme=self._readme,
            number=int(title[1]) if title else 0,
            title=title[2] if title else top.title,
            seconds=seconds,
            introduction=self._text(body, top.end),
            tracks=tuple(self._tracks(top, seconds)),
            sections=tuple(
                Section(part.title, part.line, self._text(part.line + 1, self._last_line(part))) for part in sections
            ),
            page=Page(self._readme, self._name, tuple(_fences(self._tokens)), tuple(_links(self._tokens))),
        )

    def _outline(self) -> _Part:
        """Return the first heading as the root, with the others below it by their level."""
        root = _Part(0, "", 0, [])
        path = [root]
        for position, token in enumerate(self._tokens):
            if token.type == "heading_open":
                level, line = int(token.tag[1]), (token.map or [0])[0] + 1
                path[-1].end = line - 1
                while path[-1].level >= level:
                    path.pop()
                part = _Part(level, self._tokens[position + 1].content, line, [])
                path[-1].parts.append(part)
                path.append(part)
            else:
                path[-1].tokens.append(token)
        path[-1].end = len(self._lines)
        if not root.parts:
            self._problem(1, 'a title such as "# Module 2: From ndb to Cloud NDB"', "no heading")
            return root
        for extra in root.parts[1:]:
            self._problem(extra.line, "one heading of the first level, the title", f'another, "{extra.title}"')
        return root.parts[0]

    def _check_sections(self, sections: list[_Part]) -> None:
        found = [section.title for section in sections]
        for section in sections:
            if section.title not in SECTIONS:
                self._problem(section.line, f"one of the sections {', '.join(SECTIONS)}", f'"{section.title}"')
        missing = [title for title in SECTIONS if title not in found]
        for title in missing:
            self._problem(len(self._lines), f'a section "## {title}"', "none")
        if not missing and [title for title in found if title in SECTIONS] != list(SECTIONS):
            self._problem(sections[0].line, f"the sections in the order {', '.join(SECTIONS)}", ", ".join(found))

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
            self._problem(line, 'steps such as "## Step 1: Add the package"', "none")
        for number, part in enumerate(parts, 1):
            title = _STEP.fullmatch(part.title)
            if not title or int(title[1]) != number:
                self._problem(part.line, f'"Step {number}: …"', f'"{part.title}"')
            yield self._step(number, title[2] if title else part.title, part)

    def _step(self, number: int, title: str, part: _Part) -> Step:
        seconds, works, body = self._durations(part, works=True)
        hint_line, hint = self._hint(part)
        text = self._text(body, hint_line - 1)
        diffs = tuple(fence for fence in _fences(part.tokens) if fence.language == "diff")
        if not diffs:
            self._problem(part.line, "a step with at least one ```diff", "none")
        elif not self._text(body, diffs[0].line - 1):
            self._problem(part.line, "a paragraph that says why, before the first diff", "none")
        if not _SEE.search(text):
            self._problem(part.line, 'a paragraph that begins with "You should see"', "none")
        return Step(number, title, part.line, seconds, works, text, hint, diffs)

    def _durations(self, part: _Part, *, works: bool) -> tuple[int, bool, int]:
        """Return what stands right below a heading: seconds, whether the app works, and the line the text begins."""
        wanted = ["Duration: M:SS", "Works: yes (or: not yet)"] if works else ["Duration: M:SS"]
        first = part.line + 1
        lines = [*self._lines[part.line : part.line + len(wanted)], "", ""]
        duration = _DURATION.fullmatch(lines[0])
        if not duration:
            self._problem(first, f'"{wanted[0]}" right below the heading', f'"{lines[0]}"')
        state = _WORKS.fullmatch(lines[1]) if works else None
        if works and not state:
            self._problem(first + 1, f'"{wanted[1]}" below the duration', f'"{lines[1]}"')
        body = first + len(wanted)
        if self._lines[body - 1 : body] != [""]:
            self._problem(body, "an empty line below the duration", f'"{"".join(self._lines[body - 1 : body])}"')
        seconds = int(duration[1]) * 60 + int(duration[2]) if duration else 0
        return seconds, bool(state and state[1] == "yes"), body

    def _hint(self, part: _Part) -> tuple[int, str]:
        """Return the hint's first line and its Markdown."""
        lines = self._lines[part.line - 1 : part.end]
        opened = [number for number, line in enumerate(lines) if line == _HINT_OPENS]
        closed = [number for number, line in enumerate(lines) if line == _HINT_CLOSES]
        if len(opened) != 1 or len(closed) != 1 or closed < opened:
            self._problem(part.line, f"one hint, from a line {_HINT_OPENS} to a line {_HINT_CLOSES}", f"{len(opened)}")
            return part.end + 1, ""
        hint = "\n".join(lines[opened[0] + 1 : closed[0]]).strip()
        if not hint:
            self._problem(part.line + opened[0], "a hint", "an empty one")
        return part.line + opened[0], hint

    def _last_line(self, part: _Part) -> int:
        return max([part.end, *(self._last_line(below) for below in part.parts)])

    def _text(self, first: int, last: int) -> str:
        return "\n".join(self._lines[first - 1 : last]).strip()

    def _problem(self, line: int, expected: str, found: str) -> None:
        self.problems.append(Problem(self._name, line, f"expected {expected}, found {found or 'nothing'}"))


def _fences(tokens: list[Token]) -> Iterator[Fence]:
    for token in tokens:
        if token.type == "fence":
            yield Fence((token.map or [0])[0] + 1, token.info.strip(), token.content)


def _links(tokens: list[Token]) -> Iterator[Link]:
    for token in tokens:
        line = (token.map or [0])[0] + 1
        for child in token.children or []:
            if child.type in ("softbreak", "hardbreak"):
                line += 1
            target = child.attrGet("href") if child.type == "link_open" else child.attrGet("src")
            if isinstance(target, str):
                yield Link(line, target)
