"""Tickets: the secrets by which the API server knows which app calls."""

from __future__ import annotations

import secrets
import threading

from localcloud.appengine.applications import project_of


class UnknownTicketError(Exception):
    """A call came without a ticket that was given out."""


class Tickets:
    """Gives every project one ticket. Nobody can guess it, so only the project's apps can call for it.

    Memcache's values may be pickles, and an app that reads a pickle runs what its writer wants.
    """

    def __init__(self) -> None:
        self._tickets: dict[str, str] = {}
        self._projects: dict[str, str] = {}
        self._lock = threading.Lock()

    def ticket(self, app: str) -> str:
        """Return the ticket of an app's project ("demo", "s~demo": the same one)."""
        project = project_of(app)
        with self._lock:
            if project not in self._tickets:
                self._tickets[project] = secrets.token_hex(32)
                self._projects[self._tickets[project]] = project
            return self._tickets[project]

    def project(self, ticket: str) -> str:
        """Return the project that a ticket was given to; raises UnknownTicketError if it was given to none."""
        try:
            return self._projects[ticket]
        except KeyError as error:
            raise UnknownTicketError("the call has no valid X-Appengine-Api-Ticket") from error
