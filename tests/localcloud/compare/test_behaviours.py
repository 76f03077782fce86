"""Behaviours: which requests they send, and what happens between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from localcloud.compare.replay import Replay
from localcloud.compare.world.behaviours import BEHAVIOURS, MOST, Behaviour
from localcloud.compare.world.choice import Chooser, Seen
from localcloud.compare.world.foreign_values import FOREIGN_VALUES
from localcloud.compare.world.script import Plan, Script
from localcloud.traffic import Answer, RecordedRequest, Recording, Source, Taken
from tests.support.course import ROOT

USER = "/_ah/login?email=test%40example.com&action=Login&continue=%2F"


class FakeTarget:
    """Notes the events that happen to it."""

    def __init__(self, starts: bool = True) -> None:
        self.events: list[str] = []
        self._starts = starts

    def restart(self) -> bool:
        self.events.append("restart")
        return self._starts

    def advance(self, seconds: float) -> None:
        self.events.append(f"advance {seconds}")

    def take_caches(self) -> None:
        self.events.append("take caches")

    def return_caches(self) -> None:
        self.events.append("return caches")

    def overwrite_caches(self, value: bytes, flags: int) -> int:
        self.events.append(f"overwrite {flags}")
        return 1

    def drop_redis_connections(self) -> None:
        self.events.append("drop")

    def stall_redis(self) -> None:
        self.events.append("stall")

    def resume_redis(self) -> int:
        self.events.append("resume")
        return 2

    def take_datastore(self) -> None:
        self.events.append("take Datastore")

    def return_datastore(self) -> None:
        self.events.append("return Datastore")


def behaviour(name: str) -> Behaviour:
    return next(one for one in BEHAVIOURS if one.name == name)


def run(plan: Plan | None) -> list[str]:
    """Return the targets of a plan's requests with the events between them, "after: " before those right after."""
    assert plan
    target = FakeTarget()
    story = []
    for number, request in enumerate(plan.recording.requests, 1):
        plan.before(number, target)
        story += target.events
        story.append(request.target if request.method == "GET" else f"{request.method} {request.target}")
        target.events.clear()
        plan.after(number, target)
        story += [f"after: {event}" for event in target.events]
        target.events.clear()
    return story


def record(*targets: str | RecordedRequest) -> Recording:
    return Recording(tuple(one if isinstance(one, RecordedRequest) else RecordedRequest(one) for one in targets))


def post(target: str, *taken: Taken, session: str = "1", **fields: str) -> RecordedRequest:
    return RecordedRequest(target, "POST", session, body=urlencode(fields).encode(), taken=taken)


def answers(*statuses: int, content_type: str = "text/html", calls: Mapping[int, str] | None = None) -> dict[int, Seen]:
    """Return what was seen of requests: their statuses, and the call that some of them made."""
    called = calls or {}
    return {
        number: Seen(
            Answer(status, (("Content-Type", content_type),), b""),
            Counter([called[number]] if number in called else []),
        )
        for number, status in enumerate(statuses, 1)
    }


def answer_with(*texts: str) -> dict[int, Seen]:
    """Return HTML answers with these texts."""
    return {number: Seen(Answer(200, HTML, text.encode())) for number, text in enumerate(texts, 1)}


def record_guestbook(position: int) -> tuple[Recording, dict[int, Seen]]:
    """Return a visitor's four greetings, newest first, and the delete of the one at a position, with their answers."""
    shown = ["1000004", "1000003", "1000002", "1000001"]
    requests: list[RecordedRequest] = [RecordedRequest("/")]
    texts = ["no greetings"]
    for number in range(1, 5):
        requests += [post("/sign", text=f"{number}"), RecordedRequest("/")]
        texts += ["", "".join(f'<form action="/delete/{one}"></form>' for one in shown[-number:])]
    taken = Taken(shown[position], Source(9, "attribute", "/delete/*", position))
    return record(*requests, post(f"/delete/{shown[position]}", taken)), answer_with(*texts, "")


HTML = (("Content-Type", "text/html"),)
JSON = (("Content-Type", "application/json"),)
VISITME = record("/", RecordedRequest("/", "HEAD"), RecordedRequest("/", "PUT"), "/no-such-page")
SEEN = answers(200, 200, 405, 404)


