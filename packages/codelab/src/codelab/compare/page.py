"""A page as a person sees it: its elements and text, with entities decoded and white space folded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import NamedTuple
from xml.etree.ElementTree import Element

import html5lib

from codelab.compare.assertions import expect

# As datetime.ctime() writes it: Mon Nov  2 09:05:07 2026
CTIME = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}")
MASK = "<timestamp>"
# The white space that HTML folds; a no-break space is text.
WHITE_SPACE = re.compile(r"[ \t\n\f\r]+")


class Page(NamedTuple):
    """A page as a browser reads it. `mode` is how it lays the page out; `tree` are its elements and texts.

    "quirks" without a doctype: https://dom.spec.whatwg.org/#concept-document-quirks
    """

    mode: str
    tree: Element


def parse(html: str) -> Page:
    """Return the page as a browser would read it."""
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    tree = parser.parse(html)
    return Page(parser.compatMode, tree)


def document(page: Page) -> list[tuple[str, ...]]:
    """Return how browsers lay the page out, then each element and each piece of text, timestamps masked."""
    return [("mode", page.mode), *_nodes(page.tree)]


def _nodes(element: Element) -> Iterator[tuple[str, ...]]:
    yield ("element", str(element.tag), *(f"{name}={value}" for name, value in sorted(element.items())))
    yield from _text(element.text)
    for child in element:
        yield from _nodes(child)
        yield from _text(child.tail)
    yield ("end", str(element.tag))


def _text(text: str | None) -> Iterator[tuple[str, ...]]:
    folded = WHITE_SPACE.sub(" ", text or "").strip(" ")
    if folded:
        yield ("text", CTIME.sub(MASK, folded, count=1))


def visits(page: Page) -> list[tuple[datetime, str]]:
    """Return the listed visits in their order: the time, which the page claims to be UTC, and the visitor."""
    found = []
    for item in page.tree.iter("li"):
        text = (item.text or "").strip("\n\t ")
        time, separator, visitor = text.partition(" from ")
        if not separator:
            time, separator, visitor = text.removesuffix(" from"), " from ", ""
        expect(bool(CTIME.fullmatch(time)), f"expected a line '<ctime> from <visitor>', found {text[:80]!r}")
        found.append((datetime.strptime(time, "%a %b %d %H:%M:%S %Y").replace(tzinfo=timezone.utc), visitor))
    return found
