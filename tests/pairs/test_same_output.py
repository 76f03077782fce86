"""START and FINISH give the same output, whatever visitors send and whatever happens to the services."""

from __future__ import annotations

from contextlib import closing
from weakref import WeakKeyDictionary

import pytest

from codelab.compare.local_backend import LocalBackend
from codelab.compare.scenario import Scenario
from codelab.compare.scenarios import ANN, BOB, MANY_ADDRESSES, SCENARIOS, address, datastore_outage
from codelab.compare.visitor import Answer, Browser, Document, Visitor
from localcloud import App, Platform
from tests.pairs.conftest import RunningPair
from tests.support.apps import fresh
from tests.support.course import FOLDERS, LONG_QUERY, Pair

pytestmark = pytest.mark.app

TRANSCRIPTS: WeakKeyDictionary[LocalBackend, dict[str, list[Document]]] = WeakKeyDictionary()

ERROR = 400
# The address from which Linux apps see the local cloud's front end.
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


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
def test_start_and_finish_give_same_output(running_pair: RunningPair, scenario: Scenario) -> None:
    pair, backends = running_pair
    transcripts = [
        [_compared(answer, pair) for answer in transcript_of(backend, scenario)] for backend in backends.values()
    ]
    if all(scenario.suits(folder.cache) for folder in pair.folders):
        start, finish = transcripts
        # If START without a cache gave the same output as FINISH, the README would declare too much.
        assert (start == finish) is not (pair.adds_cache and scenario.repeats_visitors)


def transcript_of(backend: LocalBackend, scenario: Scenario) -> list[Document]:
    """Return an app's answers in the scenario, which it runs once, though it may serve several pairs."""
    known = TRANSCRIPTS.setdefault(backend, {})
    if scenario.name not in known:
        with fresh(backend) as app:
            # A scenario for a cache runs on the folders that have it. Each page is checked as it comes.
            if scenario.suits(app.cache):
                scenario(app)
            known[scenario.name] = app.transcript
    return known[scenario.name]


def test_visit_to_one_folder_shows_in_the_other(running_pair: RunningPair) -> None:
    _, backends = running_pair
    first, second = backends.values()
    with fresh(first) as start, fresh(second) as finish:
        start.visit(ANN)
        finish.share_store_with(start)
        finish.visit(ANN)
        finish.visit(BOB)
        start.visit(Visitor(b"Carol"))
        # With a cache of its own, FINISH does not list Carol now, as mod12's and mod13's READMEs declare.
        finish.visit(BOB)
        finish.visit(Visitor(b"Dan"))


def test_start_and_finish_recover_from_datastore_outage(running_pair: RunningPair) -> None:
    _, backends = running_pair
    first, second = backends.values()
    with fresh(first) as start, fresh(second) as finish:
        datastore_outage(start, finish)


@pytest.mark.no_datastore
@pytest.mark.skipif(not MANY_ADDRESSES, reason="only Linux lets a visitor and the proxy have addresses of their own")
def test_broken_forwarded_for_shows_visitor_or_proxy(running_pair: RunningPair) -> None:
    # Werkzeug reads no list out of an open quote, so ProxyFix leaves the proxy's address.
    _, backends = running_pair
    visitor = Visitor(address=address(2), headers=((b"X-Forwarded-For", b'"203.0.113.7'),))
    for name, backend in backends.items():
        (answer,) = _answers(backend.app, "GET /", visitor=visitor)
        proxy = PROXY_OF_APP_ENGINE if backend.app.plan.platform is Platform.APP_ENGINE else PROXY
        shown = proxy if FOLDERS[name].counts_proxies else visitor.address
        assert answer.listed[0] == f"{shown}: suite"


@pytest.mark.no_datastore
def test_odd_requests_differ_only_as_declared(running_pair: RunningPair) -> None:
    pair, backends = running_pair
    transcripts = []
    for backend in backends.values():
        documents = []
        for request in ODD_REQUESTS:
            with fresh(backend):  # so that a visit which one request stores does not show in the next answer
                documents.append(_answers(backend.app, request)[0].document())
        transcripts.append(documents)
    start, finish = transcripts
    assert pair.statuses == {
        request: (one.status, other.status)
        for request, one, other in zip(ODD_REQUESTS, start, finish, strict=True)
        if _compared(one, pair) != _compared(other, pair)
    }


@pytest.mark.no_datastore
def test_cache_control_is_as_declared(running_pair: RunningPair) -> None:
    pair, backends = running_pair
    values = [_answers(backend.app, "GET /")[0].headers.get("Cache-Control") for backend in backends.values()]
    assert values == [folder.cache_control for folder in pair.folders]


def _answers(app: App, *requests: str, visitor: Visitor = ANN) -> list[Answer]:
    with closing(Browser(app.url)) as browser:
        return [browser.request(visitor, *request.split(" ")) for request in requests]


def _compared(answer: Document, pair: Pair) -> Document:
    """Return the answer without what the pair declares to differ."""
    return answer._replace(nodes=[]) if pair.error_pages_differ and answer.status >= ERROR else answer
