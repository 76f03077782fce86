"""Runs the old app twice and the new one once with the same requests, and finds where they differ."""

from __future__ import annotations

import http
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from datastore_emulator.errors import UserError
from localcloud.compare.accepted import Accepted
from localcloud.compare.curl import curl_line
from localcloud.compare.lines.effect_lines import name_all_calls
from localcloud.compare.noise.differences import Found, find_differences, group
from localcloud.compare.noise.noise import NoiseModel, NoisyLines
from localcloud.compare.observation import Aspect, Line
from localcloud.compare.result import ComparedRequest, Report
from localcloud.compare.routes import route
from localcloud.compare.side import AppRun, Side
from localcloud.compare.target import Folder, Target, running
from localcloud.compare.visiting.crawl import LIMIT, crawl, find_starts
from localcloud.compare.visiting.mentions import find_mentions
from localcloud.compare.world.behaviours import Behaviour
from localcloud.compare.world.script import Plan
from localcloud.traffic import Answer, RecordedRequest, Recording
from localcloud.traffic.headers import complete_headers
from localcloud.traffic.masking import explain_masked

OLD, NEW, AGAIN, VISITED = "OLD", "NEW", "OLD again", "OLD visited"
_MOST_TITLES = 3
_LONGEST_ERROR = 400


@dataclass
class _Compared:
    """A request with what the new app made of it and what was learnt about the old app's noise."""

    number: int
    route: str
    behaviour: str
    old: dict[Aspect, NoisyLines]
    new: dict[Aspect, tuple[Line, ...]]


def visit(target: Target, limit: int, watcher: Watcher) -> Recording:
    """Visit an app by its links and forms, and return the requests."""
    done = 0

    def send(request: RecordedRequest) -> Answer | None:
        nonlocal done
        answer, _ = target.send(complete_headers(request))
        target.effects()  # a task may change what the next page shows
        done += 1
        watcher.show_request(done, None)
        return answer

    watcher.say("visiting the old app")
    starts, mentions = find_starts(target.app.plan.handlers), find_mentions(target.app.folder)
    return crawl(send, limit, origin=target.app.url, starts=starts, mentions=mentions)


class Watcher(Protocol):
    """Is told what a comparison does, to show it; compare.progress.Progress is one."""

    def say(self, text: str) -> None:
        """Say what is being done."""

    def show_request(self, done: int, total: int | None, differences: int = 0, behaviour: str = "") -> None:
        """Say how many requests are done, and how many of these differ."""


class _Silent:
    """Shows nothing."""

    def say(self, text: str) -> None:
        pass

    def show_request(self, done: int, total: int | None, differences: int = 0, behaviour: str = "") -> None:
        pass


def describe_lost(request: str, values: str, where: Sequence[tuple[str, str]]) -> str:
    """Return a line about values that a request needs: which apps (by behaviour) have not given them out."""
    apps = list(dict.fromkeys(app for app, _ in where))
    behaviours = list(dict.fromkeys(behaviour for _, behaviour in where))
    during = f" ({behaviours[0]})" if behaviours[0] else ""
    if len(behaviours) > 1:
        during = f" (in {len(behaviours):,} runs)"
    text = f"{request} needs {values}, which {' and '.join(apps)} did not give out{during}"
    if "" in behaviours and OLD in apps:
        text += "; if the recording began with data, pass that data as --data"
    return text


def describe_broken(requests: Sequence[ComparedRequest]) -> Iterator[str]:
    """Yield a line about the requests that the old app itself answered 5xx, if there are any."""
    # webapp2 answers 501 to a method that it does not know, as it should.
    broken = [
        one
        for one in requests
        if not one.behaviour
        and (one.statuses[0] or 0) >= http.HTTPStatus.INTERNAL_SERVER_ERROR
        and one.statuses[0] != http.HTTPStatus.NOT_IMPLEMENTED
    ]
    if not broken:
        return
    titles = list(dict.fromkeys(one.title for one in broken))
    shown = ", ".join([*titles[:_MOST_TITLES], *(["..."] if len(titles) > _MOST_TITLES else [])])
    errors = [f"; its log: {one.errors[0][:_LONGEST_ERROR]}" for one in broken if one.errors[0]]
    yield (
        f"{OLD} answered {len(broken):,} request{'s' if len(broken) > 1 else ''} with 5xx ({shown}): "
        f"it may not run here as it should{''.join(errors[:1])}"
    )


