"""Where a visitor can go from an answer: its links, files and forms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import Any
from urllib.parse import SplitResult, quote, urljoin, urlsplit
from xml.etree.ElementTree import Element

import html5lib

from localcloud.compare.visiting.forms import Form, read_forms
from localcloud.traffic import Answer

_LARGEST = 2 << 20
_FILES = {"link": "href", "img": "src", "script": "src", "iframe": "src", "embed": "src", "source": "src"}
_THIS_MACHINE = ("127.0.0.1", "::1")
_QUERY = "/%:@!$&'()*+,;=~-._?[]{}|^`\\"  # is not encoded in one
_CONTROL = re.compile(r"[\t\n\r]")
_REFRESH = re.compile(r"""\s*\d+\s*[;,]\s*(?:url\s*=\s*)?["']?([^"']+)""", re.IGNORECASE)
# A path in quotes, as in $.getJSON('/posts.json').
_QUOTED_PATH = re.compile(r"""["'`](/[\w./-]+(?:\?[\w=&%.+-]*)?)["'`]""")


class Kind(IntEnum):
    """What refers to a target; the first ones are visited first."""

    PAGE = 0
    FILE = 1
    MENTION = 2  # a path in a script or in JSON


@dataclass(frozen=True)
class Link:
    """A target of the same origin. `text` is what a visitor reads there."""

    target: str
    kind: Kind
    text: str = ""


@dataclass(frozen=True)
class Page:
    """The links of an answer in their order, its forms, and the encoding in which these are sent."""

    links: tuple[Link, ...] = ()
    forms: tuple[Form, ...] = ()
    encoding: str = "utf-8"


def read_page(answer: Answer, target: str, origin: str) -> Page:
    """Return what an answer to a request for `target` leads to. `origin` is the app's, as in "http://localhost:8080"."""
    content_type = answer.content_type.partition(";")[0].strip().lower()
    if len(answer.body) > _LARGEST:
        return Page()
    if content_type in ("text/html", "application/xhtml+xml"):
        return _read_html(answer, target, origin)
    if content_type.endswith(("/json", "+json")):
        return Page(tuple(_find_in_json(answer.body, target, origin)))
    if content_type.endswith(("/javascript", "/x-javascript", "/ecmascript")):
        return Page(tuple(_find_in_script(answer.body.decode("utf-8", "replace"), origin)))
    return Page()


def resolve(reference: str, base: str, origin: str) -> str | None:
    """Return the target that a reference on a page leads to, None if it leads out of the origin."""
    try:
        parts = urlsplit(urljoin(base, _CONTROL.sub("", reference.strip(" \t\n\r\f"))))
        if _origin(parts) != _origin(urlsplit(origin)):
            return None
    except ValueError:  # such as a port that is not a number
        return None
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._")
    return f"{path}?{quote(parts.query, safe=_QUERY)}" if parts.query else path


def _origin(parts: SplitResult) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port; all names of this machine are one."""
    return parts.scheme, "localhost" if parts.hostname in _THIS_MACHINE else parts.hostname, parts.port


def _read_html(answer: Answer, target: str, origin: str) -> Page:
    charset = re.search(r"charset\s*=\s*[\"']?([\w-]+)", answer.header("Content-Type"), re.IGNORECASE)
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    # Browsers guess where neither header nor page says the encoding; almost every app means UTF-8.
    tree = parser.parse(
        answer.body, transport_encoding=charset[1] if charset else None, default_encoding="utf-8", useChardet=False
    )
    here = urljoin(origin, target)
    base = next((urljoin(here, one.get("href", "")) for one in tree.iter("base") if one.get("href")), here)
    links = tuple(dict.fromkeys(_find_links(tree, base, origin)))
    return Page(links, tuple(_own_forms(tree, here, base, origin)), parser.documentEncoding or "utf-8")


def _find_links(tree: Element, base: str, origin: str) -> Iterator[Link]:
    for element in tree.iter():
        if element.tag in ("a", "area"):
            reference, kind, text = element.get("href"), Kind.PAGE, " ".join(" ".join(element.itertext()).split())
        elif element.tag == "meta" and element.get("http-equiv", "").lower() == "refresh":
            found = _REFRESH.match(element.get("content", ""))
            reference, kind, text = found[1] if found else None, Kind.PAGE, ""
        elif element.tag == "script" and not element.get("src"):
            yield from _find_in_script("".join(element.itertext()), origin)
            continue
        else:
            reference = element.get(_FILES.get(str(element.tag), "")) if element.tag in _FILES else None
            kind, text = Kind.PAGE if element.tag == "iframe" else Kind.FILE, ""
        if reference is not None and (resolved := resolve(reference, base, origin)):
            yield Link(resolved, kind, text)


def _own_forms(tree: Element, here: str, base: str, origin: str) -> Iterator[Form]:
    """Yield the forms that are sent to the app itself."""
    yield from (form for form in read_forms(tree, here, base) if resolve(form.action, base, origin))


def _find_in_script(text: str, origin: str) -> Iterator[Link]:
    for found in _QUOTED_PATH.finditer(text):
        if resolved := resolve(found[1], origin, origin):
            yield Link(resolved, Kind.MENTION)


def _find_in_json(body: bytes, target: str, origin: str) -> Iterator[Link]:
    """Yield the paths and URLs of the origin that are values in JSON, such as that of the next page."""
    try:
        pending: list[Any] = [json.loads(body)]
    except (ValueError, RecursionError):
        return
    while pending:
        value = pending.pop()
        if isinstance(value, (dict, list)):
            pending += reversed(list(value.values()) if isinstance(value, dict) else value)
        elif (
            isinstance(value, str)
            and value.startswith(("/", f"{origin}/"))
            and (found := resolve(value, urljoin(origin, target), origin))
        ):
            yield Link(found, Kind.MENTION)
