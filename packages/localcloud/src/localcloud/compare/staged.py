"""An app for which a plan's events happen, and which visitors may visit at the same time."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Protocol

from localcloud.compare.events import AppTarget
from localcloud.compare.replay import Replay
from localcloud.compare.script import Plan
from localcloud.effects import Effects
from localcloud.traffic import Answer, RecordedRequest


class Running(Protocol):
    """An app that runs."""

    name: str

    @property
    def port(self) -> int:
        """The port of its address."""
        ...

    def send(self, request: RecordedRequest) -> tuple[Answer | None, float]:
        """Send a request; return the answer, None for none, and the seconds that it took."""
        ...

    def effects(self) -> Effects:
        """Return what the app has done since the last look."""
        ...


class StagedApp:
    """An app during a plan's run, to be sent the plan's requests in their order.

    Of two visitors at once, only what cannot depend on who was first is shown: the worse status, and what both have
    written. What the events have seen is among the calls.
    """

    def __init__(self, app: Running, target: AppTarget, plan: Plan) -> None:
        self.name = app.name
        self._app = app
        self._target = target
        self._plan = plan
        self._number = 0
        self._seen: list[str] = []
        self._other = Replay()  # what the app gives out to the other visitor

    @property
    def port(self) -> int:
        """The port of the app's address."""
        return self._app.port

    def send(self, request: RecordedRequest) -> tuple[Answer | None, float]:
        """Send the next request, and let happen what comes before and after it."""
        self._number += 1
        self._seen += self._plan.before(self._number, self._target)
        send = self._send_twice if self._number in self._plan.at_once else self._app.send
        sent = send(request)
        self._seen += self._plan.after(self._number, self._target)
        return sent

    def effects(self) -> Effects:
        """Return what the app has done since the last look."""
        effects = self._app.effects()
        if self._number in self._plan.at_once:
            # One visitor may find what the other has cached, and transactions may be tried again.
            effects = replace(effects, cache_writes=(), calls=Counter())
        effects.calls.update(self._seen)
        self._seen.clear()
        return effects

    def _send_twice(self, request: RecordedRequest) -> tuple[Answer | None, float]:
        """Send a request from two visitors at the same time."""
        recorded = self._plan.recording.requests[self._number - 1]
        adapted = self._other.adapt(self._number, recorded)
        requests = [request, replace(adapted, session=f"{recorded.session}, the other visitor")]
        with ThreadPoolExecutor(max_workers=len(requests)) as pool:
            results = list(pool.map(self._app.send, requests))
        self._other.keep(self._number, requests[1], results[1][0])
        answers = [answer for answer, _ in results if answer]
        if len(answers) < len(results):
            return None, max(seconds for _, seconds in results)
        worst = max(answers, key=lambda answer: answer.status)
        return replace(worst, body=b""), max(seconds for _, seconds in results)
