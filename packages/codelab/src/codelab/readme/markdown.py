"""Markdown: parsing, the fences and links of a page, and what its headings and paragraphs are called elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from codelab.readme.model import Fence, Link


def parse(text: str) -> list[Token]:
    """Return the tokens of a page in the dialect of repository pages, with tables."""
    return MarkdownIt().enable("table").parse(text)


def line_of(token: Token) -> int:
    """Return the line that a block begins in."""
    return (token.map or [0])[0] + 1


def headings(tokens: list[Token]) -> Iterator[tuple[int, str, int]]:
    """Yield the level, the title and the line of each heading."""
    for token, following in pairwise(tokens):
        if token.type == "heading_open":
            yield int(token.tag[1]), following.content, line_of(token)


def fences(tokens: list[Token]) -> Iterator[Fence]:
    """Yield each fenced block."""
    for token in tokens:
        if token.type == "fence":
            yield Fence(line_of(token), token.info.strip(), token.content)


def links(tokens: list[Token]) -> Iterator[Link]:
    """Yield the target of each link and each image."""
    for token in tokens:
        line = line_of(token)
        for child in token.children or []:
            if child.type in ("softbreak", "hardbreak"):
                line += 1
            target = child.attrGet("href") if child.type == "link_open" else child.attrGet("src")
            if isinstance(target, str):
                yield Link(line, target)


def anchor(title: str) -> str:
    """Return the name by which repository pages let links point at a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def first_sentence(text: str) -> str:
    """Return the first sentence of a page in plain text, without mark-up."""
    inline = next(token for token in MarkdownIt().parse(text) if token.type == "inline")
    plain = "".join(child.content if child.type != "softbreak" else " " for child in inline.children or [])
    return re.split(r"(?<=[.!?])\s", plain, maxsplit=1)[0]
