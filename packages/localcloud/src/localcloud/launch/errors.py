"""Errors of a deployment file, by file and line, and reading a file's text with such errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from datastore_emulator.errors import UserError
from localcloud.deployment.errors import TextError
from localcloud.files.paths import format_text
from localcloud.files.reading import MAX_BYTES, NotReadError, read_file, recode_utf16


class FileError(UserError):
    """An error in a file, at a line counted from 1 or, with None, in the file as a whole."""

    def __init__(self, file: Path | str, line: int | None, problem: str) -> None:
        super().__init__(format_text(f"{file}:{line}: {problem}" if line else f"{file}: {problem}"))


class LineError(Exception):
    """An error in one line, raised by code that has neither the file nor the line; see `name_place`."""


class NotFollowedError(LineError):
    """A line that may be right, and that this machine cannot follow: only the platform, or docker, can."""


class NotFollowedFileError(FileError):
    """A FileError for such a line."""


@contextmanager
def name_place(file: Path, line: int | None = None) -> Iterator[None]:
    """Turn a LineError or TextError raised inside into a FileError; a TextError brings its own line."""
    try:
        yield
    except LineError as error:
        kind = NotFollowedFileError if isinstance(error, NotFollowedError) else FileError
        raise kind(file, line, str(error)) from error
    except TextError as error:
        raise FileError(file, error.line, error.problem) from error


def read_text(file: Path, limit: int = MAX_BYTES, *, utf16: bool = False) -> str:
    """Return a file's text.

    With `utf16`, the text may also be UTF-16 if it begins with a byte order mark. Raises FileError if it is not a file,
    too large, binary or in another encoding.
    """
    try:
        content = read_file(file, limit)
        if utf16:  # a NUL that is still there comes from UTF-32
            content = recode_utf16(content)
        if b"\0" in content:
            line = content[: content.index(b"\0")].count(b"\n") + 1
            raise FileError(file, line, "there is a NUL byte in this text file; save it as UTF-8")
        return content.decode("utf-8-sig")
    except NotReadError as error:
        raise FileError(file, None, f"{error}; put a text file there") from error
    except OSError as error:
        raise FileError(file, None, f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise FileError(file, line, "not UTF-8; save the file as UTF-8") from error
