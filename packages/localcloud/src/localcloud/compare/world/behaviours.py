"""Behaviours of the world that an app meets beside its requests: each is a run of its own over a recording.

BEHAVIOURS has all of them in the order in which they run.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from localcloud.compare.world import events
from localcloud.compare.world.choice import Choice, Chooser, Seen
from localcloud.compare.world.foreign_values import FOREIGN_VALUES
from localcloud.compare.world.script import Plan, Script
from localcloud.traffic import RecordedRequest, Recording

MOST = 30
"""About as many requests a behaviour has at most."""
_HOUR = 3600
_VISITORS = 12  # more than ten, which many pages list
_ENTRIES = 26
# Only Linux has all of 127.0.0.0/8 on its loopback interface; elsewhere visitors differ by their user agents alone.
_MANY_ADDRESSES = sys.platform == "linux"
_CACHES = ("Memcache ", "Redis ")
_OF_NDB = " by ndb"


@dataclass(frozen=True)
class Behaviour:
    """A behaviour of the world. `name` is a few words, `title` says what happens.

    `services` are the beginnings of calls, as in "Redis ", without one of which it has no effect; empty for any app.
    `by_both` says that both apps have to make such a call: what one of them does not use it cannot miss. The apps run
    with the variables of `environment`.
    """

    name: str
    title: str
    write: Callable[[Chooser, Choice, Script], None]
    services: tuple[str, ...] = ()
    by_both: bool = False
    at_once: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)

    def suits(self, old_calls: Iterable[str], new_calls: Iterable[str]) -> bool:
        """Return whether two apps that make these calls can notice it."""
        noticed = [any(map(self._matters, calls)) for calls in (old_calls, new_calls)]
        return not self.services or (all(noticed) if self.by_both else any(noticed))

    def plan(self, recording: Recording, seen: Mapping[int, Seen]) -> Plan | None:
        """Return its run over a recording, of which the old app's answers are known; None if it would show nothing."""
        chooser = Chooser(recording, seen)
        choice = chooser.choose(self._matters if self.services else lambda call: True)
        script = Script(recording)
        if choice.pages:
            self.write(chooser, choice, script)
        return script.plan(self.title, self.at_once) if len(script) else None

    def _matters(self, call: str) -> bool:
        return call.startswith(self.services) and not call.endswith(_OF_NDB)


def _restart(chooser: Chooser, choice: Choice, script: Script) -> None:
    script.send(*choice.all)
    script.happen(events.RESTART)
    script.send(*choice.pages, *choice.rewrites)


def _send_all(chooser: Chooser, choice: Choice, script: Script) -> None:
    script.send(*choice.all)


def _take_caches(chooser: Chooser, choice: Choice, script: Script) -> None:
    script.send(*choice.all)
    pages = _some(choice, 5)
    script.send(*pages)
    script.happen(events.TAKE_CACHES)
    script.send(*pages, *choice.rewrites, *pages)
    script.happen(events.RETURN_CACHES)
    script.send(*pages, *pages)


def _restart_without_caches(chooser: Chooser, choice: Choice, script: Script) -> None:
    script.send(*choice.all)
    pages = _some(choice, 3)
    script.happen(events.TAKE_CACHES, events.RESTART)
    script.send(*pages, *pages)
    script.happen(events.RETURN_CACHES)
    script.send(*pages)


def _pass_an_hour(chooser: Chooser, choice: Choice, script: Script) -> None:
    script.send(*choice.all)
    pages = _some(choice, 4)
    script.send(*pages)
    script.happen(events.pass_time(_HOUR - 60, "59 minutes pass"))
    script.send(*pages)
    script.happen(events.pass_time(120, "two minutes pass"))
    script.send(*pages, *pages)


def _visit_at_once(chooser: Chooser, choice: Choice, script: Script) -> None:
    script.send(*choice.all)
    script.send_alone(*choice.pages)  # which show what both have written


