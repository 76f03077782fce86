"""One of the apps of a comparison while a plan is carried out."""

from __future__ import annotations

import threading
from collections import Counter

from localcloud.compare.observation import Aspect
from localcloud.compare.side import Side
from localcloud.compare.world.events import AppTarget, Event
from localcloud.compare.world.script import Plan
from localcloud.effects import Effects
from localcloud.traffic import Answer, RecordedRequest, Recording, Source, Taken
from tests.localcloud.compare.test_behaviours import FakeTarget

FORM = RecordedRequest("/form")
SAVE = RecordedRequest(
    "/save",
    "POST",
    headers=(("Content-Type", "application/x-www-form-urlencoded"),),
    body=b"token=recorded1",
    taken=(Taken("recorded1", Source(1, "field", "token")),),
)


class FakeApp:
    """An app whose form gives each session a token of its own; two visitors at once wait for each other."""

    name = "NEW"
    port = 8080

    def __init__(self, visitors: int = 1) -> None:
        self.world: AppTarget = FakeTarget()
        self.sent: list[tuple[str, str]] = []
        self._together = threading.Barrier(visitors, timeout=10)

    def send(self, request: RecordedRequest) -> tuple[Answer | None, float]:
        if self._together.parties > 1:
            self._together.wait()
        self.sent.append((request.session, request.body.decode()))
        token = f"token{len(request.session)}"
        status = 200 if request.method == "GET" or request.body == f"token={token}".encode() else 400
        body = f"<form><input type=hidden name=token value={token}></form>".encode()
        return Answer(status, (("Content-Type", "text/html"),), body), 0.0

    def find_error(self) -> str:
        return "KeyError: 'token'"

    def effects(self) -> Effects:
        return Effects(calls=Counter(["Datastore Commit"]))


def test_visitors_at_once_have_each_what_the_app_gave_them() -> None:
    app = FakeApp(visitors=2)
    side = Side(app)
    plan = Plan(Recording((FORM, SAVE)), at_once=2)

    side.run(1, FORM, plan)
    observed = side.run(2, SAVE, plan)

    assert {body for _, body in app.sent[2:]} == {f"token=token{len(session)}" for session, _ in app.sent[2:]}
    assert len({session for session, _ in app.sent}) == 2
    assert [line.text for line in observed.lines[Aspect.STATUS]] == ["200 OK", "200 OK"]
    assert not observed.lines.get(Aspect.DOCUMENT)
    assert not observed.lines.get(Aspect.CALLS)


def test_one_visitor_alone_shows_the_document() -> None:
    app = FakeApp()

    observed = Side(app).run(1, FORM, Plan(Recording((FORM,)), at_once=2, alone=frozenset([1])))

    assert len(app.sent) == 1
    assert observed.lines[Aspect.DOCUMENT]


def test_calls_that_do_not_count_are_left_out_and_what_events_saw_is_there() -> None:
    seeing = Event("Redis answers again", lambda target: "connections to Redis: 3")
    plan = Plan(Recording((FORM,)), {}, {1: (seeing,)}, uncounted=frozenset([1]))

    observed = Side(FakeApp()).run(1, FORM, plan)

    assert [line.text for line in observed.lines[Aspect.CALLS]] == ["connections to Redis: 3"]


class Failing(FakeApp):
    def send(self, request: RecordedRequest) -> tuple[Answer | None, float]:
        return Answer(500 if request == SAVE else 404, (), b""), 0.0


def test_only_an_answer_5xx_gets_the_error_of_the_log() -> None:
    side, plan = Side(Failing()), Plan(Recording((FORM, SAVE)))
    assert [side.run(number, request, plan).error for number, request in ((1, FORM), (2, SAVE))] == [
        "",
        "KeyError: 'token'",
    ]
