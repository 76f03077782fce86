"""The scenarios: what visitors do, and what happens to the app meanwhile.

SCENARIOS has all of them in the order in which they are written and run.
"""

from __future__ import annotations

import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from codelab.compare.app_under_test import AppUnderTest
from codelab.compare.assertions import expect
from codelab.compare.foreign_values import FOREIGN_VALUES
from codelab.compare.scenario import Scenario, scenario
from codelab.compare.visitor import Answer, Visitor

ANN = Visitor(b"Ann")
BOB = Visitor(b"Bob")
HOUR = 3600
CACHES = ("Memcache", "Redis")
# Only Linux has all of 127.0.0.0/8 on its loopback interface; elsewhere visitors differ by their user agents alone.
MANY_ADDRESSES = sys.platform == "linux"
RECOVERY_DEADLINE = 30


def address(number: int) -> str:
    """Return the loopback address that this visitor comes from."""
    return f"127.0.0.{number}" if MANY_ADDRESSES else "127.0.0.1"


@scenario(quick=True)
def first_visit_to_an_empty_store(app: AppUnderTest) -> None:
    """Visit once."""
    app.visit(ANN)


@scenario(quick=True)
def twelve_visitors(app: AppUnderTest) -> None:
    """Visit with more visitors than the page lists."""
    for number in range(1, 13):
        app.visit(Visitor(b"Visitor %d" % number, address(number)))


@scenario(quick=True, repeats_visitors=True)
def the_same_visitor_thrice(app: AppUnderTest) -> None:
    """Visit three times with one visitor."""
    for _ in range(3):
        app.visit(ANN)


@scenario(quick=True)
def two_visitors_alternating(app: AppUnderTest) -> None:
    """Visit with two visitors in turn."""
    for visitor in (ANN, BOB, ANN, BOB):
        app.visit(visitor)


@scenario(quick=True)
def user_agents_of_every_kind(app: AppUnderTest) -> None:
    """Send user agents that an app may fail to decode, escape or format."""
    for user_agent in (
        None,
        "Käthe 訪問者 🦊".encode(),
        b"Latin-1: caf\xe9",
        b"quotes: \" ' ` \\",
        b"<script>alert(1)</script> & &amp; <b>",
        b"{} {0} {{ visit }} {% for %} %s %d %(x)s %%",
        b"",
    ):
        app.visit(Visitor(user_agent))


@scenario(quick=True)
def user_agents_around_the_limit_of_an_indexed_string(app: AppUnderTest) -> None:
    """Send user agents that are shorter and longer than an indexed string may be."""
    # Datastore refuses to index a string of more than 1,500 bytes.
    for length in (1499, 1500, 1501, 8000):
        app.visit(Visitor(b"x" * (length - len("127.0.0.1: "))))
        app.visit(Visitor(b"x" * length))


@scenario(quick=True, needs_datastore=False)
def visitors_on_other_addresses(app: AppUnderTest) -> None:
    """Visit from several addresses."""
    for other in (address(2), address(3), *(["::1"] if socket.has_dualstack_ipv6() else [])):
        app.visit(Visitor(b"Ann", other))


@scenario(quick=True, needs_datastore=False)
def forged_addresses(app: AppUnderTest) -> None:
    """Send headers in which a client claims another address."""
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
        app.visit(Visitor(b"Mallory %d" % number, address(2), headers))


@scenario(quick=True, needs_datastore=False)
def headers_of_every_kind(app: AppUnderTest) -> None:
    """Send headers that must not change the page."""
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
        app.visit(Visitor(b"Mallory %d" % number, headers=headers))


@scenario(quick=True, needs_datastore=False)
def other_methods_and_paths(app: AppUnderTest) -> None:
    """Request what the app does not have."""
    head = app.visit(ANN, "HEAD")
    expect(not head.text, f"{app.name}: expected no body in the answer to HEAD, found {head.text[:80]!r}")
    for method in ("POST", "PUT", "DELETE"):
        _expect_status(app, 405, method, "/")
    _expect_status(app, 404, "POST", "/nope")
    for path in ("/nope", "/index.html", "/main.py", "/%C3%A9"):
        _expect_status(app, 404, "GET", path)
    for path in ("/%00", "/%", "/%ff"):
        status = app.request(BOB, "GET", path).status
        expect(status in (400, 404), f"{app.name}: expected status 400 or 404 for GET {path}, found {status}")
    app.visit(BOB, path="/?utm_source=news&x=%s&y={}&z=%C3%A9")
    app.visit(ANN, path="/?")


@scenario()
def twenty_visitors_at_once(app: AppUnderTest) -> None:
    """Visit with twenty visitors at the same time; each visit is stored."""
    app.visit_at_once([Visitor(b"Visitor %d" % number, address(number)) for number in range(1, 21)])
    last = app.try_visit(ANN)
    expect(last.status == 200, f"{app.name}: expected the page after 20 visitors at once, found status {last.status}")
    expect(last.listed[0] == ANN.line, f"{app.name}: expected the last visitor first, found {last.listed[0]!r}")
    expect(len(set(last.listed)) == 10, f"{app.name}: expected ten visitors listed, found {last.listed}")
    stored = app.backend.count_visits()
    expect(stored == 21, f"{app.name}: expected a visit stored for each of 21 visitors, found {stored}")