class Comparison:
    """Compares two folders. `data` is a file that each app gets a copy of, `log` receives the apps' output.

    The progress counts no difference that is `accepted`.
    """

    def __init__(
        self,
        old: Folder,
        new: Folder,
        data: Path | None,
        log: Callable[[str, str], None],
        accepted: Accepted | None = None,
    ) -> None:
        self._old, self._new, self._data, self._log = old, new, data, log
        self._accepted = accepted or Accepted(Path())  # nothing is
        self._noise = NoiseModel()
        self._compared: list[_Compared] = []
        self._requests: list[ComparedRequest] = []
        self._calls: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
        self._warnings: list[str] = []
        # By request and values: the apps that have not given them out, and during which behaviours.
        self._lost: dict[tuple[str, str], list[tuple[str, str]]] = {}
        self._behaviours: list[str] = []
        self._origin = ""
        self._began = time.monotonic()
        self._seconds = 0.0

    def compare(
        self,
        recording: Recording | None,
        watcher: Watcher,
        *,
        limit: int = LIMIT,
        behaviours: Sequence[Behaviour] = (),
    ) -> None:
        """Send the requests to the old app, the new one, and the old one again; raises UserError if one cannot run.

        Without a recording, the old app is visited first, for at most `limit` requests. Then come the `behaviours`
        that can matter to these apps.
        """
        folders = [(OLD, self._old), (NEW, self._new), (AGAIN, self._old)]
        with self._running(folders if recording else [*folders, (VISITED, self._old)], watcher) as targets:
            if recording is None:
                visited = targets.pop()
                recording = visit(visited, limit, watcher)
                visited.close()
            self._warnings += recording.notes
            if masked := explain_masked(recording):
                self._warnings.append(masked)
            recording = replace(recording, requests=tuple(map(complete_headers, recording.requests)))
            old, new, _ = sides = self.run(targets, Plan(recording), watcher)
            for target, side in zip(targets, sides, strict=True):
                self._explain_end(target, side)
        called = [{call for seen in side.seen.values() for call in seen.calls} for side in (old, new)]
        for behaviour in behaviours:
            plan = behaviour.plan(recording, old.seen) if behaviour.suits(*called) else None
            if plan:
                self._behaviours.append(behaviour.name)
                changed = [(name, folder.with_variables(behaviour.environment)) for name, folder in folders]
                with self._running(changed, watcher) as targets:
                    self.run(targets, plan, watcher, behaviour.name)
        self._origin = recording.origin
        self._seconds = time.monotonic() - self._began

    def _running(self, folders: Sequence[tuple[str, Folder]], watcher: Watcher) -> AbstractContextManager[list[Target]]:
        return running(folders, self._data, self._log, watcher.say)

    def run(
        self, targets: Sequence[AppRun], plan: Plan, watcher: Watcher | None = None, behaviour: str = ""
    ) -> list[Side]:
        """Carry out a plan on apps that run: the old one, the new one, and the old one again."""
        sides = [Side(target) for target in targets]
        requests = plan.recording.requests
        watcher = watcher or _Silent()
        different = 0
        for number, request in enumerate(requests, 1):
            # In this order: what both runs of the old app show alike, a time included, the new one must show between.
            first, changed, second = observed = [side.run(number, request, plan) for side in sides]
            name_all_calls([one.lines for one in observed])
            place = route(request)
            self._requests.append(
                ComparedRequest(
                    number,
                    f"{request.method} {request.target}",
                    curl_line(changed.sent, "http://localhost:8080"),
                    (first.status, changed.status),
                    (first.seconds, changed.seconds),
                    behaviour,
                    (first.error, changed.error),
                )
            )
            learnt = {
                aspect: self._noise.learn(aspect, place, first.lines.get(aspect, ()), second.lines.get(aspect, ()))
                for aspect in Aspect
            }
            self._compared.append(_Compared(number, place, behaviour, learnt, changed.lines))
            different += not all(map(self._accepted.covers, group(self._find_in(self._compared[-1]))))
            watcher.show_request(number, len(requests), different, behaviour)
        for total, side in zip(self._calls, sides, strict=False):
            total.update(side.calls)
        self._warn(sides, requests, behaviour)
        return sides

    def _warn(self, sides: Sequence[Side], requests: Sequence[RecordedRequest], behaviour: str) -> None:
        during = f" ({behaviour})" if behaviour else ""
        for side in sides:
            for unfinished in side.unfinished[:3]:
                self._warnings.append(f"{side.target.name}{during}, {unfinished}")
            if silent := [number for number in range(1, len(requests) + 1) if number not in side.seen]:
                self._warnings.append(
                    f"{side.target.name}{during} has not answered {len(silent):,} of {len(requests):,} requests, "
                    f"the first of them {silent[0]} ({requests[silent[0] - 1].method} {requests[silent[0] - 1].target})"
                )
        for side in sides[:2]:
            for number, values in list(side.lost.items())[:3]:
                request = f"{requests[number - 1].method} {requests[number - 1].target}"
                self._lost.setdefault((request, ", ".join(values)[:200]), []).append((side.target.name, behaviour))

    def _explain_end(self, target: Target, side: Side) -> None:
        """Say that an app has ended; raises UserError if it has answered nothing, as one that fails as it starts."""
        end = target.describe_end()
        if all(seen.answer.status == http.HTTPStatus.BAD_GATEWAY for seen in side.seen.values()):  # the front end's
            raise UserError(f"{target.name}: the app {end or 'has answered no request'}; see its log above")
        if end:
            self._warnings.append(f"{target.name}: the app {end}")

    def _find_in(self, one: _Compared) -> list[Found]:
        return [
            found
            for aspect in Aspect
            for found in find_differences(
                self._noise, aspect, one.route, one.old[aspect], one.new.get(aspect, ()), one.number, one.behaviour
            )
        ]

    def report(self, accepted: Accepted) -> Report:
        """Return what has been found; `accepted` marks what somebody has accepted."""
        differences = accepted.judge(group([found for one in self._compared for found in self._find_in(one)]))
        return Report(
            self._old.name,
            self._new.name,
            self._origin,
            self._requests,
            differences,
            self._noise.list(),
            self._calls,
            self._behaviours,
            [
                *describe_broken(self._requests),
                *self._warnings,
                *(describe_lost(*key, where) for key, where in self._lost.items()),
            ],
            accepted.unused(),
            self._seconds,
        )
