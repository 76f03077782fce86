"""One of the apps of a comparison while a recording is sent to it."""

from __future__ import annotations

import http
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Protocol

from localcloud.compare.lines.answer_lines import answer_lines
from localcloud.compare.lines.effect_lines import count_calls, effect_lines
from localcloud.compare.observation import Aspect, Line
from localcloud.compare.replay import Replay
from localcloud.compare.world.choice import Seen
from localcloud.compare.world.events import AppTarget
from localcloud.compare.world.script import Plan
from localcloud.effects import Effects
from localcloud.traffic import Answer, RecordedRequest
from localcloud.traffic.headers import name_own_host

# What several answers at the same time have in common, whichever of them the app makes first.
_OF_ANY_ORDER = (Aspect.STATUS, Aspect.CONTENT_TYPE, Aspect.ENTITIES, Aspect.TASKS, Aspect.MAILS)
_DIGITS = re.compile(r"\d+")


class AppRun(Protocol):
    """An app that runs; a Target is one. `name` tells it from others in warnings, `port` is in its own addresses."""

    name: str

    @property
    def port(self) -> int:
        """The port of its address."""
        ...

    @property
    def world(self) -> AppTarget:
        """What events happen to."""
        ...

    def send(self, request: RecordedRequest) -> tuple[Answer | None, float]:
        """Send a request; return the answer, None for none, and the seconds that it took."""
        ...

    def find_error(self) -> str:
        """Return the error that the app has logged since the last request began, "" for none."""
        ...

    def effects(self) -> Effects:
        """Return what the app has done since the last look."""
        ...


@dataclass(frozen=True)
class Observed:
    """A request as it was sent, its answer, and all lines of what it led to; `error` is the reason for a 5xx."""

    sent: RecordedRequest
    answer: Answer | None
    seconds: float
    lines: dict[Aspect, tuple[Line, ...]]
    error: str = ""

    @property
    def status(self) -> int | None:
        """The answer's status, None without an answer."""
        return self.answer.status if self.answer else None


@dataclass
class Side:
    """An app, with what it has answered so far. `seen` are its first answers, by the numbers of the requests."""

    target: AppRun
    calls: Counter[str] = field(default_factory=Counter)
    unfinished: list[str] = field(default_factory=list)
    seen: dict[int, Seen] = field(default_factory=dict)
    _replays: list[Replay] = field(default_factory=list)

    @property
    def lost(self) -> dict[int, list[str]]:
        """The values that the app should have given out and has not, by request."""
        return self._replays[0].lost if self._replays else {}

    def run(self, number: int, request: RecordedRequest, plan: Plan) -> Observed:
        """Send a request of a plan, between the events before and after it."""
        noticed = plan.before(number, self.target.world)
        sent, answers, seconds = self._send(number, request, plan.visitors(number))
        fails = any(answer and answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR for answer in answers)
        error = self.target.find_error() if fails else ""  # before its tasks log errors of their own
        noticed += plan.after(number, self.target.world)
        effects = self.target.effects()
        if answers[0]:
            self.seen[number] = Seen(answers[0], effects.calls)
        self.calls += count_calls(effects.calls)
        if effects.unfinished:
            self.unfinished.append(f"request {number}: {effects.unfinished}")
        lines = [{**answer_lines(answer, self.target.port), **effect_lines(effects)} for answer in answers]
        observed = lines[0] if len(lines) == 1 else _together(lines)
        calls = () if number in plan.uncounted else observed[Aspect.CALLS]
        observed[Aspect.CALLS] = (*calls, *(Line(text.rpartition(": ")[0], text) for text in noticed))
        return Observed(sent, answers[0], seconds, observed, error)

    def _send(
        self, number: int, request: RecordedRequest, at_once: int
    ) -> tuple[RecordedRequest, list[Answer | None], float]:
        while len(self._replays) < at_once:
            self._replays.append(Replay())
        visitors = [
            replace(request, session=f"{request.session}, {visitor}" if visitor else request.session)
            for visitor in range(at_once)
        ]
        url = f"http://localhost:{self.target.port}"
        sent = [
            name_own_host(replay.adapt(number, visitor), url)
            for replay, visitor in zip(self._replays, visitors, strict=False)
        ]
        if at_once == 1:
            answers = [self.target.send(sent[0])]
        else:
            with ThreadPoolExecutor(at_once) as pool:
                answers = list(pool.map(self.target.send, sent))
        for replay, visitor, (answer, _) in zip(self._replays, sent, answers, strict=False):
            replay.keep(number, visitor, answer)
        return sent[0], [answer for answer, _ in answers], max(seconds for _, seconds in answers)


def _together(answers: Sequence[dict[Aspect, tuple[Line, ...]]]) -> dict[Aspect, tuple[Line, ...]]:
    """Return what does not depend on which of several answers was made first. All have the same effects."""
    together = {aspect: tuple(_sorted(answers[0].get(aspect, ()))) for aspect in _OF_ANY_ORDER}
    for aspect in (Aspect.STATUS, Aspect.CONTENT_TYPE):
        together[aspect] = tuple(_sorted(line for answer in answers for line in answer.get(aspect, ())))
    return {**together, Aspect.CALLS: ()}


def _sorted(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (line.place, _DIGITS.sub("0", line.text)))
