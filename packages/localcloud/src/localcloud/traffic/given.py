"""The values that an answer gives out: in fields of forms, links, JSON, cookies and the Location header."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from localcloud.traffic.recording import Answer
from localcloud.traffic.values import is_json, is_text, read_media_type

LARGEST_TEXT = 10_000_000
"""Bytes of an answer that are looked at. A page with forms is never that long."""

_URLS = frozenset({"href", "action", "src", "formaction", "cite", "poster", "data", "hx-get", "hx-post", "hx-delete"})
_HTML = frozenset({"text/html", "application/xhtml+xml"})
WORD = re.compile(r"[A-Za-z0-9]+")
_ORIGIN = re.compile(r"(https?:)?//[^/?#]*")
# Controls that send what the page has given them, as far as a visitor presses or chooses them.
_GIVEN_CONTROLS = frozenset({"submit", "image", "checkbox", "radio", "button"})


class Page(HTMLParser):
    """The fields and attributes of an HTML page, read tag by tag: what a browser repairs does not matter here.

    `fields` are names and values of hidden fields, buttons, boxes and options, and `hidden` those of hidden fields
    alone. `attributes` are URLs without their origin, and other attributes in the words of `Source`.
    """

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.fields: list[tuple[str, str]] = []
        self.hidden: list[tuple[str, str]] = []
        self.attributes: list[str] = []
        self._select = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the values of one element."""
        found = {name: value or "" for name, value in attrs}
        self._note_field(tag, found)
        if tag == "meta":
            self._note_meta(found)
        for name, value in found.items():
            if name in _URLS and value:
                self.attributes.append(without_origin(value))
            elif name.startswith("data-") and value:
                self.attributes.append(f"{name}={value}")

    def _note_field(self, tag: str, found: dict[str, str]) -> None:
        kind, name = found.get("type", "").lower(), found.get("name", "")
        if tag == "select":
            self._select = name
        elif tag == "option" and self._select and "value" in found:
            self.fields.append((self._select, found["value"]))
        elif not name or "value" not in found:
            return
        elif tag == "input" and kind == "hidden":
            self.fields.append((name, found["value"]))
            self.hidden.append((name, found["value"]))
        elif tag == "button" or (tag == "input" and kind in _GIVEN_CONTROLS):
            self.fields.append((name, found["value"]))

    def _note_meta(self, found: dict[str, str]) -> None:
        content = found.get("content", "")
        name = found.get("name") or found.get("property") or found.get("id") or ""
        if name and content:
            self.attributes.append(f"meta {name}={content}")
        elif found.get("http-equiv", "").lower() == "refresh":
            self.attributes.append(without_origin(content.partition("=")[2].strip("'\" ")))


def without_origin(url: str) -> str:
    """Return a URL without its scheme and host, which each app has its own of, and without its fragment."""
    return _ORIGIN.sub("", url.strip(), count=1).partition("#")[0]


@dataclass(frozen=True)
class Given:
    """All that an answer gives out. `page` is None if it is not HTML; `words` are the runs of letters and digits."""

    text: str
    page: Page | None
    json: tuple[tuple[str, str], ...]
    cookies: tuple[tuple[str, str], ...]
    location: str
    words: frozenset[str]


_read: WeakKeyDictionary[Answer, Given] = WeakKeyDictionary()


def read_given(answer: Answer) -> Given:
    """Return what an answer gives out; it is read once."""
    if (given := _read.get(answer)) is None:
        given = _read[answer] = _read_given(answer)
    return given


def _read_given(answer: Answer) -> Given:
    text = _read_text(answer)
    media_type = read_media_type(answer.content_type)[0]
    cookies = tuple(_read_cookies(answer))
    location = without_origin(answer.header("Location"))
    everything = " ".join([text, unquote(text), location, unquote(location), *(value for _, value in cookies)])
    return Given(
        text,
        Page(text) if media_type in _HTML else None,
        _read_json(text) if is_json(media_type) else (),
        cookies,
        location,
        frozenset(WORD.findall(everything)),
    )


def _read_json(text: str) -> tuple[tuple[str, str], ...]:
    """Return the strings and whole numbers of a JSON text with their paths, as in "posts[0].id"."""
    try:
        return tuple(_flatten(json.loads(text.lstrip(")]}',\n")), ""))  # some begin so, to be no JavaScript
    except (ValueError, RecursionError):
        return ()


def _flatten(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flatten(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _flatten(inner, f"{path}[{number}]")
    elif isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        yield path, str(value)


def _read_cookies(answer: Answer) -> list[tuple[str, str]]:
    """Return names and values of the cookies that an answer sets."""
    found = []
    for name, value in answer.headers:
        if name.lower() == "set-cookie":
            cookie = value.partition(";")[0]
            key, _, content = cookie.partition("=")
            found.append((key.strip(), unquote(_unquote_cookie(content.strip()))))
    return found


def _unquote_cookie(content: str) -> str:
    if not content.startswith('"'):
        return content
    try:
        return SimpleCookie(f"cookie={content}")["cookie"].value
    except (CookieError, KeyError):
        return content


def _read_text(answer: Answer) -> str:
    """Return the text of an answer, "" if it has none."""
    media_type, parameters = read_media_type(answer.content_type)
    if not (is_text(media_type) or is_json(media_type) or media_type in _HTML):
        return ""
    body = decompress(answer.body, answer.header("Content-Encoding").lower())
    try:
        return body.decode(parameters.get("charset", "utf-8"), "replace")
    except (LookupError, ValueError):
        return body.decode("utf-8", "replace")


def decompress(body: bytes, encoding: str) -> bytes:
    """Return a compressed body as it was before; one that cannot be read, or was decompressed already, stays."""
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return body[:LARGEST_TEXT]
    try:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress(body, LARGEST_TEXT)
    except zlib.error:
        return body[:LARGEST_TEXT]
