"""Mistakes in a deployment file, told by file and line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datastore_emulator.errors import UserError
from localcloud.files.reading import MAX_BYTES, NotReadError, read_file


class LineError(Exception):
    """A mistake in one line, raised by a reader that does not know which line it reads; see `located`."""


def mistake(file: Path | str, line: int | None, text: str) -> UserError:
    """Return the error for a mistake in a file, at a line counted from 1 or, with None, in the file as a whole."""
    return UserError(f"{file}:{line}: {text}" if line else f"{file}: {text}")


@contextmanager
def located(file: Path, line: int) -> Iterator[None]:
    """Give every LineError raised inside its file and line."""
    try:
        yield
    except LineError as found:
        raise mistake(file, line, str(found)) from found


def read_text(file: Path, limit: int = MAX_BYTES) -> str:
    """Return a file's text; raises UserError for what is no file, too large, binary or not UTF-8."""
    try:
        content = read_file(file, limit)
        if b"\0" in content:
            line = content[: content.index(b"\0")].count(b"\n") + 1
            raise mistake(file, line, "expected text, found a NUL byte; save the file as UTF-8")
        return content.decode("utf-8-sig")
    except NotReadError as error:
        raise mistake(file, None, f"{error}; put a file of text there") from error
    except OSError as error:
        raise mistake(file, None, f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise mistake(file, line, "expected UTF-8 text, found other bytes; save the file as UTF-8") from error
