"""Tickets: secrets by which the API server finds an app's project."""

from __future__ import annotations

import secrets
import threading

from localcloud.appengine.applications import read_project


class UnknownTicketError(Exception):
    """A call without a valid ticket."""


class Tickets:
    """Gives every project one ticket. It cannot be guessed, so only the project's own apps can make its calls.

    That matters because Memcache's values may be pickles, and reading a pickle runs its writer's code.
    """

    def __init__(self) -> None:
        self._tickets: dict[str, str] = {}
        self._projects: dict[str, str] = {}
        self._lock = threading.Lock()

    def ticket(self, app: str) -> str:
        """Return the ticket of an app's project ("demo", "s~demo": the same one)."""
        project = read_project(app)
        with self._lock:
            if project not in self._tickets:
                self._tickets[project] = secrets.token_hex(32)
                self._projects[self._tickets[project]] = project
            return self._tickets[project]

    def project(self, ticket: str) -> str:
        """Return the project of a ticket; raises UnknownTicketError if there is none."""
        try:
            return self._projects[ticket]
        except KeyError as error:
            raise UnknownTicketError("the call has no valid X-Appengine-Api-Ticket") from error
