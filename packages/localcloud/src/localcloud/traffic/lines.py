"""One request as a line of JSON, which a person can read, write and compare. docs/record.md describes each field."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from localcloud.files.paths import format_text
from localcloud.traffic.patterns import KINDS
from localcloud.traffic.recording import Headers, RecordedRequest, Source, Taken
from localcloud.traffic.values import FORM, content_type, is_json, read_media_type

VERSION = 1
_HEADER = "localcloud recording"
_JSON = "application/json"
_FIELDS = ("target", "method", "session", "app", "headers", "form", "json", "body", "body_base64", "taken")
_BODIES = ("form", "json", "body", "body_base64")
# RFC 9110, 5.6.2: the letters of methods and of headers' names.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_SAFE_IN_TARGET = "!$%&'()*+,/:;=?@[]~\"<>\\^`{|}"


class LineError(Exception):
    """A line that is not a request: what is wrong with it, and what to write."""


def format_header(origin: str) -> str:
    """Return the first line of a recording."""
    return _format({_HEADER: VERSION, "origin": origin})


def read_header(fields: Mapping[str, Any]) -> str | None:
    """Return the origin that the first line of a recording names; None for another line."""
    if _HEADER not in fields:
        return None
    if fields[_HEADER] != VERSION:
        raise LineError(f"this is version {fields[_HEADER]!r} of the format, and only {VERSION} is known; record again")
    return str(fields.get("origin", ""))


def format_request(request: RecordedRequest) -> str:
    """Return a request as a line; what is as usual is left out."""
    body = _format_body(request)
    fields: dict[str, Any] = {"target": request.target}
    if request.method != _default_method(body):
        fields["method"] = request.method
    if request.session != "1":
        fields["session"] = request.session
    if request.app:
        fields["app"] = request.app
    implied = {"form": FORM, "json": _JSON}.get(next(iter(body), ""))
    if headers := [list(one) for one in request.headers if not _is_implied(one, implied)]:
        names = {name.lower() for name, _ in headers}
        fields["headers"] = dict(headers) if len(names) == len(headers) else headers
    fields.update(body)
    if request.taken:
        fields["taken"] = [_format_taken(taken) for taken in request.taken]
    return _format(fields)


def _is_implied(header: tuple[str, str], media_type: str | None) -> bool:
    return header[0].lower() == "content-type" and header[1] == media_type


def _format(fields: Mapping[str, Any]) -> str:
    # U+2028 and the like end a line for some programs.
    return re.sub("[\x7f-\x9f\u2028\u2029\ud800-\udfff]", _escape, json.dumps(fields, ensure_ascii=False))


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def _default_method(fields: Mapping[str, Any]) -> str:
    return "POST" if any(name in fields for name in _BODIES) else "GET"


def _format_body(request: RecordedRequest) -> dict[str, Any]:
    """Return a body as the field that is the most readable one of those that keep every byte."""
    if not request.body:
        return {}
    try:
        text = request.body.decode()
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(request.body).decode()}
    media_type = read_media_type(content_type(request))[0]
    if media_type == FORM:
        pairs = parse_qsl(text, keep_blank_values=True)
        if urlencode(pairs) == text:
            names = {name for name, _ in pairs}
            return {"form": dict(pairs) if len(names) == len(pairs) else [list(pair) for pair in pairs]}
    elif is_json(media_type):
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return {"body": text}
        if _write_json(value) == text:
            return {"json": value}
    return {"body": text}


def _write_json(value: Any) -> str:
    """Return a value as JSON.stringify of browsers writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _format_taken(taken: Taken) -> dict[str, Any]:
    source = taken.source
    fields = {"value": taken.value, "request": source.request, source.kind: source.pattern}
    return {**fields, "number": source.number} if source.number else fields