def _forge_addresses(chooser: Chooser, choice: Choice, script: Script) -> None:
    _send_with_each(_FORGERIES, choice, script, _address(2))


def _send_headers(chooser: Chooser, choice: Choice, script: Script) -> None:
    _send_with_each(_HEADERS, choice, script)


def _send_user_agents(chooser: Chooser, choice: Choice, script: Script) -> None:
    _send_with_each([[("User-Agent", agent)] for agent in _USER_AGENTS], choice, script)


def _visit_with_many(chooser: Chooser, choice: Choice, script: Script) -> None:
    script.send(*choice.all)
    addresses = [_address(number) for number in range(1, _VISITORS + 1)]
    if socket.has_dualstack_ipv6():
        addresses.append("::1")
    visitors = [*enumerate(addresses, 1)]
    for number, address in [*visitors, *visitors[-1:]]:  # the last one comes back
        for page in _some(choice, len(addresses) + 1):
            request = _with_headers(choice.recording.requests[page - 1], [("User-Agent", f"Visitor {number}")])
            session = f"{request.session}, visitor {number}" if page in choice.of_visitors else request.session
            script.send_changed(page, replace(request, session=session, address=address))


def _write_many(chooser: Chooser, choice: Choice, script: Script) -> None:
    """Write so often that lists are longer than a page of 25, unless the recording has done that."""
    for write in filter(chooser.may_add, choice.writes):
        alike = chooser.same_writes(write)
        if len(alike) >= _ENTRIES:
            continue
        script.send(*chooser.needed_for(write))
        for number in range(1, _ENTRIES):
            again = alike[number % len(alike)]
            # Each page with the form once; its tokens are good for a session.
            script.send(*(one for one in sorted(chooser.needed_before(again)) if one not in script.sent), again)
        script.send(*(page for page in choice.pages if script.sent.issuperset(chooser.needed_before(page))))
        return


def _overwrite_caches(chooser: Chooser, choice: Choice, script: Script) -> None:
    script.send(*choice.all)
    page = choice.pages[0]
    for foreign in FOREIGN_VALUES:
        script.happen(events.overwrite(*foreign))
        script.send(page)
        if foreign is FOREIGN_VALUES[0]:
            script.send(page)  # which has replaced the value


def _stall_redis(chooser: Chooser, choice: Choice, script: Script) -> None:
    script.send(*choice.all)
    script.happen(events.STALL_REDIS)
    script.send(choice.pages[0])
    script.happen_at_once(events.RESUME_REDIS)
    script.send(choice.pages[0])


def _drop_redis_connections(chooser: Chooser, choice: Choice, script: Script) -> None:
    script.send(*choice.all)
    for _ in range(3):
        script.happen(events.DROP_REDIS_CONNECTIONS)
        script.send(choice.pages[0])


def _take_datastore(chooser: Chooser, choice: Choice, script: Script) -> None:
    script.send(*choice.all)
    script.happen(events.TAKE_DATASTORE)
    script.send(choice.pages[0])
    script.happen_at_once(events.RETURN_DATASTORE)


