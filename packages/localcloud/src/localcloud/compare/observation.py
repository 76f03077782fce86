"""What is compared of a request: each aspect as lines of text."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import NamedTuple


class Aspect(Enum):
    """A part of what a request leads to; the value is its name in reports and files."""

    STATUS = "status"
    REDIRECT = "redirect"
    CONTENT_TYPE = "content type"
    HEADERS = "headers"
    COOKIES = "cookies"
    DOCUMENT = "document"
    ENTITIES = "entities"
    TASKS = "tasks"
    MAILS = "mails"
    CACHE = "cache keys"
    CALLS = "calls"


class Line(NamedTuple):
    """A line of an aspect. `place` says where it is without positions, as in "html > body > ul > li"."""

    place: str
    text: str


Observation = Mapping[Aspect, tuple[Line, ...]]
"""The lines of each aspect of one request; an aspect without lines may be missing."""
