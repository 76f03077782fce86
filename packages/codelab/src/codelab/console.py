"""Texts on a console: Markdown and diffs, verbatim in a pipe and in colours at a terminal, and a pager for long ones.

Colours are the terminal's own sixteen, so that they can be read on a dark and on a light background. NO_COLOR switches
them off. Lines of code are never wrapped, so that what is copied from the terminal is what the file has.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console
from rich.markdown import Markdown
from rich.segment import Segment, Segments
from rich.style import Style
from rich.theme import Theme

from codelab.text_diff import split_lines

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```[ \t]*$\n?", re.MULTILINE | re.DOTALL)
_STYLES = {"+": Style(color="green"), "-": Style(color="red"), "@": Style(color="cyan")}
# In place of rich's yellow, which cannot be read on white, and of its black background.
_PROSE = Theme({f"markdown.{name}": "bold" for name in ("code", "item.bullet", "item.number", "hr")})
_HEADER = re.compile(r"(--- |\+\+\+ |diff |new file |deleted file |rename )")


class StandardOutput(Console):
    """Standard output. An error of writing is raised, also that of a pipe which its reader has closed."""

    def __init__(self) -> None:
        super().__init__(highlight=False)

    def on_broken_pipe(self) -> None:
        """Raise the BrokenPipeError that is being handled."""
        raise  # noqa: PLE0704  # rich calls this where it handles the error


def print_markdown(console: Console, text: str) -> None:
    """Print Markdown: as it is, unless this is a terminal."""
    if not console.is_terminal:
        _write(console, text.rstrip("\n") + "\n")
        return
    done = 0
    for fence in _FENCE.finditer(text):
        _print_prose(console, text[done : fence.start()])
        lines = _color_lines(fence[2]) if fence[1] == "diff" else [Segment(fence[2])]
        _print_lines(console, [Segment("\n"), *lines, Segment("\n")])
        done = fence.end()
    _print_prose(console, text[done:])


def print_diff(console: Console, text: str) -> None:
    """Print a diff, by a pager if this is a terminal that is smaller."""
    if not console.is_terminal:
        _write(console, text)
        return
    with console.capture() as captured:
        _print_lines(console, list(_color_lines(text)))
    pager = _find_pager(console, text)
    if pager:
        _page(pager, captured.get(), console.encoding)
    else:
        _write(console, captured.get())


def _write(console: Console, text: str) -> None:
    console.file.write(text)
    console.file.flush()


def _print_prose(console: Console, text: str) -> None:
    if text.strip():
        with console.use_theme(_PROSE):
            console.print(Markdown(text))


def _print_lines(console: Console, lines: list[Segment]) -> None:
    # As segments, because rich expands the tabs of a text and drops its carriage returns.
    console.print(Segments(lines), soft_wrap=True, end="")


def _color_lines(diff: str) -> Iterator[Segment]:
    for line in split_lines(diff):
        style = Style(bold=True) if _HEADER.match(line) else _STYLES.get(line[:1])
        yield Segment(line.rstrip("\n"), style)
        yield Segment("\n")


def _find_pager(console: Console, text: str) -> list[str]:
    """Return the command of the user's pager; none if the text fits the terminal, or there is no pager."""
    if not console.file.isatty() or console.is_dumb_terminal:
        return []
    height = sum(1 + max(0, cell_len(line) - 1) // console.width for line in text.splitlines())
    if height < console.height:
        return []
    words = shlex.split(os.environ.get("PAGER", "less -R"))
    return words if words and words != ["cat"] and shutil.which(words[0]) else []


def _page(pager: list[str], text: str, encoding: str) -> None:
    """Let the pager show a text, and wait until the user leaves it; Ctrl-C is for the pager."""
    # So that less takes colours for what they are (-R), and leaves the text on the screen (-X).
    environment = {**os.environ, "LESS": "-R " + os.environ.get("LESS", "-X")}
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        process = subprocess.Popen(pager, stdin=subprocess.PIPE, env=environment)
        process.communicate(text.encode(encoding, "replace"))
    finally:
        signal.signal(signal.SIGINT, before)