@pytest.mark.parametrize(
    ("name", "story"),
    [
        ("restart", "/ restart /"),
        ("cache gone", "/ / take caches / / return caches / /"),
        ("restart without the cache", "/ take caches restart / / return caches /"),
        ("an hour passes", "/ / advance 3540 / advance 120 / /"),
        ("Redis does not answer", "/ stall / after: resume /"),
        ("Redis closes connections", "/ drop / drop / drop /"),
        ("Datastore gone", "/ take Datastore / after: return Datastore"),
    ],
)
def test_behaviour_requests_page_between_events(name: str, story: str) -> None:
    assert " ".join(run(behaviour(name).plan(VISITME, SEEN))) == story


def test_connections_to_redis_that_does_not_answer_are_seen() -> None:
    plan = behaviour("Redis does not answer").plan(VISITME, SEEN)
    assert plan
    assert plan.after(2, FakeTarget()) == ["connections to Redis while it did not answer: 2"]


def test_app_that_does_not_start_again_is_seen() -> None:
    plan = behaviour("restart").plan(VISITME, SEEN)
    assert plan
    assert plan.before(2, FakeTarget()) == []
    assert plan.before(2, FakeTarget(starts=False)) == ["after the restart: the app does not start"]


def test_calls_are_not_counted_once_a_service_has_been_away() -> None:
    uncounted = {one.name: plan.uncounted for one in BEHAVIOURS if (plan := one.plan(VISITME, SEEN)) and plan.uncounted}

    assert uncounted == {
        "cache gone": {3, 4, 5, 6},
        "restart without the cache": {2, 3, 4},
        "Redis does not answer": {2, 3},
        "Datastore gone": {2},
    }


def test_each_foreign_value_is_read_and_the_first_one_is_read_twice() -> None:
    story = run(behaviour("foreign values in the cache").plan(VISITME, SEEN))

    assert story[:5] == ["/", f"overwrite {FOREIGN_VALUES[0].memcache_flags}", "/", "/", "overwrite 1"]
    assert sum(event.startswith("overwrite") for event in story) == len(FOREIGN_VALUES)


def test_two_visitors_are_there_at_once_and_then_one() -> None:
    plan = behaviour("two visitors at once").plan(VISITME, SEEN)

    assert plan
    assert [plan.visitors(number) for number in range(1, len(plan.recording.requests) + 1)] == [2, 1]


def test_visitors_differ_by_session_address_and_browser_and_the_last_one_comes_back() -> None:
    plan = behaviour("many visitors").plan(VISITME, SEEN)

    assert plan
    *requests, last = plan.recording.requests[1:]
    assert last == requests[-1]
    assert len({one.session for one in requests}) == len({one.headers for one in requests}) == len(requests) >= 12
    assert {"127.0.0.1", "127.0.0.12"} <= {one.address for one in requests}


def test_visitor_who_has_signed_in_keeps_the_session() -> None:
    recording = record(RecordedRequest(USER, session="user"), RecordedRequest("/mine", session="user"))

    plan = behaviour("many visitors").plan(recording, answers(302, 200))

    assert plan
    assert {one.session for one in plan.recording.requests} == {"user"}
    assert [one.target for one in plan.recording.requests].count(USER) == 1


def test_forged_headers_come_from_another_address_and_replace_none() -> None:
    recording = record(RecordedRequest("/", headers=(("User-Agent", "of a test"),)))

    plan = behaviour("forged addresses").plan(recording, {})

    assert plan
    assert len(plan.recording.requests) == 8
    forged = plan.recording.requests[1]
    assert forged.headers == (("User-Agent", "of a test"), ("X-Forwarded-For", "203.0.113.7"))
    assert forged.address == "127.0.0.2"


def test_user_agent_is_replaced_left_out_and_long() -> None:
    recording = record(RecordedRequest("/", headers=(("user-agent", "of a test"),)))

    plan = behaviour("user agents").plan(recording, {})

    assert plan
    agents = [dict(one.headers).get("User-Agent") for one in plan.recording.requests[1:]]
    assert agents[:2] == [None, ""]
    assert len(agents[-1] or "") == 8000
    assert not any("user-agent" in dict(one.headers) for one in plan.recording.requests[1:])


def test_page_with_its_own_values_gets_them_from_their_last_copy() -> None:
    taken = Taken("5629499534213120", Source(1, "attribute", "/entry/*"))
    recording = record("/", RecordedRequest("/entry/5629499534213120", taken=(taken,)))

    plan = behaviour("restart").plan(recording, answers(200, 200))

    assert plan
    sources = [
        (number, one.taken[0].source.request) for number, one in enumerate(plan.recording.requests, 1) if one.taken
    ]
    assert sources == [(2, 1), (4, 3)]


