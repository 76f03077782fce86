"""Paths that an app's source names, such as those of its routes: pages that no other page may link."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from localcloud.files.reading import NotReadError, read_file

_MOST = 20
_MOST_FILES = 300
# Other people's code, and what is no app.
_NOT_THE_APP = {"lib", "libs", "vendor", "third_party", "node_modules", "env", "venv", "test", "tests", "site-packages"}
# A whole string, with nothing in it that stands for something else.
_PATH = re.compile(r"""["'](/[A-Za-z0-9][\w./-]*)["']""")
_OF_THE_SYSTEM = ("/_ah/", "/usr/", "/tmp/", "/var/", "/etc/", "/bin/", "/opt/", "/dev/", "/proc/", "/home/")


def find_mentions(directory: Path) -> list[str]:
    """Return paths in the quoted strings of an app's Python files, in a fixed order and not too many."""
    found: dict[str, None] = {}
    for file in _list_source(directory):
        with suppress(OSError, NotReadError):
            for path in _PATH.findall(read_file(file).decode("utf-8", "replace")):
                if not f"{path}/".startswith(_OF_THE_SYSTEM):
                    found[path] = None
    return list(found)[:_MOST]


def _list_source(directory: Path) -> Iterator[Path]:
    """Yield the Python files of a folder; those at the top come first."""
    count = 0
    for folder, folders, names in os.walk(directory):
        folders[:] = sorted(name for name in folders if name.lower() not in _NOT_THE_APP and not name.startswith("."))
        for name in sorted(names):
            if name.endswith(".py") and not name.startswith("test_"):
                yield Path(folder, name)
                count += 1
                if count >= _MOST_FILES:
                    return
