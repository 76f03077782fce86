"""The services that tasks are for: by `target`, by Host, and by the rules of dispatch.yaml."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.request_info import VERSION
from localcloud.appengine.tickets import Tickets

# Before a host, App Engine's names are separated by either of them.
_SEPARATOR = r"(?:\.|-dot-)"


class TaskTargets:
    """Finds the service that a task is for, among those of one app that run."""

    def __init__(self, tickets: Tickets) -> None:
        self._tickets = tickets
        self._noted: set[tuple[str, str]] = set()

    def by_host(self, host: str, caller: Caller) -> str:
        """Return the name of the service that a task's Host header means. `caller` has added the task.

        The SDK writes its `target` before the address of the app, as in "worker.localhost:8080".
        """
        peers = self._tickets.peers(caller)
        hosts = {urlsplit(peer.url).netloc: peer.service for peer in [*peers, caller]}
        hosts[f"{caller.project}.appspot.com"] = peers[0].service
        for known, service in hosts.items():
            if host == known:
                return service
            match = re.fullmatch(f"(.+){_SEPARATOR}{re.escape(known)}", host)
            if match:
                *_, name = re.split(_SEPARATOR, match[1])
                return service if name == VERSION else name
        return caller.service

    def find(self, service: str | None, path: str, caller: Caller) -> Caller:
        """Return the service of this name, or the default one, as App Engine does; a rule for the path beats the name.

        `caller` is one of the app's services.
        """
        peers = self._tickets.peers(caller)
        chosen = self._tickets.choose("localhost", path)
        if chosen in peers:
            return chosen
        found = next((peer for peer in peers if peer.service == (service or caller.service)), None)
        if found is None:
            found = peers[0]
            self._note(caller, str(service), found)
        return found

    def _note(self, caller: Caller, service: str, found: Caller) -> None:
        if (caller.app, service) not in self._noted:
            self._noted.add((caller.app, service))
            caller.log(
                f'no service "{service}" runs, so its tasks go to the service "{found.service}", as on App Engine'
            )
