"""The largest files that are read, and the error for a larger one."""

from __future__ import annotations

from codelab.check.facts.fact import UnreadableError
from codelab.readme.trees import Unread

# More than people write by hand, and little enough to read at once.
MAX_LINES = 5_000
MAX_CHARACTERS = 150_000
MAX_COLUMNS = 10_000


def check_size(text: str) -> str:
    """Return the text without a byte order mark, which Python and the platforms skip too.

    Raises UnreadableError for a text that is too large, and for a file that was not read.
    """
    if isinstance(text, Unread):
        raise UnreadableError(0, f"expected {text.expected}, found {text.found}")
    if len(text) > MAX_CHARACTERS:
        raise UnreadableError(0, _too_much("file", len(text), "characters", MAX_CHARACTERS))
    text = text.removeprefix("\ufeff")
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        raise UnreadableError(0, _too_much("file", len(lines), "lines", MAX_LINES))
    for number, line in enumerate(lines, 1):
        if len(line) > MAX_COLUMNS:
            raise UnreadableError(number, _too_much("line", len(line), "characters", MAX_COLUMNS))
    return text


def _too_much(what: str, found: int, unit: str, most: int) -> str:
    return f"the {what} has {found:,} {unit}, and at most {most:,} are read; shorten it"
