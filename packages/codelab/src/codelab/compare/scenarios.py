"""What visitors do to a side, and what the world does to it. Each scenario begins with empty store and caches."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from codelab.compare.expectation import expect
from codelab.compare.foreign_values import FOREIGN_VALUES
from codelab.compare.side import Side
from codelab.compare.visitor import Answer, Visitor

Scenario = Callable[[Side], None]

ANN = Visitor(b"Ann")
BOB = Visitor(b"Bob")
HOUR = 3600
# Only Linux has the whole of 127.0.0.0/8 at hand; elsewhere visitors differ by what they say alone.
MANY_ADDRESSES = sys.platform == "linux"
RECOVERY_DEADLINE = 30


def address(number: int) -> str:
    """Return the loopback address that this visitor comes from."""
    return f"127.0.0.{number}" if MANY_ADDRESSES else "127.0.0.1"


def first_visit_to_an_empty_store(side: Side) -> None:
    side.visit(ANN)


def twelve_visitors(side: Side) -> None:
    for number in range(1, 13):
        side.visit(Visitor(b"Visitor %d" % number, address(number)))


def the_same_visitor_thrice(side: Side) -> None:
    for _ in range(3):
        side.visit(ANN)


def two_visitors_alternating(side: Side) -> None:
    for visitor in (ANN, BOB, ANN, BOB):
        side.visit(visitor)


def user_agents_of_every_kind(side: Side) -> None:
    for user_agent in (
        None,
        "Käthe 訪問者 🦊".encode(),
        b"Latin-1: caf\xe9",
        b"quotes: \" ' ` \\",
        b"<script>alert(1)</script> & &amp; <b>",
        b"{} {0} {{ visit }} {% for %} %s %d %(x)s %%",
        b"",
    ):
        side.visit(Visitor(user_agent))


def user_agents_around_the_limit_of_an_indexed_string(side: Side) -> None:
    # Datastore refuses to index a string of more than 1,500 bytes.
    for length in (1499, 1500, 1501, 8000):
        side.visit(Visitor(b"x" * (length - len("127.0.0.1: "))))
        side.visit(Visitor(b"x" * length))


def visitors_on_other_addresses(side: Side) -> None:
    for other in (address(2), address(3), *(["::1"] if socket.has_dualstack_ipv6() else [])):
        side.visit(Visitor(b"Ann", other))


def forged_addresses(side: Side) -> None:
    forgeries = (
        ((b"X-Forwarded-For", b"203.0.113.7"),),
        ((b"X-Forwarded-For", b"203.0.113.7, 198.51.100.1"),),
        ((b"X-Forwarded-For", b"203.0.113.7"), (b"X-Forwarded-For", b"198.51.100.1")),
        ((b"X-Forwarded-For", b"2001:db8::1"),),
        ((b"X-Forwarded-For", b""),),
        ((b"X-Appengine-User-Ip", b"203.0.113.7"),),
        ((b"X-Real-Ip", b"203.0.113.7"), (b"Forwarded", b"for=203.0.113.7")),
    )
    for number, headers in enumerate(forgeries):
        side.visit(Visitor(b"Mallory %d" % number, address(2), headers))


def headers_of_every_kind(side: Side) -> None:
    kinds = (
        ((b"Host", b"evil.example.com"),),
        ((b"Host", b"<script>"),),
        ((b"Cookie", b'\xff=\x80; a="; b'),),
        ((b"X-Forwarded-Proto", b"gopher"), (b"X-Forwarded-Host", b"a, b"), (b"X-Forwarded-Prefix", b"/nope")),
        ((b"Script-Name", b"/nope"), (b"User_Agent", b"not me")),
        ((b"X-Appengine-Api-Ticket", b"not mine"), (b"X-Appengine-Current-Namespace", b"!!")),
        ((b"X-Cloud-Trace-Context", b"\xff/;o=x"), (b"Traceparent", b"zz")),
        ((b"Range", b"bytes=0-1"), (b"If-None-Match", b"*"), (b"Accept", b"application/json")),
    )
    for number, headers in enumerate(kinds):
        side.visit(Visitor(b"Mallory %d" % number, headers=headers))


def other_methods_and_paths(side: Side) -> None:
    head = side.visit(ANN, "HEAD")
    expect(not head.text, f"{side.name}: expected no body in the answer to HEAD, found {head.text[:80]!r}")
    for method in ("POST", "PUT", "DELETE"):
        _expect_status(side, 405, method, "/")
    _expect_status(side, 404, "POST", "/nope")
    for path in ("/nope", "/index.html", "/main.py", "/%C3%A9"):
        _expect_status(side, 404, "GET", path)
    for path in ("/%00", "/%", "/%ff"):
        status = side.ask(BOB, "GET", path).status
        expect(status in (400, 404), f"{side.name}: expected status 400 or 404 for GET {path}, found {status}")
    side.visit(BOB, path="/?utm_source=news&x=%s&y={}&z=%C3%A9")
    side.visit(ANN, path="/?")


def twenty_visitors_at_once(side: Side) -> None:
    side.visit_at_once([Visitor(b"Visitor %d" % number, address(number)) for number in range(1, 21)])
    last = side.try_visit(ANN)
    expect(last.status == 200, f"{side.name}: expected the page after 20 visitors at once, found status {last.status}")
    expect(last.listed[0] == ANN.line, f"{side.name}: expected the last visitor first, found {last.listed[0]!r}")
    expect(len(set(last.listed)) == 10, f"{side.name}: expected ten visitors listed, found {last.listed}")
    stored = side.world.count_visits()
    expect(stored == 21, f"{side.name}: expected a visit stored for each of 21 visitors, found {stored}")


def restart_between_visits(side: Side) -> None:
    side.visit(ANN)
    side.world.restart()
    side.visit(BOB)


def an_hour_passing(side: Side) -> None:
    side.visit(ANN)
    side.advance(HOUR - 60, expires=False)
    side.visit(ANN)
    side.advance(90, expires=True)
    side.visit(ANN)
    side.visit(ANN)


def cache_gone_during_visits(side: Side) -> None:
    side.visit(ANN)
    side.visit(ANN)
    with side.cache_down():
        side.visit(ANN)
        side.visit(ANN)
        side.visit(BOB)
    side.visit(BOB)
    side.visit(BOB)


def cache_gone_before_the_first_visit(side: Side) -> None:
    with side.cache_down():
        if side.cache:  # it must start, too
            side.world.restart()
        side.visit(ANN)
        side.visit(ANN)
    side.visit(ANN)
    side.visit(ANN)


def datastore_gone_and_back(*sides: Side) -> None:
    """Let the sides of a pair live through one outage: Google's clients take their time to give up and to come back."""
    early, during, late = ({side: Visitor(when + side.name.encode()) for side in sides} for when in (b"1", b"2", b"3"))
    for side in sides:
        _expect_page(side, early[side], "before the outage")
    world = sides[0].world
    with ThreadPoolExecutor(max_workers=len(sides)) as pool:
        with world.datastore_outage():
            answers = list(pool.map(lambda side: side.try_visit(during[side]), sides))
        for side, answer in zip(sides, answers, strict=True):
            expect(answer.status == 500, f"{side.name}: expected status 500 without Datastore, found {answer.status}")
        list(pool.map(lambda side: _visit_until_answered(side, during[side]), sides))
    for side in sides:
        listed = _expect_page(side, late[side], "after the outage").listed
        expect(listed[0] == late[side].line, f"{side.name}: expected the last visitor first, found {listed[0]!r}")
        expect(early[side].line in listed, f"{side.name}: expected the visits from before the outage, found {listed}")


