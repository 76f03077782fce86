"""The visitor's address, and the headers that each platform removes and adds."""

from __future__ import annotations

import re

import pytest

from datastore_emulator.http.listener import visitor_address
from localcloud.frontend import FrontEnd
from localcloud.launch.plan import Platform
from tests.localcloud.frontend.frontend_ends import visit

# Who the visitor is


def test_app_engine_names_the_visitor(app_engine: FrontEnd) -> None:
    assert visit(app_engine, source="127.0.0.3").one("X-Appengine-User-Ip") == b"127.0.0.3"


def test_cloud_run_does_not_know_the_app_engine_header(cloud_run: FrontEnd) -> None:
    assert visit(cloud_run).all("X-Appengine-User-Ip") == []


CLAIMS = (b"X-Forwarded-For: 1.1.1.1, 2.2.2.2", b"x-forwarded-for: 3.3.3.3")


def test_visitor_without_claims_is_all_of_cloud_runs_x_forwarded_for(cloud_run: FrontEnd) -> None:
    assert visit(cloud_run, source="127.0.0.2").one("X-Forwarded-For") == b"127.0.0.2"


def test_visitor_comes_last_on_cloud_run_after_claims_of_several_lines(cloud_run: FrontEnd) -> None:
    reply = visit(cloud_run, *CLAIMS, source="127.0.0.2")
    assert reply.one("X-Forwarded-For") == b"1.1.1.1, 2.2.2.2, 3.3.3.3, 127.0.0.2"


def test_app_engines_own_address_follows_the_visitor_on_python3(python3: FrontEnd) -> None:
    assert visit(python3, source="127.0.0.2").one("X-Forwarded-For") == b"127.0.0.2, 169.254.1.1"


def test_visitor_is_last_but_one_on_app_engine_python3_after_claims_of_several_lines(python3: FrontEnd) -> None:
    reply = visit(python3, *CLAIMS, source="127.0.0.2")
    assert reply.one("X-Forwarded-For") == b"1.1.1.1, 2.2.2.2, 3.3.3.3, 127.0.0.2, 169.254.1.1"


def test_load_balancer_follows_the_visitor_behind_one(load_balanced: FrontEnd) -> None:
    reply = visit(load_balanced, *CLAIMS, source="127.0.0.2")
    assert reply.one("X-Forwarded-For") == b"1.1.1.1, 2.2.2.2, 3.3.3.3, 127.0.0.2, 127.0.0.253"


def test_load_balancer_follows_the_visitors_proxies_in_via(load_balanced: FrontEnd) -> None:
    assert visit(load_balanced, b"Via: 1.1 cache").one("Via") == b"1.1 cache, 1.1 google"


