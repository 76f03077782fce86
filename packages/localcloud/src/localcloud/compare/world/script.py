"""Requests of a recording in another order, some of them several times, with events between them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from localcloud.compare.world.events import AppTarget, Event
from localcloud.traffic import RecordedRequest, Recording


@dataclass(frozen=True)
class Plan:
    """A run of a behaviour: its requests, and the events before and after them, by their numbers from 1.

    With `at_once` above 1, so many visitors make each request at the same time, each with a session of its own; the
    requests in `alone` are made by the first of them. Once a service has been away, calls are `uncounted`: clients call
    as often as their time-outs allow.
    """

    recording: Recording
    events_before: dict[int, tuple[Event, ...]] = field(default_factory=dict)
    events_after: dict[int, tuple[Event, ...]] = field(default_factory=dict)
    at_once: int = 1
    alone: frozenset[int] = frozenset()
    uncounted: frozenset[int] = frozenset()

    def visitors(self, number: int) -> int:
        """Return how many visitors make a request at the same time.

        One, if it is about a thing that an earlier answer has named: of two who delete it, either may be the first.
        """
        request = self.recording.requests[number - 1]
        names_thing = any(taken.value in request.target for taken in request.taken)
        return 1 if number in self.alone or names_thing else self.at_once

    def before(self, number: int, target: AppTarget) -> list[str]:
        """Let happen what comes before a request; return what was seen, one line each."""
        return _run(self.events_before.get(number, ()), target)

    def after(self, number: int, target: AppTarget) -> list[str]:
        """Let happen what comes right after the answer to a request; return what was seen, one line each."""
        return _run(self.events_after.get(number, ()), target)


def _run(events: Iterable[Event], target: AppTarget) -> list[str]:
    return [seen for event in events if (seen := event.act(target))]


class Script:
    """Writes a plan, request by request. Requests are those of a recording, by their numbers in it.

    A value that a request has taken from an earlier answer comes from the last copy of that request then.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._requests: list[RecordedRequest] = []
        self._copies: dict[int, int] = {}  # from numbers in the recording to those of the last copy
        self._alone: set[int] = set()
        self._uncounted: set[int] = set()
        self._away = False
        self._before: dict[int, tuple[Event, ...]] = {}
        self._after: dict[int, tuple[Event, ...]] = {}

    def __len__(self) -> int:
        return len(self._requests)

    @property
    def sent(self) -> frozenset[int]:
        """The numbers of the recorded requests that have been added."""
        return frozenset(self._copies)

    def send(self, *numbers: int) -> None:
        """Add requests as they were recorded."""
        for number in numbers:
            self.send_changed(number, self._recording.requests[number - 1])

    def send_alone(self, *numbers: int) -> None:
        """Add requests that the first of several visitors makes alone."""
        for number in numbers:
            self.send(number)
            self._alone.add(len(self._requests))

    def send_changed(self, number: int, request: RecordedRequest) -> None:
        """Add a request that has been made of the one with this number."""
        # A source that was not sent is no request, 0. The comparison then says that the value was not given out.
        taken = [
            replace(one, source=replace(one.source, request=self._copies.get(one.source.request, 0)))
            for one in request.taken
        ]
        self._requests.append(replace(request, taken=tuple(taken)))
        self._copies[number] = len(self._requests)
        if self._away:
            self._uncounted.add(len(self._requests))

    def happen(self, *events: Event) -> None:
        """Let events happen before the next request."""
        number = len(self._requests) + 1
        self._before[number] = (*self._before.get(number, ()), *events)
        self._note(events)

    def happen_at_once(self, *events: Event) -> None:
        """Let events happen right after the answer to the last request, before anything else is looked at."""
        self._after[len(self._requests)] = events
        self._note(events)

    def _note(self, events: Iterable[Event]) -> None:
        self._away |= any(event.away for event in events)

    def plan(self, title: str, at_once: int = 1) -> Plan:
        """Return what has been written."""
        recording = Recording(tuple(self._requests), title)
        return Plan(recording, self._before, self._after, at_once, frozenset(self._alone), frozenset(self._uncounted))
