"""Read and copy files that somebody else wrote: regular files only, and no more than a limit."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Collection
from pathlib import Path

from localcloud.files.paths import OutsideError, inside

MAX_BYTES = 1_000_000
_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class NotReadError(Exception):
    """A file that is not read: what was expected of it, and what it is."""

    def __init__(self, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.expected = expected
        self.found = found


def read_file(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return a file's content.

    Raises NotReadError for what is no regular file, which is not even opened, and for more bytes than the limit;
    OSError if the file cannot be read.
    """
    check_kind(os.stat(path).st_mode)
    # Should another file have taken its place since, the opening does not wait for anybody.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        check_kind(status.st_mode)
        # The size may be a lie, as below /proc, or grow: so many bytes are read and no more.
        content = file.read(limit + 1) if status.st_size <= limit else b""
        if status.st_size > limit or len(content) > limit:
            raise NotReadError(f"at most {limit:,} bytes", f"{max(status.st_size, len(content)):,}")
    return content


def check_kind(mode: int) -> None:
    """Raise NotReadError, by name, for the mode of anything but a regular file."""
    for is_kind, name in _KINDS:
        if is_kind(mode):
            raise NotReadError("a file", name)


def copy_folder(source: Path, target: Path, leave_out: Collection[str] = ()) -> None:
    """Copy a folder's regular files and links to a new folder; a link stays a link.

    What is neither (a named pipe, a device) and every link that leads out of the folder stay behind, with all files
    and folders of the names in `leave_out`.
    """

    def ignore(directory: str, names: list[str]) -> set[str]:
        return {name for name in names if name in leave_out or not _can_be_copied(source, Path(directory, name))}

    shutil.copytree(source, target, symlinks=True, ignore=ignore)


def _can_be_copied(root: Path, path: Path) -> bool:
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            inside(root, path.relative_to(root).as_posix())
    except (OSError, OutsideError):
        return False
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)
