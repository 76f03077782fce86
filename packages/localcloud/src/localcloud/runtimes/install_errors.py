"""The reason in one line why packages cannot be installed, and the place of the installer's whole output."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from datastore_emulator.errors import UserError
from localcloud.cache import cache_directory
from localcloud.files.paths import format_text

_FAILED = re.compile(r"Failed to (?P<verb>build|download|fetch)[^`]*`(?P<package>[^`]+)`")
_DONE = {"build": "built", "download": "downloaded", "fetch": "fetched"}
_CONCLUSION = re.compile(r",? (and you require|we can conclude that|and because).*$")
# From what says most to what says least. The compiler's own error comes first, and Python's traceback ends in one.
_TELLING = (
    re.compile(r"fatal error: .*"),
    re.compile(r"[\w.]*(?:Error|Exception): .*"),
    re.compile(r"error: .*"),
)
_LONGEST = 300


class InstallError(UserError):
    """Packages that cannot be installed. `reason` is a line without the place of the log."""

    def __init__(self, named: str, python: str, output: str) -> None:
        self.reason = describe_failure(named, python, output)
        super().__init__(f"{self.reason}; the whole log: {_keep(output)}")


def describe_failure(named: str, python: str, output: str) -> str:
    """Return which package cannot be installed for a version of Python, and why, from the output of uv.

    `named` is what was to be installed, for an output that names no package.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    failed = next((found for line in lines if (found := _FAILED.search(line))), None)
    if failed:
        package = failed["package"].replace("==", " ")
        what = f"{package} cannot be {_DONE[failed['verb']]} for Python {python}"
    else:
        what = f"{named}: cannot be installed for Python {python}"
    return format_text(f"{what}: {_find_reason(lines)[:_LONGEST]}")


def _find_reason(lines: list[str]) -> str:
    causes = [line.partition(": ")[2] for line in lines if line.startswith(("cause: ", "Caused by: "))]
    if said := list(_output_of_build(lines)):
        for telling in _TELLING:
            for line in reversed(said):
                if found := telling.search(line):
                    return found[0]
        return said[0]
    said_first = causes[-1] if causes else lines[0] if lines else "the installer printed nothing"
    return _CONCLUSION.sub("", said_first.removeprefix("Because "))


def _output_of_build(lines: list[str]) -> Iterator[str]:
    """Yield the error output of the package's own build, else its output."""
    start = next((lines.index(mark) for mark in ("[stderr]", "[stdout]") if mark in lines), len(lines))
    for line in lines[start + 1 :]:
        if line.startswith("hint: "):
            return
        yield line


def _keep(output: str) -> str:
    """Write the whole output to the cache, and return the file's path."""
    file = cache_directory() / "logs" / f"install-{hashlib.sha256(output.encode()).hexdigest()[:12]}.log"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(output)
    except OSError as error:
        return f"cannot be kept ({error.strerror})"
    return str(file)
