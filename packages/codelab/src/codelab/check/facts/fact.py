"""What a file says, apart from how it says it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Fact:
    """One thing that a file says, the same however the file is spelled: two equal facts differ in wording only.

    `kind` and `name` say what it is: ("name", "flask.Flask"), ("key", "env_variables.PROXY_HOPS"). `words` is the
    place in the file it was read from, at `line`. A `firm` fact is one that the platform or the next module relies on;
    any other can be replaced by the learner's own way, if the page stays the same. `amount` counts a call's arguments.
    """

    file: str
    kind: str
    name: str
    words: str = field(compare=False)
    line: int = field(compare=False, default=0)
    firm: bool = field(compare=False, default=False)
    amount: int = field(compare=False, default=0)


# The rest of a longer line tells nobody more.
_LONGEST = 200


def quoted(words: str, problem: object) -> str:
    """Return a line of a file and what is wrong with it, as a message has them."""
    return f'"{words if len(words) <= _LONGEST else words[:_LONGEST] + "..."}" ({problem})'


class UnreadableError(Exception):
    """A file that its own reader cannot read, at a line (0: the whole file)."""

    def __init__(self, line: int, expected: str, found: str) -> None:
        super().__init__(f"expected {expected}, found {found}")
        self.line = line
        self.expected = expected
        self.found = found
