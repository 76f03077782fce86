"""Who the visitor is, what each platform takes from a request's headers and what it adds."""

from __future__ import annotations

import re

import pytest
from frontend_ends import visit

from localcloud.frontend import FrontEnd
from localcloud.frontend.headers import visitor_address

# Who the visitor is


def test_app_engine_names_the_visitor(app_engine: FrontEnd) -> None:
    assert visit(app_engine, source="127.0.0.3").one("X-Appengine-User-Ip") == b"127.0.0.3"


def test_cloud_run_does_not_know_the_app_engine_header(cloud_run: FrontEnd) -> None:
    assert visit(cloud_run).all("X-Appengine-User-Ip") == []


def test_visitor_without_claims_is_all_of_x_forwarded_for(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, source="127.0.0.2").one("X-Forwarded-For") == b"127.0.0.2"


def test_visitor_comes_last_after_claims_of_several_lines(any_front_end: FrontEnd) -> None:
    reply = visit(any_front_end, b"X-Forwarded-For: 1.1.1.1, 2.2.2.2", b"x-forwarded-for: 3.3.3.3", source="127.0.0.2")
    assert reply.one("X-Forwarded-For") == b"1.1.1.1, 2.2.2.2, 3.3.3.3, 127.0.0.2"


def test_empty_claim_adds_no_entry(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, b"X-Forwarded-For:").one("X-Forwarded-For") == b"127.0.0.1"


def test_visitor_over_ipv6_keeps_the_address(app_engine: FrontEnd) -> None:
    assert visit(app_engine, source="::1").one("X-Appengine-User-Ip") == b"::1"


@pytest.mark.parametrize(
    ("peer", "shown"), [("::ffff:127.0.0.1", "127.0.0.1"), ("fe80::1%lo", "fe80::1"), ("::1", "::1")]
)
def test_address_is_shown_as_the_platforms_write_it(peer: str, shown: str) -> None:
    assert visitor_address(peer) == shown


def test_app_sees_the_proxy_as_its_peer(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end).headers["X-Peer"] == "127.0.0.254"


# What is taken away and what is added


@pytest.mark.parametrize(
    "name", [b"X-Appengine-User-Ip", b"x-appengine-user-ip", b"X_Appengine_User_Ip", b"X-Appengine_User-Ip"]
)
def test_forged_user_ip_does_not_reach_an_app_engine_app(app_engine: FrontEnd, name: bytes) -> None:
    reply = visit(app_engine, name + b": 6.6.6.6")
    assert b"6.6.6.6" not in reply.body


@pytest.mark.parametrize("name", ["X-Appengine-Queuename", "X-Google-Real", "Accept-Encoding"])
def test_app_engine_removes_reserved_header(app_engine: FrontEnd, name: str) -> None:
    assert visit(app_engine, name.encode() + b": forged").all(name) == []


@pytest.mark.parametrize("name", ["X-Appengine-User-Ip", "X-Google-Real", "Accept-Encoding"])
def test_cloud_run_passes_what_only_app_engine_reserves(cloud_run: FrontEnd, name: str) -> None:
    assert visit(cloud_run, name.encode() + b": theirs").one(name) == b"theirs"


@pytest.mark.parametrize("name", [b"X_Forwarded_For", b"X-Forwarded_For"])
def test_underscore_is_no_way_round_x_forwarded_for(any_front_end: FrontEnd, name: bytes) -> None:
    assert b"6.6.6.6" not in visit(any_front_end, name + b": 6.6.6.6").body


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


def test_scheme_is_the_one_the_visitor_used(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, b"X-Forwarded-Proto: https").one("X-Forwarded-Proto") == b"http"


def test_new_request_starts_a_trace(any_front_end: FrontEnd) -> None:
    reply = visit(any_front_end)
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


def test_connection_cannot_remove_the_visitor(any_front_end: FrontEnd) -> None:
    assert visit(any_front_end, b"Connection: X-Forwarded-For").one("X-Forwarded-For") == b"127.0.0.1"