def test_python27_gets_no_header_about_proxies(python27: FrontEnd) -> None:
    reply = visit(python27)
    assert [reply.all(name) for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via")] == [[]] * 4


def test_empty_claim_adds_no_entry(cloud_run: FrontEnd) -> None:
    assert visit(cloud_run, b"X-Forwarded-For:").one("X-Forwarded-For") == b"127.0.0.1"


@pytest.mark.parametrize(("source", "node"), [("127.0.0.2", b"127.0.0.2"), ("::1", b"[::1]")])
def test_forwarded_names_the_visitor_alone(proxying: FrontEnd, source: str, node: bytes) -> None:
    reply = visit(proxying, b"Forwarded: for=6.6.6.6", source=source)
    assert reply.one("Forwarded") == b'for="%s";proto=http' % node


def test_visitor_over_ipv6_keeps_the_address(app_engine: FrontEnd) -> None:
    assert visit(app_engine, source="::1").one("X-Appengine-User-Ip") == b"::1"


@pytest.mark.parametrize(
    ("peer", "shown"), [("::ffff:127.0.0.1", "127.0.0.1"), ("fe80::1%lo", "fe80::1"), ("::1", "::1")]
)
def test_address_is_shown_as_the_platforms_write_it(peer: str, shown: str) -> None:
    assert visitor_address(peer) == shown


def test_app_on_cloud_run_sees_the_proxy_as_its_peer(cloud_run: FrontEnd) -> None:
    assert visit(cloud_run).headers["X-Peer"] == "127.0.0.254"


def test_app_on_app_engine_python3_sees_its_own_host_as_its_peer(python3: FrontEnd) -> None:
    assert visit(python3, source="127.0.0.2").headers["X-Peer"] == "127.0.0.1"


# What is taken away and what is added


@pytest.mark.parametrize(
    "name", [b"X-Appengine-User-Ip", b"x-appengine-user-ip", b"X_Appengine_User_Ip", b"X-Appengine_User-Ip"]
)
def test_forged_user_ip_does_not_reach_an_app_engine_app(app_engine: FrontEnd, name: bytes) -> None:
    reply = visit(app_engine, name + b": 6.6.6.6")
    assert b"6.6.6.6" not in reply.body


@pytest.mark.parametrize("name", ["X-Appengine-Queuename", "X-Google-Real"])
def test_app_engine_removes_reserved_header(app_engine: FrontEnd, name: str) -> None:
    assert visit(app_engine, name.encode() + b": forged").all(name) == []


def test_functions_remove_reserved_header(front_ends: dict[Platform, FrontEnd]) -> None:
    assert visit(front_ends[Platform.FUNCTIONS], b"X-Google-Real: forged").all("X-Google-Real") == []


def test_python27_removes_accept_encoding(python27: FrontEnd) -> None:
    assert visit(python27, b"Accept-Encoding: br").all("Accept-Encoding") == []


def test_app_gets_accept_encoding_elsewhere(proxying: FrontEnd) -> None:
    assert visit(proxying, b"Accept-Encoding: br").one("Accept-Encoding") == b"br"


@pytest.mark.parametrize("name", ["X-Appengine-User-Ip", "X-Google-Real"])
def test_cloud_run_passes_what_only_other_platforms_reserve(front_end: FrontEnd, name: str) -> None:
    assert visit(front_end, name.encode() + b": theirs").one(name) == b"theirs"


@pytest.mark.parametrize("name", [b"X_Forwarded_For", b"X-Forwarded_For"])
def test_underscore_does_not_forge_x_forwarded_for(proxying: FrontEnd, name: bytes) -> None:
    assert b"6.6.6.6" not in visit(proxying, name + b": 6.6.6.6").body


def test_launcher_adds_a_header_no_visitor_can_replace(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, b"X-Appengine-Api-Ticket: t2").one("X-Appengine-Api-Ticket") == b"t1"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Appengine-Https", rb"off"),
        ("X-Appengine-Country", rb"ZZ"),
        ("X-Appengine-Request-Log-Id", rb"[0-9a-f]{64}"),
        ("X-Appengine-Default-Version-Hostname", rb"localhost:\d+"),
    ],
)
def test_app_engine_adds_its_header(app_engine: FrontEnd, name: str, value: bytes) -> None:
    assert re.fullmatch(value, visit(app_engine).one(name))


def test_app_engine_python3_adds_its_deadline(python3: FrontEnd) -> None:
    assert visit(python3).one("X-Appengine-Timeout-Ms") == b"599999"


def test_scheme_is_the_one_the_visitor_used(proxying: FrontEnd) -> None:
    assert visit(proxying, b"X-Forwarded-Proto: https").one("X-Forwarded-Proto") == b"http"


def test_new_request_starts_a_trace(proxying: FrontEnd) -> None:
    reply = visit(proxying)
    trace = re.fullmatch(rb"([0-9a-f]{32})/(\d+);o=0", reply.one("X-Cloud-Trace-Context"))
    assert trace is not None
    assert reply.one("Traceparent") == b"00-%s-%016x-00" % (trace[1], int(trace[2]))


@pytest.mark.parametrize("line", [b"traceparent: 00-%s-00f067aa0ba902b7-01", b"X-Cloud-Trace-Context: %s/1;o=1"])
def test_visitors_trace_goes_on(any_front_end: FrontEnd, line: bytes) -> None:
    trace = b"4bf92f3577b34da6a3ce929d0e0e4736"
    assert visit(any_front_end, line % trace).one("X-Cloud-Trace-Context").startswith(trace)


def test_host_is_passed_as_it_came(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end).one("Host") == b"demo.example"


@pytest.mark.parametrize("name", ["Keep-Alive", "Te", "Proxy-Connection", "Upgrade", "X-Mine"])
def test_header_of_the_visitors_connection_ends_here(any_front_end: FrontEnd, name: str) -> None:
    assert visit(any_front_end, name.encode() + b": h2c", b"Connection: X-Mine").all(name) == []


def test_connection_cannot_remove_host(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, b"Connection: host").one("Host") == b"demo.example"


def test_connection_cannot_remove_the_visitor(cloud_run: FrontEnd) -> None:
    assert visit(cloud_run, b"Connection: X-Forwarded-For").one("X-Forwarded-For") == b"127.0.0.1"
