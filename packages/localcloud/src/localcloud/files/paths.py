"""Hold every path that comes from a file or a request inside its folder."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from datastore_emulator.errors import UserError

# Longer than any path that a system takes; to look at each part of more would only take time.
_LONGEST = 4096
_LONGEST_SHOWN = 100


class OutsideError(UserError):
    """A name that does not stay in its folder; the message is one line and shows the name."""


def relative_name(name: str) -> PurePosixPath:
    """Return a name as a path that can only lead downwards.

    Raises OutsideError for an absolute path, for "..", a backslash, a NUL byte, no name at all and one that is too
    long. "~" is a name like any other.
    """
    reason = ""
    if len(name) > _LONGEST:
        reason = f"a path has at most {_LONGEST:,} characters"
    elif "\0" in name:
        reason = "a path has no NUL byte"
    elif "\\" in name:
        reason = 'write "/" between folders, not a backslash'
    elif not name.strip("/."):
        reason = "it names no file in the folder"
    elif name.startswith("/"):
        reason = "write it relative to the folder"
    elif ".." in name.split("/"):
        reason = 'a path inside the folder has no ".."'
    if reason:
        raise OutsideError(f'"{shown(name)}" does not stay in its folder: {reason}')
    return PurePosixPath(name)


def inside(root: Path, name: str) -> Path:
    """Return the path of a name below a folder; the file need not exist.

    Raises OutsideError for a name that leads out of the folder, by itself or through a symbolic link.
    """
    path = root / relative_name(name)
    try:
        real_root, real = os.path.realpath(root), os.path.realpath(path)
    except (OSError, ValueError) as error:  # a character that no file name can have
        raise OutsideError(f'"{shown(name)}" is no path ({error})') from error
    if os.path.commonpath([real_root, real]) != real_root:
        raise OutsideError(f'"{shown(name)}" is a link that leads out of its folder, to {shown(real)}')
    return path


def shown(name: str) -> str:
    """Return a name as it can be printed anywhere: in one line, in UTF-8, not too long."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace") if _is_of_a_file(name) else ascii(name)[1:-1]
    text = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _is_of_a_file(name: str) -> bool:
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True
