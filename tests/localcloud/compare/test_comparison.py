"""Two apps that are sent the same requests: no difference but real ones, whatever each app gives out itself."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from pathlib import Path
from urllib.parse import urlencode

import flask
import pytest

from localcloud.compare.accepted import Accepted, read_accepted
from localcloud.compare.comparison import Comparison, describe_broken, describe_lost
from localcloud.compare.result import Report
from localcloud.compare.target import Folder
from localcloud.compare.world.script import Plan
from localcloud.traffic import Answer, Exchange, RecordedRequest, Recording
from localcloud.traffic.sources import find_taken
from tests.localcloud.compare.notes import InProcess, Notes
from tests.localcloud.compare.reports import make_request

NOTHING_ACCEPTED = Accepted(Path("none.yaml"))
FORM = (("Content-Type", "application/x-www-form-urlencoded"),)


def form(target: str, **fields: str) -> RecordedRequest:
    return RecordedRequest(target, "POST", headers=FORM, body=urlencode(fields).encode())


def record() -> Recording:
    """Click through the app as a visitor, and return the requests with the values that the app gave out."""
    app = InProcess("recorded", Notes())
    earlier: dict[int, Exchange] = {}

    def send(request: RecordedRequest) -> str:
        number = len(earlier) + 1
        answer, _ = app.send(request)
        assert answer
        taken = find_taken(request, earlier)
        earlier[number] = Exchange(RecordedRequest(**{**vars(request), "taken": taken}), answer)
        return answer.header("Location") or answer.body.decode()

    send(form("/login", name="ann"))
    for text in ("one", "two", "three", "four"):
        token = send(RecordedRequest("/")).partition("csrf value=")[2].partition(">")[0]
        send(RecordedRequest(send(form("/add", csrf=token, text=text))))
    send(RecordedRequest("/"))
    send(RecordedRequest("/notes.json"))
    send(RecordedRequest("/nope"))
    return Recording(tuple(one.request for one in earlier.values()), "a test")


@pytest.fixture(scope="module")
def recording() -> Recording:
    return record()


def compare(recording: Recording, new: type[Notes], tmp_path: Path) -> Report:
    ticks = count(1_795_770_000, 7)  # each page shows another time

    def clock() -> float:
        return next(ticks)

    folder = Folder("app", tmp_path)
    comparison = Comparison(folder, folder, None, lambda name, line: None, NOTHING_ACCEPTED)
    kinds = {"OLD": Notes, "NEW": new, "OLD again": Notes}
    runs = [InProcess(name, kind(clock, seed)) for seed, (name, kind) in enumerate(kinds.items(), 1)]
    comparison.run(runs, Plan(recording))
    return comparison.report(NOTHING_ACCEPTED)


def test_an_app_does_not_differ_from_itself(recording: Recording, tmp_path: Path) -> None:
    report = compare(recording, Notes, tmp_path)
    assert report.differences == []
    assert report.warnings == []
    assert [one.statuses for one in report.requests if one.statuses[0] != 200] == [(302, 302)] * 5 + [(404, 404)]


def test_what_was_taken_for_noise_is_told(recording: Recording, tmp_path: Path) -> None:
    noise = {(one.aspect.value, one.route) for one in compare(recording, Notes, tmp_path).noise}
    assert {("document", "GET /"), ("document", "GET /notes.json"), ("entities", "POST /add")} <= noise


class LostSecure(Notes):
    secure = False


class NotIndexed(Notes):
    indexed = False


class OneMore(Notes):
    limit = 4


class Unescaped(Notes):
    def index(self) -> str:
        return super().index().replace("Hello ann", "Hello <b>ann</b>")


class OtherRedirect(Notes):
    def add(self) -> flask.Response:
        super().add()
        return flask.redirect("/")  # type: ignore[return-value]


class Typing(Notes):
    def list(self) -> flask.Response:
        answer = super().list()
        answer.mimetype = "text/json"
        return answer


class Twice(Notes):
    def add(self) -> flask.Response:
        answer = super().add()
        self.written.append(self.written[-1])
        return answer


class Broken(Notes):
    def show(self, number: int) -> str:
        flask.abort(500)


@pytest.mark.parametrize(
    ("new", "aspects"),
    [
        (LostSecure, {"cookies"}),
        (NotIndexed, {"entities"}),
        (OneMore, {"document"}),
        (Unescaped, {"document"}),
        (OtherRedirect, {"redirect", "status"}),
        (Typing, {"content type", "document"}),
        (Twice, {"entities", "calls"}),
        (Broken, {"status"}),  # the document follows from it
    ],
)
def test_a_regression_is_found(recording: Recording, new: type[Notes], aspects: set[str], tmp_path: Path) -> None:
    report = compare(recording, new, tmp_path)
    assert {one.aspect.value for one in report.open} == aspects


def test_tokens_of_a_form_that_was_written_by_hand_are_those_of_the_page(tmp_path: Path) -> None:
    requests = (RecordedRequest("/"), form("/add", csrf="as recorded", text="x"), RecordedRequest("/"))
    report = compare(Recording(requests), Notes, tmp_path)
    assert [one.statuses for one in report.requests] == [(200, 200), (302, 302), (200, 200)]
    assert report.differences == []


class Tokenless(Notes):
    def index(self) -> str:
        return super().index().replace("name=csrf", "name=other")


def test_a_value_that_the_new_app_does_not_give_out_is_told(recording: Recording, tmp_path: Path) -> None:
    report = compare(recording, Tokenless, tmp_path)
    assert any("NEW" in warning and "POST /add" in warning for warning in report.warnings)


class Silent(InProcess):
    """An app that does not answer one of its pages."""

    def send(self, request: RecordedRequest) -> tuple[Answer | None, float]:
        return (None, 0.0) if request.target == "/nope" else super().send(request)


def test_requests_that_no_app_answers_are_reported(tmp_path: Path) -> None:
    folder = Folder("app", tmp_path)
    comparison = Comparison(folder, folder, None, lambda name, line: None, NOTHING_ACCEPTED)
    runs = [Silent(name, Notes()) for name in ("OLD", "NEW", "OLD again")]
    comparison.run(runs, Plan(Recording((RecordedRequest("/"), RecordedRequest("/nope")))))
    report = comparison.report(NOTHING_ACCEPTED)
    assert not report.open
    assert report.warnings == [
        f"{one.name} has not answered 1 of 2 requests, the first of them 2 (GET /nope)" for one in runs
    ]


@pytest.mark.parametrize(
    ("where", "said"),
    [
        (
            [("OLD", ""), ("NEW", ""), ("OLD", "restart")],
            " (in 2 runs); if the recording began with data, pass that data as --data",
        ),
        ([("OLD", "restart"), ("NEW", "restart")], " (restart)"),
    ],
)
def test_value_that_both_apps_do_not_give_out_is_one_line_for_all_runs(where: list[tuple[str, str]], said: str) -> None:
    assert describe_lost("POST /delete/7", "7", where) == (
        f"POST /delete/7 needs 7, which OLD and NEW did not give out{said}"
    )


class Counting:
    """Keeps what a watcher is told of the requests that differ."""

    def __init__(self) -> None:
        self.differences: list[int] = []

    def say(self, text: str) -> None:
        pass

    def show_request(self, done: int, total: int | None, differences: int = 0, behaviour: str = "") -> None:
        self.differences.append(differences)


def test_progress_counts_no_request_whose_differences_are_accepted(tmp_path: Path) -> None:
    path, folder = tmp_path / "app.accepted.yaml", Folder("app", tmp_path)

    def run() -> tuple[list[int], Report]:
        accepted, counting = read_accepted(path), Counting()
        comparison = Comparison(folder, folder, None, lambda name, line: None, accepted)
        kinds = {"OLD": Notes, "NEW": Broken, "OLD again": Notes}
        runs = [InProcess(name, kind()) for name, kind in kinds.items()]
        comparison.run(runs, Plan(Recording((RecordedRequest("/nope"), RecordedRequest("/notes/1")))), counting)
        return counting.differences, comparison.report(accepted)

    before, report = run()
    read_accepted(path).add(report.open, "as it should")
    assert (before, run()[0]) == ([0, 1], [0, 0])


def test_old_app_that_answers_5xx_is_told_once_with_its_error() -> None:
    requests = [replace(make_request(n, title=f"GET /{n}"), statuses=(500, 500)) for n in (1, 2, 3, 4)]
    requests[1] = replace(requests[1], errors=("KeyError: 1", ""))
    others = [make_request(5), replace(make_request(1, behaviour="Datastore gone"), statuses=(500, 500))]
    assert list(describe_broken([*requests, *others])) == [
        "OLD answered 4 requests with 5xx (GET /1, GET /2, GET /3, ...): it may not run here as it should; "
        "its log: KeyError: 1"
    ]
    assert list(describe_broken(others)) == []
