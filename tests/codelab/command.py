"""The `codelab` command, called in the test's own process, and its answer."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from codelab.cli import main

WIDTH = 160


@dataclass(frozen=True)
class Answer:
    """The output of a command, both streams in one and without colours, and its exit code."""

    text: str
    code: int | str | None

    def says(self, *words: str) -> None:
        """Assert that all these words are in the output, in this order, and no traceback."""
        assert "Traceback (most recent call last)" not in self.text, self.text
        position = 0
        for word in words:
            found = self.text.find(word, position)
            assert found >= 0, f"expected {word!r} in this output:\n{self.text}"
            position = found + len(word)

    def is_one_line(self, *words: str) -> None:
        """Assert that this is an error for the user: one line with these words, exit code 2."""
        self.says(*words)
        assert len(self.text.strip().splitlines()) == 1, self.text
        assert self.text.startswith("codelab: ")
        assert self.code == 2, self.text


class Keyboard(io.StringIO):
    """A terminal at which this text has been typed."""

    def isatty(self) -> bool:
        return True


def run_codelab(course: Path, *words: str, keyboard: Keyboard | None = None, by_make: bool = True) -> Answer:
    """Run a command on a course, and return its answer. Without a keyboard, standard input is no terminal.

    Commands in its messages are those of make, or with `by_make` false its own.

    An error that the command does not expect is raised here, and fails the test.
    """
    printed = io.StringIO()
    with (
        redirect_stdout(printed),
        redirect_stderr(printed),
        patch("sys.stdin", keyboard or io.StringIO()),
        patch.dict(os.environ, COLUMNS=str(WIDTH), CODELAB_CALLED_BY="make" if by_make else ""),
    ):
        try:
            code: int | str | None = main(["--course", str(course), *words])
        except SystemExit as wrong_usage:
            code = wrong_usage.code
    return Answer(printed.getvalue(), code)