def test_choice_has_a_page_of_each_route_and_no_files_errors_or_sign_outs() -> None:
    recording = record(
        "/", "/list?page=1", "/list?page=2", "/entry/1", "/entry/2", "/style.css", "/gone", "/logout", "/feed"
    )

    story = run(behaviour("restart").plan(recording, answers(200, 200, 200, 200, 200, 200, 404, 302, 200)))

    pages = ["/", "/list?page=1", "/entry/1", "/feed"]
    assert story == [*pages, "restart", *pages]


def test_cache_behaviours_begin_with_pages_that_call_a_cache() -> None:
    seen = answers(200, 200, 200, calls={1: "Datastore RunQuery", 2: "Memcache Get by ndb", 3: "Memcache Get"})

    story = run(behaviour("foreign values in the cache").plan(record("/", "/ndb", "/cached"), seen))

    assert story[-1] == "/cached"


def test_writes_and_what_they_need_come_first() -> None:
    token = Taken("4f1d9c0a", Source(2, "field", "token"))
    recording = record(
        RecordedRequest(USER, session="user"),
        RecordedRequest("/write", session="user"),
        post("/save", token, session="user", text="a"),
        post("/refused", text="b"),
        "/",
    )

    story = run(behaviour("two visitors at once").plan(recording, answers(302, 200, 302, 400, 200)))

    assert story == [USER, "/write", "POST /save", "/", "/write", "/"]


@pytest.mark.parametrize("name", ["restart", "cache gone"])
def test_form_is_submitted_again_after_the_event(name: str) -> None:
    token = Taken("4f1d9c0a", Source(2, "field", "token"))
    recording = record(RecordedRequest(USER), "/write", post("/save", token, text="a"), "/")

    story = run(behaviour(name).plan(recording, answers(302, 200, 302, 200)))

    event = {"restart": "restart", "cache gone": "take caches"}[name]
    assert story[story.index(event) :][:5] == [event, "/write", "/", "/write", "POST /save"]


def test_page_whose_id_is_taken_has_what_made_it_and_what_is_listed_before() -> None:
    recording, seen = record_guestbook(position=1)

    plan = behaviour("far from UTC").plan(recording, seen)

    assert plan
    assert run(plan) == ["/", "POST /sign", "POST /sign", "POST /sign", "/", "POST /delete/1000003"]
    texts = [one.body.decode() for one in plan.recording.requests if one.target == "/sign"]
    assert texts == ["text=1", "text=3", "text=4"]
    sources = [one.source.request for one in plan.recording.requests[-1].taken]
    assert sources == [5]


def test_another_thing_is_made_before_a_delete_is_repeated() -> None:
    recording, seen = record_guestbook(position=0)

    plan = behaviour("restart").plan(recording, seen)

    assert plan
    assert run(plan)[-4:] == ["POST /sign", "POST /sign", "/", "POST /delete/1000004"]
    assert [one.body for one in plan.recording.requests[-4:-2]] == [b"text=1", b"text=4"]


def test_value_that_each_page_has_another_of_is_made_by_no_write() -> None:
    requests: list[RecordedRequest] = []
    for number in range(5):
        requests.append(RecordedRequest("/"))
        requests.append(post("/save", Taken(f"key1000{number}", Source(len(requests), "field", "key")), text="a"))
    pages = [f'<input type="hidden" name="key" value="key1000{number}">' for number in range(5)]
    seen = answer_with(*(text for page in pages for text in (page, "")))

    assert Chooser(record(*requests), seen).needed_for(10) == (9, 10)


def test_few_writes_are_repeated_for_a_list_that_was_seen_once() -> None:
    page = "".join(f'<form action="/delete/100000{number}"></form>' for number in range(9))
    taken = Taken("1000002", Source(10, "attribute", "/delete/*", 2))
    recording = record(*(post("/save", text=f"{number}") for number in range(9)), "/list", post("/delete/x", taken))

    chooser = Chooser(recording, answer_with(*[""] * 9, page, ""))

    assert chooser.needed_for(11) == (4, 5, 6, 7, 8, 9, 10, 11)


