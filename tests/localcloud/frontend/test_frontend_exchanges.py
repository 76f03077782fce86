"""Exchanges with visitors, told when they have ended."""

from __future__ import annotations

import queue
from collections.abc import Iterator

import httpx
import pytest

from localcloud.frontend import FrontEnd, RequestLog, SeenExchange
from localcloud.frontend.exchange import LARGEST_BODY
from localcloud.launch.plan import Platform
from tests.localcloud.frontend.frontend_ends import App, connect
from tests.support.deadline import DEADLINE


class Ends:
    """A front end that tells its exchanges, and a visitor."""

    def __init__(self, front_end: FrontEnd, told: queue.SimpleQueue[SeenExchange]) -> None:
        self.front_end, self._told = front_end, told

    def visit(self, path: str, **options: object) -> httpx.Response:
        return httpx.request("POST", self.front_end.url + path, timeout=DEADLINE, **options)  # type: ignore[arg-type]

    def told(self) -> SeenExchange:
        return self._told.get(timeout=DEADLINE)


@pytest.fixture(scope="module")
def ends(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ends]:
    told: queue.SimpleQueue[SeenExchange] = queue.SimpleQueue()
    requests = RequestLog()
    requests.tell = told.put
    front_end = FrontEnd(
        Platform.APP_ENGINE,
        app.address,
        directory=tmp_path_factory.mktemp("app"),
        name="shop",
        requests=requests,
        extra_headers={"X-Appengine-Api-Ticket": "t1"},
    )
    front_end.start()
    yield Ends(front_end, told)
    front_end.stop()


def test_exchange_has_what_both_ends_sent(ends: Ends) -> None:
    response = ends.visit("/a?b=c", content=b"hello\xff", headers={"X-Own": "1", "Cookie": "a=b"})
    seen = ends.told()
    assert (seen.app, seen.visitor, seen.method, seen.target) == ("shop", "127.0.0.1", "POST", "/a?b=c")
    assert {("X-Own", "1"), ("Cookie", "a=b")} < set(seen.headers)
    assert (seen.body, seen.whole) == (b"hello\xff", True)
    assert (seen.status, seen.answer_body) == (200, response.content)
    assert ("X-Peer", response.headers["X-Peer"]) in seen.answer_headers


def test_body_in_chunks_is_told_without_them(ends: Ends) -> None:
    ends.visit("/", content=iter([b"one", b"two"]))
    assert ends.told().body == b"onetwo"


def test_answer_of_the_front_end_itself_is_told(ends: Ends) -> None:
    ends.visit("/_ah/login")
    seen = ends.told()
    assert (seen.status, b"Not signed in" in seen.answer_body) == (200, True)


@pytest.mark.parametrize(("size", "whole"), [(LARGEST_BODY, True), (LARGEST_BODY + 1, False)])
def test_body_beyond_the_bound_is_not_whole(ends: Ends, size: int, whole: bool) -> None:
    ends.visit("/", content=bytes(size))
    seen = ends.told()
    assert seen.whole == whole
    assert len(seen.answer_body) == LARGEST_BODY


def test_body_that_did_not_arrive_is_not_whole(ends: Ends) -> None:
    with connect(ends.front_end) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: demo\r\nContent-Length: 9\r\n\r\nabc")
    seen = ends.told()
    assert (seen.body, seen.whole, seen.status) == (b"abc", False, 0)


def test_requests_of_app_engine_itself_are_not_told(ends: Ends) -> None:
    ends.visit("/task", headers={"X-Appengine-Api-Ticket": "t1", "X-Appengine-QueueName": "default"})
    ends.visit("/visit")
    assert ends.told().target == "/visit"
