"""Tickets: secrets by which the API server finds the app that calls."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from pathlib import Path

from localcloud.appengine.applications import read_project
from localcloud.appengine.callers import Caller


class UnknownTicketError(Exception):
    """A call without a valid ticket."""


class Tickets:
    """Gives every app one ticket. It cannot be guessed, so only the app itself can make its calls.

    That matters because Memcache's values may be pickles, and reading a pickle runs its writer's code.
    """

    def __init__(self) -> None:
        self._tickets: dict[tuple[str, str], str] = {}
        self._callers: dict[str, Caller] = {}
        self.choose_service: Callable[[str, str], str | None] = lambda host, path: None
        self._lock = threading.Lock()

    def ticket(self, app: str, instance: str = "") -> str:
        """Return the ticket of an app ("demo", "s~demo": the same one); `instance` tells apps of a project apart."""
        key = read_project(app), instance
        with self._lock:
            if key not in self._tickets:
                self._tickets[key] = secrets.token_hex(32)
                ticket = self._tickets[key]
                self._callers[ticket] = Caller(key[0], ticket, app=ticket)
            return self._tickets[key]

    def connect(
        self, ticket: str, url: str, directory: Path, log: Callable[[str], None], service: str = "default"
    ) -> None:
        """Say where the app that has a ticket is served, where its files are, and where its log is."""
        with self._lock:
            caller = self._callers[ticket]
            caller.url, caller.directory, caller.log, caller.service = url, directory, log, service
            caller.app = self._find_app(caller)

    def disconnect(self, ticket: str) -> None:
        """Forget a ticket, because its app has ended."""
        with self._lock:
            self._tickets = {key: known for key, known in self._tickets.items() if known != ticket}
            self._callers.pop(ticket, None)

    def peers(self, caller: Caller) -> list[Caller]:
        """Return all services of an app, as connected now: the default one first."""
        with self._lock:
            found = [one for one in self._callers.values() if one.app == caller.app and one.url]
        return sorted(found or [caller], key=lambda one: (one.service != "default", one.service))

    def choose(self, host: str, path: str) -> Caller | None:
        """Return the service to which the rules of dispatch.yaml give a request, None if they do not say."""
        ticket = self.choose_service(host, path)
        with self._lock:
            return self._callers.get(ticket or "")  # of an app that has not ended

    def _find_app(self, caller: Caller) -> str:
        """Return the app that a service belongs to: the first of the project that has no other service of its name."""
        services: dict[str, set[str]] = {}
        for one in self._callers.values():
            if one.project == caller.project and one.url and one.ticket != caller.ticket:
                services.setdefault(one.app, set()).add(one.service)
        return next((app for app, names in services.items() if caller.service not in names), caller.ticket)

    def caller(self, ticket: str) -> Caller:
        """Return the app that a ticket was given to; raises UnknownTicketError."""
        with self._lock:
            if ticket not in self._callers:
                raise UnknownTicketError("the call has no valid X-Appengine-Api-Ticket")
            return self._callers[ticket]
