"""The values that a request consists of, each with its place: read them, and replace some of them.

All that is not replaced stays as it is, byte for byte.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from email.message import Message
from typing import NamedTuple
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from localcloud.traffic.recording import RecordedRequest

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

_TEXTS = re.compile(r"text/|.*[/+](xml|(x-)?javascript|graphql|yaml|x-yaml|x-ndjson)$")
_JSON = re.compile(r"application/(.*\+)?json$|text/json$")
_JSON_TOKEN = re.compile(
    r'(?P<string>"(?:[^"\\]|\\.)*")(?P<key>\s*:)?|(?P<number>-?\d[\d.eE+-]*)|(?P<open>[{\[])|(?P<close>[}\]])'
)
_ORIGIN = re.compile(r"[A-Za-z]+://[^/?]*")
_PAIRS = re.compile(r"([&;])")
_SHORTEST = 5
_LONGEST = 4000
# A path may have these letters as they are (RFC 3986, 3.3), and `quote` keeps letters, digits and "_.-~" itself.
_PATH_SAFE = "!$&'()*+,;=:@"


class Place(NamedTuple):
    """Where a value is in a request.

    `part` is "path", "query", "header", "cookie", "form", "json" or "text"; `name` is the header's, the cookie's, the
    field's or the nearest key's, "" for a part without names.
    """

    part: str
    name: str = ""


Change = Callable[[Place, str], str]
"""Receives a value, decoded, and returns what is to be there instead."""


def change_values(request: RecordedRequest, change: Change) -> RecordedRequest:
    """Return the request with each value as `change` returns it."""
    headers = tuple((name, _change_header(name, value, change)) for name, value in request.headers)
    body = _change_body(request.body, content_type(request), change) if request.body else b""
    return replace(request, target=change_target(request.target, change), headers=headers, body=body)


def list_values(request: RecordedRequest) -> list[tuple[Place, str]]:
    """Return all values of a request with their places."""
    found: list[tuple[Place, str]] = []

    def note(place: Place, value: str) -> str:
        found.append((place, value))
        return value

    change_values(request, note)
    return found


def looks_handed_out(value: str) -> bool:
    """Return whether a value looks like a token or an id: not a word, not a small number, not a sentence."""
    if not _SHORTEST <= len(value) <= _LONGEST or not value.isascii() or not value.isprintable() or " " in value:
        return False
    return any(letter.isdigit() for letter in value) or (len(value) >= 20 and value.lower() != value != value.upper())


def content_type(request: RecordedRequest) -> str:
    """Return the Content-Type header of a request, "" if it has none."""
    return next((value for name, value in request.headers if name.lower() == "content-type"), "")


def read_media_type(header: str) -> tuple[str, dict[str, str]]:
    """Return the type of a Content-Type header in small letters, and its parameters."""
    message = Message()
    message["Content-Type"] = header
    parameters = message.get_params(failobj=[("", "")])
    return parameters[0][0].lower().strip(), {name.lower(): value for name, value in parameters[1:]}


def is_json(media_type: str) -> bool:
    """Return whether a media type is JSON, as application/vnd.api+json is, too."""
    return _JSON.match(media_type) is not None


def is_text(media_type: str) -> bool:
    """Return whether a media type is of texts that are neither JSON nor a form."""
    return _TEXTS.match(media_type) is not None


def change_target(target: str, change: Change) -> str:
    """Return a target, or another URL, with the values in its path and query as `change` returns them."""
    path, mark, query = target.partition("?")
    changed = "/".join(_change_encoded(Place("path"), part, change, _encode_path, unquote) for part in path.split("/"))
    return changed + mark + _change_pairs(query, "query", change)


def _encode_path(value: str) -> str:
    return quote(value, safe=_PATH_SAFE)


def _change_pairs(text: str, part: str, change: Change) -> str:
    """Return a query or a form with the values as `change` returns them."""
    pieces = _PAIRS.split(text)
    for number in range(0, len(pieces), 2):
        name, equals, value = pieces[number].partition("=")
        if equals:
            place = Place(part, unquote_plus(name))
            pieces[number] = name + equals + _change_encoded(place, value, change, quote_plus, unquote_plus)
        elif name:  # a query such as ?5629499534213120
            pieces[number] = _change_encoded(Place(part), name, change, quote_plus, unquote_plus)
    return "".join(pieces)


def _change_encoded(
    place: Place, text: str, change: Change, encode: Callable[[str], str], decode: Callable[[str], str]
) -> str:
    value = decode(text)
    changed = change(place, value) if value else value
    return text if changed == value else encode(changed)


def _change_header(name: str, value: str, change: Change) -> str:
    lower = name.lower()
    if lower == "cookie":
        return "; ".join(_change_cookie(pair, change) for pair in value.split("; "))
    if lower == "referer":
        origin = _ORIGIN.match(value)
        start = origin.end() if origin else 0
        return value[:start] + change_target(value[start:], change)
    return change(Place("header", lower), value)


def _change_cookie(pair: str, change: Change) -> str:
    name, equals, value = pair.partition("=")
    return name + equals + change(Place("cookie", name.strip()), value)


def _change_body(body: bytes, header: str, change: Change) -> bytes:
    media_type, parameters = read_media_type(header)
    if media_type == MULTIPART and (boundary := parameters.get("boundary")):
        return _change_multipart(body, boundary.encode("latin-1", "replace"), change)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return body
    if media_type == FORM:
        return _change_pairs(text, "form", change).encode()
    if is_json(media_type):
        return change_json(text, change).encode()
    return change(Place("text"), text).encode() if is_text(media_type) else body


def change_json(text: str, change: Change) -> str:
    """Return a JSON text with its strings and numbers as `change` returns them; a text that is not JSON stays."""
    try:
        json.loads(text)
    except ValueError:
        return text
    names = [""]

    def rewrite(found: re.Match[str]) -> str:
        if found["open"]:
            names.append(names[-1])
        elif found["close"]:
            names.pop()
        elif found["key"]:
            names[-1] = json.loads(found["string"])
        else:
            value = json.loads(found["string"]) if found["string"] else found["number"]
            changed = change(Place("json", names[-1]), value)
            if changed != value:
                return changed if found["number"] and _is_number(changed) else json.dumps(changed)
        return found[0]

    return _JSON_TOKEN.sub(rewrite, text)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?", text) is not None


def _change_multipart(body: bytes, boundary: bytes, change: Change) -> bytes:
    """Return a multipart body with its fields as `change` returns them; files stay."""
    parts = body.split(b"--" + boundary)
    for number, part in enumerate(parts):
        head, blank, content = part.partition(b"\r\n\r\n")
        name = _read_field_name(head)
        if not blank or name is None:
            continue
        try:
            value = content.removesuffix(b"\r\n").decode()
        except UnicodeDecodeError:
            continue
        changed = change(Place("form", name), value) if value else value
        if changed != value:
            parts[number] = head + blank + changed.encode() + (b"\r\n" if content.endswith(b"\r\n") else b"")
    return (b"--" + boundary).join(parts)


def _read_field_name(head: bytes) -> str | None:
    """Return the name of the field that the headers of a part are about; None for a file."""
    headers = Message()
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip()] = value.strip()
    field = headers.get_param("name", header="content-disposition")
    return field if isinstance(field, str) and headers.get_filename() is None else None
