"""The error of a text that cannot be read."""

from __future__ import annotations

from localcloud.files.paths import format_text


class TextError(Exception):
    """A text that its reader cannot read: the problem, in one line, and the line it is on (0: no line is known)."""

    def __init__(self, line: int, problem: object) -> None:
        self.line = line
        self.problem = format_text(" ".join(str(problem).split()))
        super().__init__(self.problem)
