"""Forms with files (multipart/form-data): read as a browser sends them, and written for the app."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser


class FormError(Exception):
    """A form that cannot be read; the text says why."""


@dataclass(frozen=True)
class Part:
    """One field of a form, with its Content-Disposition as it was sent; `filename` is None if it is no file."""

    disposition: str
    content_type: str
    content: bytes
    filename: str | None = None


def read_form(content_type: str, body: bytes) -> Iterator[Part]:
    """Yield the parts of a form; raises FormError."""
    message = Message()
    message["Content-Type"] = content_type
    boundary = message.get_boundary()
    if not boundary:
        raise FormError("its Content-Type names no boundary")
    _, *sections = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("latin-1"))
    if not sections or not sections[-1].startswith(b"--"):
        raise FormError("its end is missing")
    for section in sections[:-1]:
        head, _, content = section.partition(b"\r\n\r\n")
        yield _read_part(head.lstrip(), content)


def _read_part(head: bytes, content: bytes) -> Part:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        raise FormError("a name in it is not UTF-8; serve the page with the form as UTF-8") from error
    headers = HeaderParser().parsestr(text)
    if headers.get_param("name", header="Content-Disposition") is None:
        raise FormError("a field has no name")
    filename = headers.get_filename()
    if (headers["Content-Transfer-Encoding"] or "").strip().lower() == "base64":
        try:
            content = base64.b64decode(content)
        except binascii.Error as error:
            raise FormError(f"a field is not base64, as it says ({error})") from error
    default = "text/plain" if filename is None else "application/octet-stream"
    return Part(
        disposition=" ".join(headers["Content-Disposition"].split()),
        content_type=" ".join((headers["Content-Type"] or default).split()),
        content=content,
        filename=filename,
    )


def join_form(parts: Iterable[Part]) -> tuple[bytes, bytes]:
    """Return the Content-Type and the body of a form."""
    boundary = secrets.token_hex(16).encode()
    pieces = []
    for part in parts:
        head = f"Content-Type: {part.content_type}\r\nContent-Disposition: {part.disposition}\r\n\r\n"
        pieces += [b"--" + boundary, head.encode() + part.content]
    body = b"\r\n".join([*pieces, b"--" + boundary + b"--", b""])
    return b'multipart/form-data; boundary="' + boundary + b'"', body
