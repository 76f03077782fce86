"""A difference is told once for all requests that show it."""

from __future__ import annotations

import pytest

from localcloud.compare.noise.differences import ANY_ROUTE, Found, find_differences, group, outermost
from localcloud.compare.noise.noise import NoiseModel
from localcloud.compare.observation import Aspect, Line
from localcloud.compare.routes import route
from localcloud.traffic import RecordedRequest, Source, Taken
from tests.localcloud.compare.lines import differences, lines


def find(route: str, old: str, new: str, number: int, behaviour: str = "") -> list[Found]:
    noise = NoiseModel()
    learnt = noise.learn(Aspect.HEADERS, route, [Line("Vary", old)], [Line("Vary", old)])
    return list(find_differences(noise, Aspect.HEADERS, route, learnt, [Line("Vary", new)], number, behaviour))


def test_same_place_of_one_route_is_one_difference() -> None:
    [difference] = group([*find("GET /", "a", "b", 1), *find("GET /", "a", "c", 4)])
    assert difference.requests == (1, 4)
    assert (difference.old, difference.new) == ((), ())  # the texts change from request to request


@pytest.mark.parametrize(("paths", "expected"), [("xy", "GET /x, GET /y"), ("uvxy", ANY_ROUTE)])
def test_same_texts_on_several_routes_are_one_difference(paths: str, expected: str) -> None:
    found = [one for number, path in enumerate(paths, 1) for one in find(f"GET /{path}", "a", "b", number)]
    [difference] = group(found)
    assert (difference.route, difference.requests) == (expected, tuple(range(1, len(paths) + 1)))
    assert (difference.old, difference.new) == (("a",), ("b",))


def test_changes_close_to_each_other_are_one_difference() -> None:
    old = lines("a", "b", "c", "d", "e", *"ijklmnop", "q")
    [found] = differences((old, old, lines("A", "b", "c", "D", "e", *"ijklmnop", "Q")))
    assert [one.old for one in found] == [("a", "d"), ("q",)]
    assert [line.sign for line in found[0].diff] == ["-", "+", " ", " ", "-", "+", " ", " "]


def test_headers_and_flags_that_change_together_are_differences_of_their_own() -> None:
    old = (Line("a", "a is set"), Line("a path", "a: Path=/"), Line("a secure", "a: Secure"), Line("b", "b is set"))
    new = (Line("a", "a is set"), Line("a path", "a: Path=/x"), Line("b", "b is set"), Line("c", "c is set"))
    noise = NoiseModel()
    found = find_differences(noise, Aspect.COOKIES, "GET /", noise.learn(Aspect.COOKIES, "GET /", old, old), new, 1, "")
    assert [(one.place, [f"{line.sign}{line.text}" for line in one.diff]) for one in group(list(found))] == [
        ("a path", ["-a: Path=/", "+a: Path=/x"]),
        ("a secure", ["-a: Secure"]),
        ("c", ["+c is set"]),
    ]


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (["html > body > p", "html > body", "html > body > p class="], ["html > body"]),
        (["posts[]", "posts[].id", "post"], ["posts[]", "post"]),
        (["session", "session secure", "session2"], ["session", "session2"]),
    ],
)
def test_place_inside_another_is_not_told(places: list[str], expected: list[str]) -> None:
    assert outermost(places) == expected


def test_difference_that_shows_anyway_is_not_told_for_a_behaviour() -> None:
    [difference] = group([*find("GET /", "a", "b", 1), *find("GET /", "a", "b", 1, "a restart")])
    assert difference.behaviour == ""


def test_difference_that_needs_a_behaviour_names_it() -> None:
    [difference] = group(find("GET /", "a", "b", 3, "a restart"))
    assert (difference.behaviour, difference.requests) == ("a restart", (3,))


def test_times_that_only_the_new_app_shows_are_masked() -> None:
    [difference] = group(find("GET /", "", "made 2026-11-27 18:00:00 by b7f9a1c2d3", 1))
    assert difference.new == ("made … by …",)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/", "GET /"),
        ("/posts/17/edit", "GET /posts/*/edit"),
        ("/posts/agtkZW1vLWFwcHIR5A", "GET /posts/*"),
        ("/p/0b0e9f3c-7d43-4c0a-9a57-5d1c8ad01f3b", "GET /p/*"),
        ("/static/main.css?v=2", "GET /static/main.css?v"),
        ("/?b=1&a=2&a=3", "GET /?a&b"),
        ("/a/handed-out", "GET /a/*"),
    ],
)
def test_route_has_stars_for_ids(target: str, expected: str) -> None:
    taken = (Taken("handed-out", Source(1, "attribute", "/a/*")),)
    assert route(RecordedRequest(target, taken=taken)) == expected


def find_aspect(aspect: Aspect, old: str, new: str, number: int) -> list[Found]:
    noise = NoiseModel()
    learnt = noise.learn(aspect, "GET /x", [Line("place", old)], [Line("place", old)])
    return list(find_differences(noise, aspect, "GET /x", learnt, [Line("place", new)], number, ""))


@pytest.mark.parametrize(
    ("new", "aspects"),
    [
        ("500 Internal Server Error", [Aspect.STATUS, Aspect.ENTITIES]),
        ("201 Created", [Aspect.STATUS, Aspect.DOCUMENT, Aspect.ENTITIES]),
    ],
)
def test_answer_of_another_kind_is_one_difference_apart_from_what_was_written(new: str, aspects: list[Aspect]) -> None:
    found = [
        *find_aspect(Aspect.STATUS, "200 OK", new, 1),
        *find_aspect(Aspect.DOCUMENT, "<p>a", "<p>b", 1),
        *find_aspect(Aspect.ENTITIES, "a", "b", 1),
    ]
    differences = group(found)
    assert [one.aspect for one in differences] == aspects
    followers = [one.aspect for one in differences[0].followers]
    assert followers == ([] if Aspect.DOCUMENT in aspects else [Aspect.DOCUMENT])


def test_difference_that_shows_also_with_the_same_status_is_one_of_its_own() -> None:
    status = find_aspect(Aspect.STATUS, "200 OK", "404 Not Found", 1)
    headers = [one for number in (1, 2) for one in find_aspect(Aspect.HEADERS, "a", "b", number)]
    assert [one.aspect for one in group([*status, *headers])] == [Aspect.STATUS, Aspect.HEADERS]
