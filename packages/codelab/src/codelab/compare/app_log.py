"""The output of an app: finds the last error in it."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

_LINE = re.compile(r'File "([^"]+)", line (\d+)')
# An exception's last line, or what gunicorn prints when it cannot find the app.
_EXCEPTION = re.compile(
    r"^(?:(?:[\w.]+\.)?[A-Z]\w*(?:Error|Exception|Exit|Interrupt|NotFound|Warning)\b|Failed to find attribute ).*"
)


@dataclass
class AppLog:
    """The lines that apps have printed, each with the app's name; call it to add one."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, name: str, line: str) -> None:
        """Add a line of this app."""
        self.lines.append((name, line))

    def forget(self, name: str) -> None:
        """Drop the lines of this app."""
        self.lines = [line for line in self.lines if line[0] != name]

    def last_error(self, name: str, folder: Path, *, patience: float) -> str | None:
        """Return an app's last exception with its line in its own code; wait at most `patience` seconds for it."""
        deadline = time.monotonic() + patience
        while True:
            lines = [line for app, line in self.lines if app == name]
            raised = [number for number, line in enumerate(lines) if _EXCEPTION.match(line)]
            if raised or time.monotonic() >= deadline:
                break
            time.sleep(0.05)  # a poll with a deadline
        if not raised:
            return None
        for line in reversed(lines[: raised[-1]]):
            source = _LINE.search(line)
            # By realpath, which takes any name that an app may print.
            if source and "\0" not in source[1]:
                name = os.path.relpath(os.path.realpath(source[1]), folder.resolve())
                if not name.startswith(".."):
                    return f"{name}:{source[2]}: {lines[raised[-1]]}"
        return lines[raised[-1]]
