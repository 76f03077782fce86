"""The log of requests: which call belongs to which request."""

from __future__ import annotations

import time

from localcloud.frontend import RequestLog


def test_call_belongs_to_the_one_request_that_runs() -> None:
    log = RequestLog()
    log.note("Datastore Lookup")
    with log.record("shop", "GET", "/", "127.0.0.1") as request:
        log.note("Datastore RunQuery")
        log.note("Datastore RunQuery")
    log.note("Datastore Commit")
    assert request.calls == {"Datastore RunQuery": 2}
    assert log.outside == {"Datastore Lookup": 1, "Datastore Commit": 1}


def test_call_of_a_known_app_belongs_to_its_request() -> None:
    log = RequestLog()
    with log.record("shop", "GET", "/", "::1") as shop, log.record("blog", "GET", "/", "::1") as blog:
        log.note("Memcache Get", "blog")
        log.note("Memcache Get", "neither")
    assert (shop.calls, blog.calls, log.outside) == ({}, {"Memcache Get": 1}, {"Memcache Get": 1})


def test_call_among_several_requests_may_be_of_each() -> None:
    log = RequestLog()
    with log.record("shop", "GET", "/1", "::1") as one, log.record("shop", "GET", "/2", "::1") as two:
        log.note("Datastore RunQuery")
    for request in (one, two):
        assert (request.calls, request.shared) == ({}, {"Datastore RunQuery": 1})


def test_call_that_is_reported_late_belongs_to_the_request_of_its_time() -> None:
    log = RequestLog()
    before = time.time()
    with log.record("shop", "GET", "/", "::1") as request:
        within = time.time()
    log.note("Redis GET", when=within)
    log.note("Redis SET", when=before - 1)
    assert (request.calls, log.outside) == ({"Redis GET": 1}, {"Redis SET": 1})


def test_log_keeps_the_newest_requests() -> None:
    log = RequestLog()
    for number in range(300):
        with log.record("shop", "GET", f"/{number}{'x' * 5000}", "::1"):
            pass
    newest = log.newest()
    assert (len(newest), newest[0].target[:4], len(newest[0].target)) == (200, "/299", 2000)
    log.clear()
    assert log.newest() == []
