"""Read and copy untrusted files: regular files only, up to a limit."""

from __future__ import annotations

import codecs
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from localcloud.files.paths import OutsideError, resolve_inside

MAX_BYTES = 1_000_000
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class NotReadError(Exception):
    """A file that is not read: what kind of file was expected, and what was found."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


def read_file(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return a file's content.

    Raises NotReadError for anything but a regular file, without opening it, and for more bytes than the limit.
    Raises OSError if the file cannot be read.
    """
    check_is_file(os.stat(path).st_mode)
    # If a named pipe has taken the file's place since, opening must not wait for a writer.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        check_is_file(status.st_mode)
        # Files below /proc report no size, and a file may grow: never read more than the limit.
        content = file.read(limit + 1) if status.st_size <= limit else b""
        if status.st_size > limit or len(content) > limit:
            raise NotReadError(f"at most {limit:,} bytes", f"{max(status.st_size, len(content)):,}")
    return content


def recode_utf16(content: bytes) -> bytes:
    """Return a text in UTF-16 as UTF-8, and any other content as it is. UTF-16 begins with a byte order mark.

    Raises UnicodeDecodeError for a text that begins so and is not UTF-16.
    """
    return content.decode("utf-16").encode() if content.startswith(_UTF16_MARKS) else content


def check_is_file(mode: int) -> None:
    """Raise NotReadError, with the kind of file, if the mode is not a regular file's."""
    for is_kind, name in _KINDS:
        if is_kind(mode):
            raise NotReadError("a file", name)


def copy_folder(source: Path, target: Path, leaves_out: Callable[[Path], bool] = lambda path: False) -> None:
    """Copy a folder's regular files and links to a new folder. A link stays a link.

    Named pipes, devices and links that lead out of the folder are left out, and so is every file or folder of the
    source for which `leaves_out` is true.
    """

    def ignore(directory: str, names: list[str]) -> set[str]:
        paths = {name: Path(directory, name) for name in names}
        return {name for name, path in paths.items() if leaves_out(path) or not _can_be_copied(source, path)}

    shutil.copytree(source, target, symlinks=True, ignore=ignore)


def _can_be_copied(root: Path, path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            resolve_inside(root, path.relative_to(root).as_posix())
    except (OSError, OutsideError):
        return False
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)