@scenario(caches=(None,))
def restart_between_visits(app: AppUnderTest) -> None:
    """Restart the app; it forgets no visit. One with a cache has a restart in `restart_without_the_cache`."""
    app.visit(ANN)
    app.restart()
    app.visit(BOB)


@scenario(caches=CACHES, repeats_visitors=True, needs_datastore=False)
def an_hour_passing(app: AppUnderTest) -> None:
    """Let a cached list grow too old."""
    app.visit(ANN)
    app.advance(HOUR - 60, expires=False)
    app.visit(ANN)
    app.advance(90, expires=True)
    app.visit(ANN)
    app.visit(ANN)


@scenario(caches=CACHES, repeats_visitors=True, needs_datastore=False)
def cache_gone_during_visits(app: AppUnderTest) -> None:
    """Take the cache away between visits."""
    app.visit(ANN)
    app.visit(ANN)
    with app.cache_down():
        app.visit(ANN)
        app.visit(ANN)
        app.visit(BOB)
    app.visit(BOB)
    app.visit(BOB)


@scenario(caches=CACHES, repeats_visitors=True, needs_datastore=False)
def restart_without_the_cache(app: AppUnderTest) -> None:
    """Take the cache away, and restart the app; it starts, and forgets no visit."""
    app.visit(BOB)
    with app.cache_down():
        app.restart()
        app.visit(ANN)
        app.visit(ANN)
    app.visit(ANN)
    app.visit(ANN)


@scenario()
def visits_of_an_older_version(app: AppUnderTest) -> None:
    """Start with a visit that an older version of the app has stored."""
    # As when `visitor` was an indexed StringProperty, beside a property that has been dropped since.
    app.expect_stored(ANN, app.backend.store_as_older_version(ANN.line))
    app.visit(BOB)


@scenario(caches=CACHES, repeats_visitors=True, needs_datastore=False)
def foreign_values_in_the_cache(app: AppUnderTest) -> None:
    """Replace the cached list by values that the app did not write."""
    app.visit(ANN)
    for number, foreign in enumerate(FOREIGN_VALUES):
        app.overwrite_cache(foreign.value, foreign.memcache_flags)  # which finds the list that was cached again
        app.visit(ANN)
        if number % 10 == 0:
            app.visit(ANN)


@scenario(caches=("Redis",), needs_datastore=False, needs_time_outs=True)
def redis_never_answering(app: AppUnderTest) -> None:
    """Visit while Redis accepts connections and does not answer."""
    app.visit(ANN)
    app.visit(BOB)
    with app.redis_stalled(calls=2 * 2):  # a read and a write for each page
        # At once: one over the connection that is open, the other over a new one.
        app.visit_at_once([ANN, BOB])


@scenario(caches=("Redis",), needs_datastore=False)
def redis_closing_idle_connections(app: AppUnderTest) -> None:
    """Close the app's connections to Redis between visits."""
    app.visit(ANN)
    for _ in range(3):
        app.backend.drop_redis_connections()
        app.visit(ANN)


def datastore_outage(*apps: AppUnderTest) -> None:
    """Take the Datastore away from all apps at once: Google's clients take long to give up and to come back."""
    early, during, late = ({app: Visitor(when + app.name.encode()) for app in apps} for when in (b"1", b"2", b"3"))
    for app in apps:
        _expect_page(app, early[app], "before the outage")
    backend = apps[0].backend
    with ThreadPoolExecutor(max_workers=len(apps)) as pool:
        with backend.datastore_outage():
            answers = list(pool.map(lambda app: app.try_visit(during[app]), apps))
        for app, answer in zip(apps, answers, strict=True):
            expect(answer.status == 500, f"{app.name}: expected status 500 without Datastore, found {answer.status}")
        list(pool.map(lambda app: _visit_until_answered(app, during[app]), apps))
    for app in apps:
        listed = _expect_page(app, late[app], "after the outage").listed
        expect(listed[0] == late[app].line, f"{app.name}: expected the last visitor first, found {listed[0]!r}")
        expect(early[app].line in listed, f"{app.name}: expected the visits from before the outage, found {listed}")


def _visit_until_answered(app: AppUnderTest, visitor: Visitor) -> None:
    deadline = time.monotonic() + RECOVERY_DEADLINE
    while (answer := app.try_visit(visitor)).status != 200:
        expect(time.monotonic() < deadline, f"{app.name}: expected the page again, found status {answer.status}")


def _expect_page(app: AppUnderTest, visitor: Visitor, when: str) -> Answer:
    answer = app.try_visit(visitor)
    expect(answer.status == 200, f"{app.name}: expected the page {when}, found status {answer.status}")
    return answer


def _expect_status(app: AppUnderTest, status: int, method: str, path: str) -> None:
    found = app.request(BOB, method, path).status
    expect(found == status, f"{app.name}: expected status {status} for {method} {path}, found {found}")


SCENARIOS: tuple[Scenario, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Scenario))
