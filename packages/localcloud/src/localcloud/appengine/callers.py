"""Callers of the API server: apps, found by the ticket that each of their calls carries."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path


def _ignore(line: str) -> None:
    pass


@dataclass(eq=False)
class Caller:
    """An app that calls a bundled service, as it is now: its address and its service may change.

    `service` is its name on App Engine. The services of one App Engine app have the same `app`. `url` is where its
    visitors reach it, "" if no front end serves it, and `directory` holds its deployment files.
    A request to `url` that carries `ticket` comes from App Engine itself. `log` adds a line to the app's log.
    """

    project: str
    ticket: str = ""
    app: str = ""
    url: str = ""
    service: str = "default"
    directory: Path | None = None
    log: Callable[[str], None] = _ignore


CURRENT: ContextVar[Caller | None] = ContextVar("CURRENT", default=None)
"""The app whose call is being answered, if it came through the API server."""
