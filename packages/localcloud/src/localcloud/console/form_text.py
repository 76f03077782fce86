"""Texts in a form of HTML: which of them survive it, and what comes back."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SHOWN = 100
_SHOWN_BYTES = 16

# Browsers replace NUL, and each has its own way with the others.
_CONTROLS = re.compile(r"[\0-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Control:
    """The control of a form that edits a value.

    `kind` is "choice" for true and false, "line" for one line, "text" for text and "json" for JSON. `refusal` says why
    the value cannot be edited; then `kind` is "" and `text` shows the value.
    """

    kind: str
    text: str
    refusal: str = ""


def clip(text: str, most: int = _SHOWN) -> str:
    """Return the beginning of a text that is too long for its place."""
    return text if len(text) <= most else f"{text[:most]}…"


def show_bytes(data: bytes) -> str:
    """Return the size of some bytes, and the first of them in hexadecimal."""
    more = "…" if len(data) > _SHOWN_BYTES else ""
    size = "1 byte" if len(data) == 1 else f"{len(data):,} bytes"
    return f"{size}{': ' if data else ''}{data[:_SHOWN_BYTES].hex(' ')}{more}"


def survives_form(text: str) -> bool:
    """Return whether a form can hold a text so that nothing of it is lost."""
    mixed_ends = "\r" in text and text != plain_ends(text).replace("\n", "\r\n")
    return not mixed_ends and not _CONTROLS.search(text)


def plain_ends(text: str) -> str:
    """Return a text whose lines end in LF: a form sends CRLF, whatever it was given."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def restore_ends(text: str, old: str) -> str:
    """Return the text of a form with the line ends that the old text has."""
    plain = plain_ends(text)
    return plain.replace("\n", "\r\n") if "\r\n" in old else plain


def decode_text(data: bytes) -> str | None:
    """Return bytes as text if they are UTF-8 that a form can hold, else None."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return text if survives_form(text) else None
