"""A learner at a real terminal, who types a command, waits for its end and reads its output."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pexpect

from codelab.readme.course import Course
from codelab.readme.trees import read_tree, step_trees, write_tree
from tests.codelab.learner.hand import Edit, edit

# The first run of an app makes its environment, on a machine that may be busy.
DEADLINE = 300
WIDTH = 160
_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@dataclass(frozen=True)
class Answer:
    """The output of a command in the terminal, without colours, and its exit code."""

    text: str
    code: int | None

    def says(self, *words: str) -> None:
        """Assert that all these words are in the output, in this order, and no traceback."""
        self.is_no_traceback()
        position = 0
        for word in words:
            found = self.text.find(word, position)
            assert found >= 0, f"expected {word!r} in this output:\n{self.text}"
            position = found + len(word)

    def is_no_traceback(self) -> None:
        assert "Traceback (most recent call last)" not in self.text, self.text

    def is_one_line(self, *words: str) -> None:
        """Assert that this is an error for the user: one line with these words, exit code 1."""
        self.says(*words)
        assert len(self.text.strip().splitlines()) == 1, self.text
        assert self.text.startswith("codelab: ")
        assert self.code == 1, self.text


class Learner:
    """A learner in a course of their own. `codelab` runs the command; `copy` is the path of a track's copy."""

    def __init__(self, course: Path) -> None:
        self.course = course

    def codelab(self, *words: str) -> Answer:
        """Run a command that asks nothing, and return its answer."""
        child = self.begin(*words)
        child.expect(pexpect.EOF)
        return answer_of(child)

    def begin(self, *words: str) -> pexpect.spawn[str]:
        """Start a command, and return the terminal it runs in."""
        return pexpect.spawn(
            sys.executable,
            ["-m", "codelab", "--course", str(self.course), *words],
            encoding="utf-8",
            timeout=DEADLINE,
            dimensions=(50, WIDTH),
            env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8"},
        )

    def copy(self, place: str) -> Path:
        return self.course / "work" / place.replace("/", "-")

    def edits(self, place: str, *edits: Edit) -> None:
        """Change files of the copy by hand."""
        edit(self.copy(place), edits)

    def has_done(self, place: str, steps: int) -> None:
        """Start a track, and apply this many steps to the copy by the codelab's own diffs."""
        answer = self.codelab("start", place)
        assert answer.code == 0, answer.text
        track = Course(self.course).track(place)
        after = step_trees(track.codelab, track.track)[steps]
        for file in read_tree(track.copy).keys() - after.keys():
            (track.copy / file).unlink()
        write_tree(after, track.copy)

    def makes(self, place: str, *mistake: Edit, after: int = 0) -> None:
        """Apply this many steps, then make a mistake in the copy."""
        self.has_done(place, after)
        self.edits(place, *mistake)

    def files(self, place: str) -> dict[str, bytes]:
        """Return the copy's files."""
        copy = self.copy(place)
        return {str(path.relative_to(copy)): path.read_bytes() for path in sorted(copy.rglob("*")) if path.is_file()}


def answer_of(child: pexpect.spawn[str], before: Sequence[str] = ()) -> Answer:
    """Return the answer of a command that has ended; `before` is the output that was read already."""
    text = "".join([*before, child.before or ""])
    child.close()
    return Answer(_ESCAPE_SEQUENCE.sub("", text).replace("\r\n", "\n"), child.exitstatus)
