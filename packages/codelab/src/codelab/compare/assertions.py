"""The error for a page that is not as it has to be."""

from __future__ import annotations


class MismatchError(AssertionError):
    """A page differs from what it had to be. The message names the app, what was expected and what was found."""


def expect(condition: bool, message: str) -> None:
    """Raise MismatchError with this message unless the condition holds."""
    if not condition:
        raise MismatchError(message)