def parse_request(fields: Mapping[str, Any], number: int) -> RecordedRequest:
    """Return the request that a line describes, the `number`th of its file; raises LineError."""
    if unknown := [name for name in fields if name not in _FIELDS]:
        raise LineError(f'there is no field "{format_text(unknown[0])}"; a request may have {", ".join(_FIELDS)}')
    if len(bodies := [name for name in _BODIES if name in fields]) > 1:
        raise LineError(f'"{bodies[0]}" and "{bodies[1]}" are both the body; write one of them')
    method = fields.get("method", _default_method(fields))
    if not isinstance(method, str) or not _TOKEN.fullmatch(method):
        raise LineError('"method" is no method of HTTP; write it as "POST"')
    session, app = fields.get("session", "1"), fields.get("app", "")
    if not isinstance(session, str | int) or not isinstance(app, str):
        raise LineError('"session" and "app" are names; write them as "1"')
    headers = _parse_headers(fields.get("headers", {}))
    body, implied = _parse_body(fields)
    if implied and not any(name.lower() == "content-type" for name, _ in headers):
        headers = (("Content-Type", implied), *headers)
    taken = fields.get("taken", [])
    if not isinstance(taken, list):
        raise LineError('"taken" is a list, as in [{"value": "abc123", "request": 1, "field": "csrf_token"}]')
    return RecordedRequest(
        target=_parse_target(fields.get("target")),
        method=method,
        session=str(session),
        app=app,
        headers=headers,
        body=body,
        taken=tuple(_parse_taken(one, number) for one in taken),
    )


def _parse_target(target: Any) -> str:
    if not isinstance(target, str) or not target.startswith("/"):
        raise LineError('"target" is missing or no path; write the path with its query, as in "/posts?page=2"')
    # A person writes "/café"; a browser sends it so.
    return quote(target.partition("#")[0], safe=_SAFE_IN_TARGET)


def _parse_headers(value: Any) -> Headers:
    pairs = list(value.items()) if isinstance(value, dict) else value
    if not isinstance(pairs, list) or not all(_is_pair(pair) for pair in pairs):
        raise LineError('"headers" are names and values, as in {"Accept-Language": "de"}')
    for name, text in pairs:
        if not _TOKEN.fullmatch(name) or any(letter in text for letter in "\r\n\0") or not _is_latin1(text):
            raise LineError(f'"{format_text(name)}" is no header that can be sent; its value is one line of Latin-1')
    return tuple((name, text) for name, text in pairs)


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2 and all(isinstance(one, str) for one in pair)


def _is_latin1(text: str) -> bool:
    return all(ord(letter) < 256 for letter in text)


def _parse_body(fields: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return the body, and the Content-Type that goes with it."""
    if "form" in fields:
        form = fields["form"]
        pairs = list(form.items()) if isinstance(form, dict) else form
        if not isinstance(pairs, list) or not all(_is_pair(pair) for pair in pairs):
            raise LineError('"form" are names and values, as in {"text": "Hello"}')
        return urlencode([tuple(pair) for pair in pairs]).encode(), FORM
    if "json" in fields:
        return _write_json(fields["json"]).encode(), _JSON
    body, encoded = fields.get("body", ""), fields.get("body_base64", "")
    if not isinstance(body, str) or not isinstance(encoded, str):
        raise LineError('"body" is a text; write "json" for anything else')
    try:
        return body.encode() or base64.b64decode(encoded, validate=True), ""
    except ValueError as error:
        raise LineError(f'"body" cannot be sent, or "body_base64" is no Base64: {error}') from error


def _parse_taken(value: Any, number: int) -> Taken:
    fields = value if isinstance(value, dict) else {}
    kinds = [kind for kind in KINDS if kind in fields]
    text, request, place = fields.get("value"), fields.get("request"), fields.get("number", 0)
    if len(kinds) != 1 or not isinstance(fields[kinds[0]], str) or not isinstance(text, str) or not text:
        raise LineError(f'"taken" needs "value", "request" and one of {", ".join(KINDS)}')
    if not isinstance(request, int) or not 1 <= request < number or not isinstance(place, int) or place < 0:
        raise LineError(f'"taken" has "request": {request!r}, which is not the number of a request before this one')
    return Taken(text, Source(request, kinds[0], fields[kinds[0]], place))
