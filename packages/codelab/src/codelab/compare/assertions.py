"""The error for a page that is not as it has to be."""

from __future__ import annotations


class MismatchError(AssertionError):
    """A page differs from what it had to be. The message names the app, what was expected and what was found.

    `only_addresses` says that no more than the visitors' addresses differ.
    """

    def __init__(self, message: str, *, only_addresses: bool = False) -> None:
        super().__init__(message)
        self.only_addresses = only_addresses


def expect(condition: bool, message: str, *, only_addresses: bool = False) -> None:
    """Raise MismatchError with this message unless the condition holds."""
    if not condition:
        raise MismatchError(message, only_addresses=only_addresses)
