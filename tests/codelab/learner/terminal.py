"""A real terminal, in which a command runs as a process of its own."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pexpect

from tests.codelab.command import WIDTH, Answer
from tests.support.deadline import DEADLINE

_ESCAPE_SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def begin(course: Path, *words: str) -> pexpect.spawn[str]:
    """Type a command, and return the terminal it runs in."""
    return pexpect.spawn(
        sys.executable,
        ["-m", "codelab", "--course", str(course), *words],
        encoding="utf-8",
        timeout=DEADLINE,
        dimensions=(50, WIDTH),
        env={**os.environ, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "CODELAB_CALLED_BY": "make"},
    )


def end_of(child: pexpect.spawn[str], before: Sequence[str] = ()) -> Answer:
    """Wait until the command has ended, and return its answer; `before` is the output that was read already."""
    child.expect(pexpect.EOF)
    text = "".join([*before, child.before or ""])
    child.close()
    return Answer(_ESCAPE_SEQUENCE.sub("", text).replace("\r\n", "\n"), child.exitstatus)


def type_command(course: Path, *words: str) -> Answer:
    """Type a command that asks nothing, and return its answer."""
    return end_of(begin(course, *words))
