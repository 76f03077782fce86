"""Names that come from a file or a request: keep each inside its folder, and format it for a message."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from datastore_emulator.errors import UserError

# No system takes a longer path, and looking at each part of one would take time.
_LONGEST = 4096
_LONGEST_SHOWN = 100


class OutsideError(UserError):
    """A name that leads out of its folder. The message is one line and shows the name."""


def parse_relative_path(name: str) -> PurePosixPath:
    """Return a name as a path that can only lead downwards.

    Raises OutsideError for an absolute path, "..", a backslash, a NUL byte, an empty name and one that is too long.
    "~" is a name like any other.
    """
    reason = ""
    if len(name) > _LONGEST:
        reason = f"it has more than {_LONGEST:,} characters"
    elif "\0" in name:
        reason = "it contains a NUL byte"
    elif "\\" in name:
        reason = 'write "/" between folders, not a backslash'
    elif not name.strip("/."):
        reason = "it does not name a file in the folder"
    elif name.startswith("/"):
        reason = "write it relative to the folder"
    elif ".." in name.split("/"):
        reason = 'it contains ".."'
    if reason:
        raise OutsideError(f'"{format_name(name)}" does not stay in its folder: {reason}')
    return PurePosixPath(name)


def resolve_inside(root: Path, name: str) -> Path:
    """Return the path of a name below a folder. The file need not exist.

    Raises OutsideError for a name that leads out of the folder, by itself or through a symbolic link.
    """
    path = root / parse_relative_path(name)
    try:
        real_root, real = os.path.realpath(root), os.path.realpath(path)
    except (OSError, ValueError) as error:  # a character that no file name can have
        raise OutsideError(f'"{format_name(name)}" is not a path ({error})') from error
    if os.path.commonpath([real_root, real]) != real_root:
        raise OutsideError(f'"{format_name(name)}" is a link that leads out of its folder, to {format_name(real)}')
    return path


def format_name(name: str) -> str:
    """Return a name in a form that can be printed anywhere: one line of UTF-8, shortened if it is long."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace") if _is_of_a_file(name) else ascii(name)[1:-1]
    text = format_text(text)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def format_text(text: str) -> str:
    """Return a text as one line that can be printed: control characters and line ends become escapes."""
    return text if text.isprintable() else "".join(map(_format_letter, text))


def _format_letter(letter: str) -> str:
    return letter if letter.isprintable() else ascii(letter)[1:-1]


def _is_of_a_file(name: str) -> bool:
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return False
    return True
