"""Writes a report where the user wants it."""

from __future__ import annotations

from pathlib import Path

from datastore_emulator.errors import UserError


def write_report_file(path: Path, text: str) -> None:
    """Write a text as UTF-8, and make the folder if there is none; raises UserError if that is not possible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UserError(f"{path}: cannot write the report ({reason}); choose another file") from error
