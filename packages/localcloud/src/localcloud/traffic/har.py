"""A browser's HAR export: HTTP Archive 1.2, as Chrome, Edge, Firefox and Safari write it."""

from __future__ import annotations

import base64
import binascii
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from datastore_emulator.errors import UserError
from localcloud.traffic.recorder import Recorder
from localcloud.traffic.recording import Answer, Exchange, Headers, RecordedRequest, Recording
from localcloud.traffic.static_files import REPEATED
from localcloud.traffic.values import FORM, MULTIPART, content_type, read_media_type

_BOUNDARY = "localcloud-boundary"
_MOST_NAMED = 3


@dataclass(frozen=True)
class _Entry:
    """An entry of the archive: what is needed to decide whether it is a request to the app."""

    request: dict[str, Any]
    response: dict[str, Any]
    page: str
    scheme: str
    host: str
    target: str
    cached: bool

    @property
    def answered(self) -> bool:
        return isinstance(status := self.response.get("status"), int) and status > 0


def is_har(document: Any) -> bool:
    """Return whether a JSON document is an HTTP Archive."""
    log = document.get("log") if isinstance(document, dict) else None
    return isinstance(log, dict) and isinstance(log.get("entries"), list)


def read_har(path: Path, document: dict[str, Any]) -> Recording:
    """Return the requests to the app: those to the host whose pages were visited.

    Requests to other hosts are left out, and so are those that did not reach the app. Raises UserError if none remain.
    """
    entries = [entry for one in _sort(document["log"]["entries"]) if (entry := _read_entry(path, one))]
    host = _choose_host(entries)
    own = [entry for entry in entries if entry.host == host]
    sent = [entry for entry in own if entry.answered and not entry.cached]
    recorder = Recorder(one_visitor=True)
    requests, incomplete = [], 0
    for entry in sent:
        request = _read_request(entry)
        if request is None:
            incomplete += 1
        else:
            recorded = recorder.add(Exchange(request, _read_answer(entry), _cookies(entry)))
            requests += [recorded] if recorded else []
    if not requests:
        raise UserError(
            f"{path}: there are no requests to an app in this export; export again after you visit its pages"
        )
    others = Counter(entry.host for entry in entries if entry.host != host)
    return Recording(
        tuple(requests),
        f"{path.name}, a browser's visit to {host}",
        tuple(_describe_left_out(others, len(own) - len(sent), incomplete, recorder.repeated)),
    )


def _describe_left_out(others: Counter[str], unsent: int, incomplete: int, repeated: int) -> list[str]:
    notes = []
    if others:
        named = ", ".join(host for host, _ in others.most_common(_MOST_NAMED)) + (", ..." if len(others) > 3 else "")
        notes.append(f"left out requests to other hosts ({named}): {others.total():,}")
    if unsent:
        notes.append(f"left out requests that the browser broke off or answered from its cache: {unsent:,}")
    if incomplete:
        notes.append(f"left out uploads, whose files the export does not have: {incomplete:,}")
    if repeated:
        notes.append(f"left out {REPEATED}: {repeated:,}")
    return notes


def _sort(entries: Sequence[Any]) -> list[dict[str, Any]]:
    """Return entries in the order in which they began; those without a time stay where they are."""
    found = [entry for entry in entries if isinstance(entry, dict)]
    times = [_read_time(entry.get("startedDateTime")) for entry in found]
    if any(time is None for time in times):
        return found
    return [entry for _, entry in sorted(zip(times, found, strict=True), key=lambda pair: pair[0] or 0)]


