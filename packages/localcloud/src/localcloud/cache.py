"""The directory in which environments, packages and images are kept between runs: its place, its size and its end.

It needs the standard library only, so that `make clean CACHE=1` works without the tool's environment.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from datastore_emulator.errors import UserError

# What runtimes and tests put there. Nothing else is removed, since $LOCALCLOUD_CACHE may name any directory.
_OURS = re.compile(r"environments|containers|logs|(legacy-sdk|python27)-[0-9a-f]{20}(\.lock)?")


def cache_directory() -> Path:
    """Return $LOCALCLOUD_CACHE, else localcloud/ in the user's cache directory."""
    if own := os.environ.get("LOCALCLOUD_CACHE"):
        return Path(own)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "localcloud"
    # https://specifications.freedesktop.org/basedir-spec/latest/#variables: a relative path is invalid.
    home = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(home) if os.path.isabs(home) else Path.home() / ".cache") / "localcloud"


def measure_cache() -> int:
    """Return how many bytes the cache takes on the disk; a file with several names counts once."""
    seen: dict[tuple[int, int], int] = {}
    for entry in _find_entries():
        for folder, _, names in os.walk(entry):
            for path in [folder, *(os.path.join(folder, name) for name in names)]:
                _note_size(path, seen)
        _note_size(str(entry), seen)
    return sum(seen.values())


def remove_cache() -> None:
    """Remove what the cache holds; raises UserError if some of it cannot be removed."""
    for entry in _find_entries():
        try:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        except OSError as error:
            path = error.filename or entry
            raise UserError(f"{path}: cannot be removed: {(error.strerror or str(error)).lower()}") from error
    directory = cache_directory()
    if directory.is_dir() and not directory.is_symlink() and not any(directory.iterdir()):
        directory.rmdir()


def describe_size(size: int) -> str:
    """Return a size as people read it, as in "1.8 GB"."""
    for unit, one in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= one:
            return f"{size / one:.1f} {unit}" if size < 10 * one else f"{size / one:.0f} {unit}"
    return f"{size} bytes"


def _find_entries() -> Iterator[Path]:
    directory = cache_directory()
    if directory.is_dir():
        yield from (entry for entry in sorted(directory.iterdir()) if _OURS.fullmatch(entry.name))


def _note_size(path: str, seen: dict[tuple[int, int], int]) -> None:
    try:
        status = os.lstat(path)
    except OSError:  # removed meanwhile
        return
    seen[status.st_dev, status.st_ino] = getattr(status, "st_blocks", 0) * 512 or status.st_size
