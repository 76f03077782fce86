"""A page as a person sees it: its elements and text, with entities decoded and white space folded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from xml.etree.ElementTree import Element

import html5lib

from codelab.compare.assertions import expect

# As datetime.ctime() writes it: Mon Nov  2 09:05:07 2026
CTIME = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}")
MASK = "<timestamp>"
# The white space that HTML folds; a no-break space is text.
WHITE_SPACE = re.compile(r"[ \t\n\f\r]+")


def parse(html: str) -> Element:
    """Return the page's tree as a browser would build it."""
    page: Element = html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False)
    return page


def document(html: str) -> list[tuple[str, ...]]:
    """Return how browsers lay the page out, then each element and each piece of text, timestamps masked."""
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    page = parser.parse(html)
    # "quirks" without a doctype: https://dom.spec.whatwg.org/#concept-document-quirks
    return [("mode", parser.compatMode), *_nodes(page)]


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


def visits(page: Element) -> list[tuple[datetime, str]]:
    """Return the listed visits in their order: the time, which the page claims to be UTC, and the visitor."""
    found = []
    for item in page.iter("li"):
        text = (item.text or "").strip("\n\t ")
        time, separator, visitor = text.partition(" from ")
        if not separator:
            time, separator, visitor = text.removesuffix(" from"), " from ", ""
        expect(bool(CTIME.fullmatch(time)), f"expected a line '<ctime> from <visitor>', found {text[:80]!r}")
        found.append((datetime.strptime(time, "%a %b %d %H:%M:%S %Y").replace(tzinfo=timezone.utc), visitor))
    return found
