"""The body of an answer as lines: HTML and XML as elements and text, JSON as values, text as text, else its bytes."""

from __future__ import annotations

import codecs
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from email.message import Message
from http import HTTPStatus
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import html5lib

from localcloud.compare.lines.places import general_name
from localcloud.compare.observation import Line
from localcloud.traffic import Answer

_INDENT = "  "
# The white space that HTML folds; a no-break space is text.
_WHITE_SPACE = re.compile(r"[ \t\n\f\r]+")
_KEEPS_SPACE = {"pre", "textarea", "script", "style"}
_TEXT_TYPES = ("text/", "application/javascript", "application/ecmascript", "application/x-www-form-urlencoded")
_LINE_ENDS_ARE_FREE = ("/html", "/xhtml+xml", "xml", "json", "css", "javascript", "ecmascript")
# To read a page so large as a tree takes minutes.
_LARGEST_TREE = 5_000_000
# A tree deeper than this is compared as text: to walk it would take as many calls inside each other.
_DEEPEST = 400
_ERROR = 400
_BARE_ELEMENTS = {"html", "head", "title", "meta", "style", "body", "h1", "h2", "p", "br", "hr", "center", "pre", "tt"}
_BARE_ATTRIBUTES = {
    "html lang=",
    "html > head > meta name=",
    "html > head > meta content=",
    "html > head > meta charset=",
}


def document_lines(answer: Answer) -> tuple[Line, ...]:
    """Return the body of an answer as lines. Two bodies that mean the same to a reader have the same lines.

    The bare page that a framework writes for an error is one line, since each framework has its own words.
    """
    body = answer.body
    if not body:
        return ()
    kind, charset = media_type(answer.content_type)
    read = _reader(kind)
    if read is None and not kind.startswith(_TEXT_TYPES) and (kind or not _is_utf8(body)):
        return (Line("bytes", f"{len(body):,} bytes, SHA-256 {hashlib.sha256(body).hexdigest()}"),)
    text = _decode(body, charset)
    lines = read(text) if read and len(text) <= _LARGEST_TREE else None
    if answer.status >= _ERROR and _is_bare(answer.status, lines or ()):
        return (Line("error page", f"the framework's page for {answer.status}"),)
    return lines if lines is not None else tuple(_text(text, body, kind))


def _text(text: str, body: bytes, kind: str) -> Iterator[Line]:
    """Yield a text with what programs that read it by bytes may need, as a spreadsheet needs the mark to know UTF-8."""
    if not kind.endswith(_LINE_ENDS_ARE_FREE):
        if body.startswith(codecs.BOM_UTF8):
            yield Line("byte order mark", "begins with the byte order mark of UTF-8")
        if "\r\n" in text:
            yield Line("line ends", "lines end with CR LF")
    for line in text.splitlines():
        yield Line("text", line)


def _is_bare(status: int, lines: Sequence[Line]) -> bool:
    """Return whether an error page has nothing but a title with the status, a heading and a text.

    As those of webob, Werkzeug, Django, Bottle, gunicorn and nginx have.
    """
    elements = {line.text.strip(" <>") for line in lines if line.text.lstrip().startswith("<")}
    title = [line.text for line in lines if line.place.endswith("title text")]
    attributes = {line.place for line in lines if line.place.endswith("=")}
    return (
        elements <= _BARE_ELEMENTS
        and attributes <= _BARE_ATTRIBUTES
        and any(str(status) in text or HTTPStatus(status).phrase in text for text in title)
    )


def _reader(kind: str) -> Callable[[str], tuple[Line, ...] | None] | None:
    """Return what reads a document of this type, if it is more than text; it returns None for one that is broken."""
    if kind in {"text/html", "application/xhtml+xml"}:
        return _html
    if kind == "application/json" or kind.endswith("+json"):
        return _json
    if kind in {"application/xml", "text/xml"} or kind.endswith("+xml"):
        return _xml
    return None


def media_type(content_type: str) -> tuple[str, str]:
    """Return the type of a Content-Type header and its charset, both in small letters, "" for none."""
    message = Message()
    message["Content-Type"] = content_type
    return (message.get_content_type() if content_type else "", message.get_content_charset() or "")


def _decode(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset or "utf-8", "backslashreplace").removeprefix("\ufeff")
    except (LookupError, ValueError):  # no charset of text, as "hex" and "undefined" are to Python
        return body.decode("latin-1")


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _html(text: str) -> tuple[Line, ...] | None:
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    tree = parser.parse(text)
    lines = _tree(tree)
    # Without a doctype, browsers lay a page out in another way: https://dom.spec.whatwg.org/#concept-document-quirks
    return None if lines is None else (Line("doctype", f"layout mode: {parser.compatMode}"), *lines)


def _xml(text: str) -> tuple[Line, ...] | None:
    try:
        return _tree(ElementTree.fromstring(text.encode()))
    except (ElementTree.ParseError, ValueError):
        return None


def _json(text: str) -> tuple[Line, ...] | None:
    try:
        return tuple(_value(json.loads(text), "", "", 0))
    except (ValueError, RecursionError):
        return None


def _tree(tree: Element) -> tuple[Line, ...] | None:
    try:
        return tuple(_element(tree, "", 0))
    except RecursionError:
        return None


def _element(element: Element, parents: str, depth: int) -> Iterator[Line]:
    if not isinstance(element.tag, str):  # a comment
        return
    if depth > _DEEPEST:
        raise RecursionError
    place = f"{parents} > {element.tag}" if parents else element.tag
    yield Line(place, f"{_INDENT * depth}<{element.tag}>")
    inside = _INDENT * (depth + 1)
    for name, value in sorted(element.items()):
        text = " ".join(sorted(value.split())) if name == "class" else value
        yield Line(f"{place} {name}=", f'{inside}{name}="{text}"')
    keeps = element.tag in _KEEPS_SPACE
    yield from _characters(element.text, place, inside, keeps)
    for child in element:
        yield from _element(child, place, depth + 1)
        yield from _characters(child.tail, place, inside, keeps)


def _characters(text: str | None, place: str, inside: str, keeps_space: bool) -> Iterator[Line]:
    if not text:
        return
    lines = text.splitlines() if keeps_space else [_WHITE_SPACE.sub(" ", text).strip(" ")]
    for line in lines:
        if line.strip():
            yield Line(f"{place} text", inside + line)


def _value(value: object, name: str, place: str, depth: int) -> Iterator[Line]:
    label = f"{_INDENT * depth}{json.dumps(name, ensure_ascii=False)}: " if name else _INDENT * depth
    shown = place or "JSON"
    if isinstance(value, dict):
        yield Line(shown, label + "{")
        for key in sorted(value):
            name = general_name(key)
            yield from _value(value[key], key, f"{place}.{name}" if place else name, depth + 1)
        yield Line(shown, _INDENT * depth + "}")
    elif isinstance(value, list):
        yield Line(shown, label + "[")
        for item in value:
            yield from _value(item, "", f"{place}[]", depth + 1)
        yield Line(shown, _INDENT * depth + "]")
    else:
        yield Line(shown, label + json.dumps(value, ensure_ascii=False))
