"""Names that apps make up, such as keys of caches, as parts of a place: "*" stands for what is new each time."""

from __future__ import annotations

import re

_MADE_UP = re.compile(
    r"""
    [0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}  # a UUID
    | (?=[\w-]*\d)[\w-]{16,}                              # a random word, as in Base64 for URLs
    | (?=\w*\d[^\W\d]+\d)\w{9,}                           # a short one, with digits here and there
    | \d+(?:[-:.,]\d+)*                                   # a number, a date or a time
    """,
    re.VERBOSE,
)


def general_name(name: str) -> str:
    """Return a name with "*" for numbers and random words, as in "post:*": the same for all things of a kind."""
    return _MADE_UP.sub("*", name)
