"""Read .python-version and runtime.txt: one version of Python, with comments around it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PythonVersion:
    """The version as it is written: "3.14", "3.14.2" or "python-3.14.2"."""

    line: int
    text: str


def read_python_version(text: str) -> PythonVersion | None:
    """Return the first line that is more than a comment, None if there is none."""
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        if version := line.partition("#")[0].strip():
            return PythonVersion(number, version)
    return None