def test_json_list_and_redirect_show_what_made_a_thing() -> None:
    taken = Taken("1000001", Source(5, "json", "posts[1].id", 0))
    recording = record("/posts", *[post("/posts", text="a")] * 3, "/posts", post("/remove", taken, id="1000001"))
    seen = answer_with('{"posts": []}', "", "", "", '{"posts": [{"id": "1000002"}, {"id": "1000001"}]}', "")
    seen = {number: Seen(replace(one.answer, headers=JSON)) for number, one in seen.items()}
    for number in (3, 4):
        location = (("Location", f"/posts/100000{number - 2}"),)
        seen[number] = Seen(Answer(302, location, b""))

    assert Chooser(recording, seen).needed_for(6) == (3, 4, 5, 6)


def test_value_whose_source_is_not_sent_is_named_as_lost() -> None:
    script = Script(record("/", post("/delete/1000001", Taken("1000001", Source(1, "attribute", "/delete/*")))))
    script.send(2)
    replay = Replay()

    replay.adapt(1, script.plan("alone").recording.requests[0])

    assert replay.lost == {1: ["1000001"]}


def test_visitor_signs_in_as_first_and_as_last() -> None:
    names = ("alice", "bruno", "carla", "david")
    recording = record(
        *(post("/login", username=name, password="x") for name in names), post("/save"), post("/save"), "/"
    )

    plan = behaviour("restart").plan(recording, {})

    assert plan
    bodies = [one.body.decode() for one in plan.recording.requests]
    assert bodies[:4] == ["username=alice&password=x", "username=david&password=x", "", ""]


def test_forms_are_submitted_until_lists_are_longer_than_a_page() -> None:
    recording = record(
        "/",
        post("/save", Taken("1", Source(1, "field", "token")), text="a"),
        post("/save", Taken("2", Source(1, "field", "token")), text="b"),
    )

    plan = behaviour("many entries").plan(recording, answers(200, 302, 302))

    assert plan
    assert run(plan) == ["/", *["POST /save"] * 26, "/"]
    assert [one.body for one in plan.recording.requests if one.body][:3] == [b"text=a", b"text=b", b"text=a"]
    assert {one.taken[0].source.request for one in plan.recording.requests if one.taken} == {1}


def test_recording_without_forms_or_with_many_entries_needs_no_more_of_them() -> None:
    assert behaviour("many entries").plan(VISITME, SEEN) is None
    full = record(*(post("/save", text=str(number)) for number in range(26)), "/")
    assert behaviour("many entries").plan(full, {}) is None
    deleted = post("/delete/56294995", Taken("56294995", Source(1, "attribute", "/delete/*")))
    assert behaviour("many entries").plan(record("/", deleted, post("/login", name="x")), {}) is None


def test_recording_without_pages_has_no_behaviours() -> None:
    assert not [one.name for one in BEHAVIOURS if one.plan(record("/"), answers(500))]


def test_behaviours_of_services_are_for_apps_that_call_them() -> None:
    def suiting(old: str, new: str) -> set[str]:
        return {one.name for one in BEHAVIOURS if one.services and one.suits([old], [new])}

    caches = {"cache gone", "restart without the cache", "foreign values in the cache"}
    redis = {"Redis does not answer", "Redis closes connections"}
    assert suiting("Memcache Get by ndb", "Mail Send") == set()
    assert suiting("Memcache Get", "Mail Send") == caches
    assert suiting("Memcache Get", "Redis GET") == caches
    assert suiting("Redis GET", "Redis GET") == caches | redis
    assert suiting("Datastore RunQuery", "Datastore Lookup") == {"Datastore gone"}


@pytest.mark.parametrize("name", [one.name for one in BEHAVIOURS])
def test_behaviour_of_a_large_recording_has_few_requests(name: str) -> None:
    pages = [f"/page{letter}" for letter in "abcdefghijkl"]
    writes = [post(f"/save{letter}", Taken("x", Source(1, "field", "x")), text="a") for letter in "abcdefghijkl"]
    recording = record(RecordedRequest(USER), *pages, *writes)

    plan = behaviour(name).plan(recording, {})

    assert plan
    assert 0 < len(plan.recording.requests) <= MOST + 5


def test_documentation_lists_the_behaviours() -> None:
    table = (ROOT / "docs" / "compare.md").read_text().partition("| behaviour |")[2].partition("\n\n")[0]
    assert table.splitlines()[2:] == [f"| {one.name} | {one.title} |" for one in BEHAVIOURS]