def _read_time(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(str(text).replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return None


def _read_entry(path: Path, entry: dict[str, Any]) -> _Entry | None:
    """Return an entry; None if it is not of HTTP, as data: and WebSockets."""
    request, response = entry.get("request"), entry.get("response")
    if not isinstance(request, dict) or not isinstance(response, dict):
        raise UserError(f"{path}: an entry has no request or no response; export it again")
    try:
        parts = urlsplit(str(request.get("url", "")))
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        return None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2].lower()
    page = str(entry.get("pageref", ""))
    return _Entry(request, response, page, parts.scheme, host, target, bool(entry.get("_fromCache")))


def _choose_host(entries: Sequence[_Entry]) -> str:
    """Return the host that most pages are of; without pages, the one that most requests went to."""
    first_of_page: dict[str, str] = {}
    for entry in entries:
        if entry.page:
            first_of_page.setdefault(entry.page, entry.host)
    hosts = Counter(first_of_page.values()) or Counter(entry.host for entry in entries)
    return hosts.most_common(1)[0][0] if hosts else ""


def _read_pairs(value: Any) -> Headers:
    """Return names and values, such as headers; HTTP/2's own, which begin with a colon, are none."""
    pairs = value if isinstance(value, list) else []
    return tuple(
        (name, str(pair.get("value", "")))
        for pair in pairs
        if isinstance(pair, dict) and isinstance(name := pair.get("name"), str) and not name.startswith(":")
    )


def _read_headers(value: Any) -> Headers:
    """Return headers with values that can be sent: text that is not Latin-1 goes as UTF-8."""
    return tuple((name, _to_latin1(text.replace("\r", " "))) for name, text in _read_pairs(value))


def _to_latin1(text: str) -> str:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode("latin-1")
    return text


def _cookies(entry: _Entry) -> str:
    headers = _read_headers(entry.request.get("headers"))
    sent = "; ".join(value for name, value in headers if name.lower() == "cookie")
    return sent or "; ".join(f"{name}={value}" for name, value in _read_pairs(entry.request.get("cookies")))


def _read_request(entry: _Entry) -> RecordedRequest | None:
    """Return the request of an entry; None if the export does not have its body."""
    headers = tuple(one for one in _read_headers(entry.request.get("headers")) if one[0].lower() != "cookie")
    if not any(name.lower() == "host" for name, _ in headers):
        headers = (("Host", entry.host), *headers)
    method = str(entry.request.get("method", "GET")).upper()
    request = RecordedRequest(entry.target, method, headers=headers)
    post = entry.request.get("postData")
    if not isinstance(post, dict):
        return request if not _has_body(entry, headers) else None
    media_type = str(post.get("mimeType", ""))
    if media_type and not content_type(request):
        headers = (*headers, ("Content-Type", media_type))
    body = post.get("text")
    if isinstance(body, str) and body:
        return RecordedRequest(entry.target, method, headers=headers, body=body.encode("utf-8", "surrogatepass"))
    return _read_fields(RecordedRequest(entry.target, method, headers=headers), post.get("params"))


def _has_body(entry: _Entry, headers: Headers) -> bool:
    length = next((value for name, value in headers if name.lower() == "content-length"), "0")
    size = entry.request.get("bodySize")
    return (length.isdigit() and int(length) > 0) or (isinstance(size, int) and size > 0)


def _read_fields(request: RecordedRequest, params: Any) -> RecordedRequest | None:
    """Return a request with the fields of a form that the export lists in the place of the body."""
    fields = [one for one in params if isinstance(one, dict)] if isinstance(params, list) else []
    if any(one.get("fileName") for one in fields):
        return None
    pairs = _read_pairs(fields)
    if read_media_type(content_type(request))[0] != MULTIPART:
        return _with_body(request, urlencode(pairs).encode(), FORM)
    parts = "".join(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in pairs
    )
    return _with_body(request, f"{parts}--{_BOUNDARY}--\r\n".encode(), f"{MULTIPART}; boundary={_BOUNDARY}")


def _with_body(request: RecordedRequest, body: bytes, media_type: str) -> RecordedRequest:
    headers = tuple(one for one in request.headers if one[0].lower() != "content-type")
    return RecordedRequest(request.target, request.method, headers=(*headers, ("Content-Type", media_type)), body=body)


def _read_answer(entry: _Entry) -> Answer:
    """Return the answer; its text is decompressed already, and is written in UTF-8 here."""
    content = entry.response.get("content")
    content = content if isinstance(content, dict) else {}
    text = content.get("text")
    text = text if isinstance(text, str) else ""
    if content.get("encoding") == "base64":
        try:
            body = base64.b64decode(text)
        except binascii.Error:
            body = b""
        return Answer(entry.response["status"], _read_answer_headers(entry), body)
    media_type = read_media_type(str(content.get("mimeType", "")))[0]
    headers = tuple(one for one in _read_answer_headers(entry) if one[0].lower() != "content-type")
    headers = (*headers, ("Content-Type", f"{media_type}; charset=utf-8"))
    return Answer(entry.response["status"], headers, text.encode("utf-8", "replace"))


def _read_answer_headers(entry: _Entry) -> Headers:
    """Return the headers of an answer. One that comes several times, as Set-Cookie, has lines in some exports."""
    pairs = _read_pairs(entry.response.get("headers"))
    return tuple((name, line) for name, value in pairs for line in value.split("\n"))
