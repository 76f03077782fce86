"""What a page has to be, and the error when it is something else."""

from __future__ import annotations


class MismatchError(AssertionError):
    """A page differs from what it had to be; the message says whose, what was expected and what was found."""


def expect(condition: bool, message: str) -> None:
    """Raise MismatchError with this message unless the condition holds."""
    if not condition:
        raise MismatchError(message)
