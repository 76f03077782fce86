"""The watch over a Redis: it reports the calls of apps, each with its time."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

import pytest

from localcloud.services import Memorystore, RedisWatch
from tests.localcloud.processes.programs import wait_until


@pytest.fixture
def server() -> Iterator[Memorystore]:
    server = Memorystore()
    server.start()
    yield server
    server.stop()


def watch_until_seen(server: Memorystore, reported: Counter[str], call: str) -> None:
    """Send a call until it is reported, since the watch begins at its own time."""

    def is_seen() -> bool:
        with server.client() as client:
            client.get(call)
        return bool(reported["Redis GET"])

    assert wait_until(is_seen)


def test_calls_of_apps_are_reported_and_own_ones_are_not(server: Memorystore) -> None:
    reported: Counter[str] = Counter()
    times: list[float] = []
    watch = RedisWatch(lambda: server, lambda call, when: (reported.update([call]), times.append(when))[0])
    watch.start()
    watch_until_seen(server, reported, "first")
    with watch.client(server, 1) as own:
        own.set("own", "value")
        own.lrange("nothing", 0, 1)
    with server.client() as client, client.pipeline() as pipeline:
        pipeline.set("a", b'\xff\r\n" ] "SET').append("b", "c").execute()
        client.eval("return redis.call('HGETALL', 'c')", 0)
        client.sadd("d", "last")
    assert wait_until(lambda: reported["Redis SADD"] == 1)
    reported.pop("Redis GET")
    assert reported == {"Redis MULTI": 1, "Redis SET": 1, "Redis APPEND": 1, "Redis EXEC": 1, "Redis SADD": 1}
    assert time.time() - 60 < min(times) <= max(times) <= time.time()
    watch.stop()


def test_server_that_comes_back_is_watched_again(server: Memorystore) -> None:
    reported: Counter[str] = Counter()
    watch = RedisWatch(lambda: server, lambda call, when: reported.update([call]))
    watch.start()
    watch_until_seen(server, reported, "before")
    server.stop()
    reported.clear()
    server.start()
    watch_until_seen(server, reported, "after")
    watch.stop()
