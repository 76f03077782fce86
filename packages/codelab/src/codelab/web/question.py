"""The first question of the map, "What does your app import?", from docs/which-way.md."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from markdown_it.token import Token
from markupsafe import Markup

from codelab.readme.course import Course
from codelab.readme.markdown import parse
from codelab.web.rendering import Renderer

_PAGE = "docs/which-way.md"
_QUESTION = "What does your app import?"
_SAMPLE = "docs/the-sample-app.md"
_FIRST_SECTION = re.compile(r"^## .+\n\n((?:.+\n)+)", re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """A question, and for each answer where to begin, as HTML."""

    title: str
    rows: tuple[tuple[Markup, Markup], ...]


def read_question(course: Course) -> Question | None:
    """Return the question; None if the course has no such page, or the page has no table below this heading."""
    page = course.other_page(_PAGE)
    if page is None:
        return None
    line = Renderer(course, _PAGE).line
    cells = [line(text) for text in _cells_below(parse(page.path.read_text(encoding="utf-8")), _QUESTION)]
    rows = tuple(zip(cells[::2], cells[1::2], strict=False))
    return Question(_QUESTION, rows) if rows else None


def describe_sample(course: Course) -> Markup | None:
    """Return the paragraph about the app that all codelabs move; None if the course has no such page."""
    page = course.other_page(_SAMPLE)
    found = _FIRST_SECTION.search(page.path.read_text(encoding="utf-8")) if page else None
    return Renderer(course, _SAMPLE).line(found[1].replace("\n", " ")) if found else None


def _cells_below(tokens: list[Token], title: str) -> Iterator[str]:
    """Yield the cells of the first table below a heading, without its head."""
    below = in_cell = False
    for token in tokens:
        if token.type == "inline" and token.content == title:
            below = True
        elif below and token.type in ("table_close", "heading_open"):
            return
        elif token.type in ("td_open", "td_close"):
            in_cell = token.type == "td_open"
        elif below and in_cell and token.type == "inline":
            yield token.content