def _visit_until_answered(side: Side, visitor: Visitor) -> None:
    deadline = time.monotonic() + RECOVERY_DEADLINE
    while (answer := side.try_visit(visitor)).status != 200:
        expect(time.monotonic() < deadline, f"{side.name}: expected the page again, found status {answer.status}")


def _expect_page(side: Side, visitor: Visitor, when: str) -> Answer:
    answer = side.try_visit(visitor)
    expect(answer.status == 200, f"{side.name}: expected the page {when}, found status {answer.status}")
    return answer


def _expect_status(side: Side, status: int, method: str, path: str) -> None:
    found = side.ask(BOB, method, path).status
    expect(found == status, f"{side.name}: expected status {status} for {method} {path}, found {found}")


def redis_never_answering(side: Side) -> None:
    side.visit(ANN)
    side.visit(BOB)
    with side.redis_stalled(calls=2 * 2):  # a read and a write for each page
        side.visit(ANN)  # over the connection that is open
        side.visit(BOB)  # over new ones


def redis_closing_idle_connections(side: Side) -> None:
    side.visit(ANN)
    for _ in range(3):
        side.world.drop_redis_connections()
        side.visit(ANN)


def foreign_values_in_the_cache(side: Side) -> None:
    side.visit(ANN)
    for foreign in FOREIGN_VALUES:
        side.overwrite_cache(foreign.value, foreign.memcache_flags)
        side.visit(ANN)
        side.visit(ANN)


def visits_of_an_older_version(side: Side) -> None:
    # As when `visitor` was an indexed StringProperty, beside a property that has been dropped since.
    side.adopt(ANN, side.world.store_as_older_version(ANN.line))
    side.visit(BOB)


# What a cache changes: these repeat a visitor within the hour. Where only FINISH has one, the transcripts differ.
REPEAT_VISITORS = [
    the_same_visitor_thrice,
    an_hour_passing,
    cache_gone_during_visits,
    cache_gone_before_the_first_visit,
    foreign_values_in_the_cache,
]

# What only an app that caches in Redis is held to.
REDIS_SCENARIOS = [redis_never_answering, redis_closing_idle_connections]

SCENARIOS = [
    first_visit_to_an_empty_store,
    twelve_visitors,
    the_same_visitor_thrice,
    two_visitors_alternating,
    user_agents_of_every_kind,
    user_agents_around_the_limit_of_an_indexed_string,
    visitors_on_other_addresses,
    forged_addresses,
    headers_of_every_kind,
    other_methods_and_paths,
    twenty_visitors_at_once,
    restart_between_visits,
    an_hour_passing,
    cache_gone_during_visits,
    cache_gone_before_the_first_visit,
    visits_of_an_older_version,
    foreign_values_in_the_cache,
]
