"""START and FINISH give the same output, whatever visitors send and whatever happens around them."""

from __future__ import annotations

from contextlib import closing

import pytest

from codelab.compare.scenarios import (
    ANN,
    BOB,
    MANY_ADDRESSES,
    REDIS_SCENARIOS,
    REPEAT_VISITORS,
    SCENARIOS,
    Scenario,
    Visitor,
    address,
    datastore_gone_and_back,
)
from codelab.compare.visitor import Answer, Browser, Document
from localcloud import App, Platform
from tests.pairs.conftest import RunningPair, fresh
from tests.pairs.course import COUNTING_PROXIES, LONG_QUERY, Pair, cache_control, statuses

ERROR = 400
# Where Linux apps see the local cloud's front end come from.
PROXY = "127.0.0.254"
PROXY_OF_APP_ENGINE = "127.0.0.1"
ODD_REQUESTS = [
    "OPTIONS /",
    "PATCH /",
    "BREW /",
    "GET //",
    LONG_QUERY,
    "GET /robots.txt",
    "GET /favicon.ico",
    "GET /_ah/warmup",
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_both_sides_give_the_same_output(running_pair: RunningPair, scenario: Scenario) -> None:
    pair, sides = running_pair
    transcripts = []
    for name, (app, world) in sides.items():
        with fresh(name, app, world) as side:
            scenario(side)
            transcripts.append(side.transcript)
    start, finish = transcripts
    if "caching" in pair.differences and scenario in REPEAT_VISITORS:
        # Each side has been held to its own rule above; were they alike, the README would declare too much.
        assert start != finish
    else:
        assert [_seen(answer, pair) for answer in start] == [_seen(answer, pair) for answer in finish]


def test_visits_made_on_one_side_show_on_the_other(running_pair: RunningPair) -> None:
    _, sides = running_pair
    (first, (app, world)), (second, (other_app, other_world)) = sides.items()
    with fresh(first, app, world) as start, fresh(second, other_app, other_world) as finish:
        start.visit(ANN)
        finish.continue_from(start)
        finish.visit(ANN)
        finish.visit(BOB)
        start.visit(Visitor(b"Carol"))
        # From its own cache FINISH now lists no Carol, as mod12's and mod13's texts declare.
        finish.visit(BOB)
        finish.visit(Visitor(b"Dan"))


def test_both_sides_live_through_an_outage_of_datastore(running_pair: RunningPair) -> None:
    _, sides = running_pair
    (first, (app, world)), (second, (other_app, other_world)) = sides.items()
    with fresh(first, app, world) as start, fresh(second, other_app, other_world) as finish:
        datastore_gone_and_back(start, finish)


@pytest.mark.parametrize("scenario", REDIS_SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_a_side_with_redis_keeps_its_rules(running_pair: RunningPair, scenario: Scenario) -> None:
    _, sides = running_pair
    for name, (app, world) in sides.items():
        with fresh(name, app, world) as side:
            if side.cache == "Redis":
                scenario(side)


@pytest.mark.skipif(not MANY_ADDRESSES, reason="only Linux lets a visitor and the proxy have addresses of their own")
def test_a_broken_header_shows_the_visitor_or_the_proxy(running_pair: RunningPair) -> None:
    # Werkzeug reads no list out of an open quote, so ProxyFix leaves the proxy's address.
    _, sides = running_pair
    visitor = Visitor(address=address(2), headers=((b"X-Forwarded-For", b'"203.0.113.7'),))
    for name, (app, _) in sides.items():
        (answer,) = _answers(app, "GET /", visitor=visitor)
        proxy = PROXY_OF_APP_ENGINE if app.plan.platform is Platform.APP_ENGINE else PROXY
        believed = proxy if name in COUNTING_PROXIES else visitor.address
        assert answer.listed[0] == f"{believed}: suite"


def test_odd_requests_differ_only_as_declared(running_pair: RunningPair, genuine: bool) -> None:
    pair, sides = running_pair
    transcripts = []
    for name, (app, world) in sides.items():
        documents = []
        for request in ODD_REQUESTS:
            with fresh(name, app, world):  # what one request stores is no concern of the next
                documents.append(_answers(app, request)[0].document())
        transcripts.append(documents)
    start, finish = transcripts
    assert statuses(pair, genuine=genuine) == {
        request: (one.status, other.status)
        for request, one, other in zip(ODD_REQUESTS, start, finish, strict=True)
        if _seen(one, pair) != _seen(other, pair)
    }


def test_cache_control_differs_only_as_declared(running_pair: RunningPair, genuine: bool) -> None:
    pair, sides = running_pair
    values = [_answers(app, "GET /")[0].headers.get("Cache-Control") for app, _ in sides.values()]
    assert values == cache_control(pair, genuine=genuine)


def _answers(app: App, *requests: str, visitor: Visitor = ANN) -> list[Answer]:
    with closing(Browser(app.url)) as browser:
        return [browser.request(visitor, *request.split(" ")) for request in requests]


def _seen(answer: Document, pair: Pair) -> Document:
    """The answer without what the pair declares to differ."""
    return answer._replace(nodes=[]) if "error pages" in pair.differences and answer.status >= ERROR else answer
