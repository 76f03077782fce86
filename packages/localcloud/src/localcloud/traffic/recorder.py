"""Turns exchanges, as they were seen, into the requests of a recording."""

from __future__ import annotations

from collections import ChainMap
from dataclasses import replace

from localcloud.traffic.headers import keep_headers
from localcloud.traffic.recording import Answer, Exchange, RecordedRequest
from localcloud.traffic.sources import find_taken
from localcloud.traffic.static_files import StaticFiles
from localcloud.traffic.visitors import Visitors

_LARGEST_KEPT = 2_000_000
"""Bytes of an answer that is kept to find what it gave out."""


class Recorder:
    """Receives exchanges in their order and returns what is to be written of each.

    `count` is how many requests were recorded before. With `one_visitor`, all requests are of the same browser.
    `repeated` counts the requests for static files that a session had already.
    """

    def __init__(self, *, count: int = 0, first_visitor: int = 1, one_visitor: bool = False) -> None:
        self.count = count
        self.visitors = Visitors(first_visitor)
        self.repeated = 0
        self._one_visitor = one_visitor
        self._static_files = StaticFiles()
        self._of_session: dict[str, dict[int, Exchange]] = {}
        self._of_client: dict[str, dict[int, Exchange]] = {}

    def add(self, seen: Exchange) -> RecordedRequest | None:
        """Return the request of an exchange, with its session and with what earlier answers have given out.

        None for a static file that the session has already.

        Its `session` names the client that sent it, such as an address with a User-Agent. Its headers are all that it
        had, but Cookie, which is in `cookies`.
        """
        session = "1" if self._one_visitor else self.visitors.find(seen)
        own = self.visitors.own_cookies(session, seen.cookies)
        self.visitors.note(session, seen)
        if self._static_files.repeats(session, seen):
            self.repeated += 1
            return None
        host = next((value for name, value in seen.request.headers if name.lower() == "host"), "")
        headers = keep_headers(seen.request.headers, host)
        if own:
            headers = (*headers, ("Cookie", own))
        request = replace(seen.request, session=session, headers=headers)
        # A program that keeps no cookies begins a session with each request, and still uses what it was given.
        earlier = [self._of_session.setdefault(session, {}), self._of_client.setdefault(seen.request.session, {})]
        request = replace(request, taken=find_taken(request, ChainMap(*earlier)))
        self.count += 1
        exchange = Exchange(request, _shorten(seen.answer))
        for exchanges in earlier:
            exchanges[self.count] = exchange
        return request


def _shorten(answer: Answer) -> Answer:
    return answer if len(answer.body) <= _LARGEST_KEPT else replace(answer, body=b"")
