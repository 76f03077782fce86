"""A recording sent to one app: the values that the app gives out itself take the place of the recorded ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import html5lib

from localcloud.traffic import Answer, RecordedRequest
from localcloud.traffic.sources import look_up, substitute

# Fields that a page gives out for its own next request, whatever the recording says about them.
_TOKEN = re.compile(r"csrf|xsrf|nonce|authenticity|^_?token$|^state$", re.IGNORECASE)
_FORM = "application/x-www-form-urlencoded"


@dataclass
class Replay:
    """What one app has answered so far, by the numbers of requests, from 1.

    `lost` are the values that an app should have given out and has not, by request.
    """

    answers: dict[int, Answer] = field(default_factory=dict)
    lost: dict[int, list[str]] = field(default_factory=dict)
    _pages: dict[str, Answer] = field(default_factory=dict)

    def adapt(self, number: int, request: RecordedRequest) -> RecordedRequest:
        """Return a request with the values that this app has given out."""
        values: dict[str, str] = {}
        for taken in request.taken:
            answer = self.answers.get(taken.source.request)
            found = look_up(answer, taken.source, taken.value) if answer else None
            if found is None:
                self.lost.setdefault(number, []).append(taken.value)
            elif found != taken.value:
                values[taken.value] = found
        for sent, given in self._tokens(request).items():
            if not any(taken.value == sent for taken in request.taken):
                values[sent] = given
        return substitute(request, values) if values else request

    def keep(self, number: int, request: RecordedRequest, answer: Answer | None) -> None:
        """Keep an answer for the requests that follow."""
        if answer is None:
            return
        self.answers[number] = answer
        if answer.content_type.startswith("text/html"):
            self._pages[request.session] = answer

    def _tokens(self, request: RecordedRequest) -> Mapping[str, str]:
        """Return the tokens of a form that was sent without having been read, each with the one that the page has."""
        page = self._pages.get(request.session)
        kinds = [value for name, value in request.headers if name.lower() == "content-type"]
        if page is None or not kinds or not kinds[0].startswith(_FORM):
            return {}
        sent = {
            name: value
            for name, value in parse_qsl(request.body.decode("latin-1"), keep_blank_values=True)
            if _TOKEN.search(name) and value
        }
        if not sent:
            return {}
        tree = html5lib.parse(page.body, namespaceHTMLElements=False)
        given = {field.get("name"): field.get("value", "") for field in tree.iter("input")}
        return {value: given[name] for name, value in sent.items() if given.get(name) and given[name] != value}
