"""Errors that a learner or an author can fix. Each is printed in one line, without a traceback."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class CodelabError(Exception):
    """The base of all errors that a user can fix; `cli.main` prints it in one line."""


@dataclass(frozen=True, order=True)
class Problem:
    """A mistake in a file of the course. `line` counts from 1; 0 means the whole file."""

    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}" if self.line else f"{self.file}: {self.text}"


class ReadmeError(CodelabError):
    """A README that breaks the format of codelabs; `problems` says where and how."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(str(problem) for problem in problems[:3]))