def _some(choice: Choice, times: int) -> tuple[int, ...]:
    """Return as many of the pages as can be requested so many times."""
    return choice.pages[: max(1, (MOST - len(choice.all) - len(choice.rewrites)) // times)]


_Kinds = Sequence[Sequence[tuple[str, "str | None"]]]


def _send_with_each(kinds: _Kinds, choice: Choice, script: Script, address: str = "") -> None:
    """Request pages with each of these sets of headers."""
    script.send(*choice.all)
    for page in _some(choice, len(kinds)):
        for headers in kinds:
            request = _with_headers(choice.recording.requests[page - 1], headers)
            script.send_changed(page, replace(request, address=address))


def _with_headers(request: RecordedRequest, headers: Iterable[tuple[str, str | None]]) -> RecordedRequest:
    """Return a request with these headers in the place of those with their names; None is no such header."""
    replaced = {name.lower() for name, _ in headers}
    kept = [pair for pair in request.headers if pair[0].lower() not in replaced]
    return replace(request, headers=(*kept, *((name, value) for name, value in headers if value is not None)))


def _address(number: int) -> str:
    return f"127.0.0.{number}" if _MANY_ADDRESSES else "127.0.0.1"


def _latin_1(text: str) -> str:
    """Return a header value as WSGI has it whose bytes are the text in UTF-8."""
    return text.encode().decode("latin-1")


_FORGERIES: _Kinds = (
    [("X-Forwarded-For", "203.0.113.7")],
    [("X-Forwarded-For", "203.0.113.7, 198.51.100.1")],
    [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-For", "198.51.100.1")],
    [("X-Forwarded-For", "2001:db8::1")],
    [("X-Forwarded-For", "")],
    [("X-Appengine-User-Ip", "203.0.113.7")],
    [("X-Real-Ip", "203.0.113.7"), ("Forwarded", "for=203.0.113.7")],
)
_HEADERS: _Kinds = (
    [("Cookie", '\xff=\x80; a="; b')],
    [("X-Forwarded-Proto", "gopher"), ("X-Forwarded-Host", "a, b"), ("X-Forwarded-Prefix", "/nope")],
    [("Script-Name", "/nope"), ("User_Agent", "not me")],
    [("X-Appengine-Api-Ticket", "not mine"), ("X-Appengine-Current-Namespace", "!!")],
    [("X-Appengine-User-Email", "admin@example.com"), ("X-Appengine-User-Is-Admin", "1")],
    [("X-Cloud-Trace-Context", "\xff/;o=x"), ("Traceparent", "zz")],
    [("Range", "bytes=0-1"), ("If-None-Match", "*")],
    [("Accept", "application/json"), ("Accept-Language", "xx-nowhere;q=0.5, *")],
)
# Datastore refuses to index a string of more than 1,500 bytes.
_USER_AGENTS: tuple[str | None, ...] = (
    None,
    "",
    _latin_1("Käthe 訪問者 🦊"),
    "Latin-1: caf\xe9",
    "quotes: \" ' ` \\",
    "<script>alert(1)</script> & &amp; <b>",
    "{} {0} {{ visit }} {% for %} %s %d %(x)s %%",
    *("x" * length for length in (1400, 1500, 1501, 8000)),
)

BEHAVIOURS = (
    Behaviour("restart", "the app is restarted between requests", _restart),
    Behaviour("cache gone", "the caches go away with all they hold, and come back empty", _take_caches, _CACHES),
    Behaviour(
        "restart without the cache", "the app is restarted while the caches are away", _restart_without_caches, _CACHES
    ),
    Behaviour("an hour passes", "an hour passes between requests", _pass_an_hour),
    Behaviour(
        "far from UTC",
        "the machine's time zone is not UTC",
        _send_all,
        environment={"TZ": "America/Los_Angeles"},
    ),
    Behaviour("two visitors at once", "two visitors make each request at the same time", _visit_at_once, at_once=2),
    Behaviour("forged addresses", "a visitor claims another address in headers", _forge_addresses),
    Behaviour("many visitors", "visitors with other browsers come from other addresses", _visit_with_many),
    Behaviour("many entries", "forms are submitted so often that lists are longer than a page", _write_many),
    Behaviour("user agents", "browsers have odd names, long ones and none", _send_user_agents),
    Behaviour("headers", "requests have headers that must not matter", _send_headers),
    Behaviour("foreign values in the cache", "another program replaces the cached values", _overwrite_caches, _CACHES),
    Behaviour(
        "Redis does not answer", "Redis accepts connections and does not answer", _stall_redis, ("Redis ",), True
    ),
    Behaviour(
        "Redis closes connections", "Redis closes connections that are idle", _drop_redis_connections, ("Redis ",), True
    ),
    Behaviour("Datastore gone", "the Datastore goes away for a request", _take_datastore, ("Datastore ",), True),
)
