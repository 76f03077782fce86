"""`codelab probe` explains any other answer, within its time and a few visits."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler

import pytest

from tests.codelab.probed_servers import OWN, Respond, answer, endless, listing, probed, right_answer, serving

# How a server answers, how many visits it gets, and how the line begins.
SERVERS: dict[str, tuple[Respond, int, str]] = {
    "an error": (lambda request, _: answer(request, 500), 3, "error: the app answers 500 Internal Server Error. Its"),
    "no access": (lambda request, _: answer(request, 403), 1, "not public: the app answers 403 Forbidden"),
    "no page": (lambda request, _: answer(request, 404), 1, "not found: the answer is 404 Not Found"),
    "a redirect to another host": (
        lambda request, _: answer(request, 302, Location="https://other.example/a?b=c"),
        1,
        "redirect: the app answers 302 Found, to https://other.example/a?b=c. ",
    ),
    "another page": (
        lambda request, _: answer(request, 200, "<title>Shop</title>"),
        1,
        'this is not VisitMe\'s page: it has no list of visits, and its title is "Shop"',
    ),
    "bytes that are no text": (
        lambda request, _: request.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n\xff\xfe\x00<li>"),
        1,
        "this is not VisitMe's page",
    ),
    "a page without end": (
        lambda request, _: endless(request, b"HTTP/1.0 200 OK\r\n\r\n", b"<p>" + b"x" * 30_000),
        1,
        "this is not VisitMe's page",
    ),
    "an old list": (
        lambda request, _: answer(request, 200, listing("8.8.8.8: another", "8.8.4.4: yet another")),
        3,
        "the page lists 2 other visits and not this one",
    ),
    "no HTTP": (lambda request, _: request.wfile.write(b"SSH-2.0\r\n"), 1, "no answer: the connection broke off ("),
    "an answer broken off": (
        lambda request, _: request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nVis"),
        1,
        "no answer: the connection broke off (",
    ),
}


@pytest.mark.parametrize("case", SERVERS)
def test_other_answer_is_explained_after_three_visits_at_most(case: str) -> None:
    respond, visits, beginning = SERVERS[case]
    with serving(respond) as site:
        right, line = probed(site.url)
    assert line.startswith(beginning)
    assert not right
    # Each visit is another visitor.
    assert len({headers["User-Agent"] for _, headers in site.requests}) == len(site.requests) == visits


def test_error_at_first_visit_only_is_ignored() -> None:
    def respond(request: BaseHTTPRequestHandler, number: int) -> None:
        answer(request, 503) if number == 1 else right_answer(request, number)

    with serving(respond) as site:
        assert probed(site.url) == (True, OWN)
    assert len(site.requests) == 2


def test_list_one_visit_behind_is_enough() -> None:
    agents: list[str] = []

    def respond(request: BaseHTTPRequestHandler, _: int) -> None:
        answer(request, 200, listing("8.8.8.8: another", *(f"169.254.1.1: {agent}" for agent in agents)))
        agents.append(request.headers["User-Agent"])

    with serving(respond) as site:
        assert probed(site.url)[1].startswith("PROXY_HOPS is too low: the page shows 169.254.1.1, a link-local address")
    assert len(site.requests) == 2


def test_visit_keeps_path_and_query_and_forges_headers() -> None:
    with serving(right_answer) as site:
        probed(f"{site.url}visitme?a=b#c")
        probed(site.url)
    (path, first), (_, second) = site.requests
    assert path == "/visitme?a=b"
    assert first["X-Forwarded-For"] == ", ".join(f"192.0.2.{number}" for number in range(1, 9))
    assert first["X-Appengine-User-Ip"] == "203.0.113.1"
    assert first["Forwarded"] == "for=203.0.113.2"
    assert first["X-Real-Ip"] == "203.0.113.3"
    assert first["User-Agent"] != second["User-Agent"]


def test_proxy_of_environment_is_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda request, _: answer(request, 502)) as proxy, serving(right_answer) as site:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert probed(site.url) == (True, OWN)
    assert not proxy.requests


def test_host_that_only_proxy_knows_is_visited_by_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    def respond(request: BaseHTTPRequestHandler, _: int) -> None:
        answer(request, 200, listing(f"8.8.8.8: {request.headers['User-Agent']}"))

    with serving(respond) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        right, line = probed("http://visits.invalid/")
    assert right
    assert line.startswith("right: the page shows 8.8.8.8, neither forged nor a known proxy's. Compare it with")
    assert [path for path, _ in proxy.requests] == ["http://visits.invalid/"]


def test_own_address_is_not_right_behind_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    def respond(request: BaseHTTPRequestHandler, _: int) -> None:
        answer(request, 200, listing(f"127.0.0.1: {request.headers['User-Agent']}"))

    with serving(respond) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        right, line = probed("http://visits.invalid/")
    assert not right
    assert line.startswith("PROXY_HOPS is too low: the page shows 127.0.0.1")


def test_app_that_does_not_answer_times_out() -> None:
    over = threading.Event()

    def respond(_: BaseHTTPRequestHandler, __: int) -> None:
        over.wait(60)

    with serving(respond) as site:
        right, line = probed(site.url, patience=1)
        over.set()
    assert not right
    assert line.startswith("no answer: the app did not answer within 1 seconds. Its log: `gcloud app logs read`")
    assert len(site.requests) == 1


def test_app_that_answers_byte_by_byte_times_out() -> None:
    over = threading.Event()

    def respond(request: BaseHTTPRequestHandler, __: int) -> None:
        request.wfile.write(b"HTTP/1.0 200 OK\r\nX: ")
        for _ in range(100):  # each byte begins httpx's own time anew
            if over.wait(0.1):
                return
            request.wfile.write(b"x")

    with serving(respond) as site:
        right, line = probed(site.url, patience=1)
        over.set()
    assert not right
    assert line.startswith("no answer: the app did not answer within 1 seconds")


def test_name_server_that_hangs_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(60) and [])
    right, line = probed("https://visits.example/", patience=1)
    over.set()
    assert not right
    assert line.startswith("no answer: the app did not answer within 1 seconds")


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["127.0.0.1", "::1"], ["::1", "127.0.0.1"]])
def test_port_without_listener_is_explained(addresses: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    families = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}
    found = [(families[address], socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert probed(f"http://localhost:{port}/") == (
        False,
        f"no answer: localhost:{port} refused the connection. Is the app running there?",
    )


@pytest.mark.parametrize("host", ["visits.invalid", "a..b"])
def test_unknown_host_is_explained(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    right, line = probed(f"https://{host}/")
    assert not right
    assert line.startswith(
        f"no answer: there is no host {host}. Compare the URL with the one that the deployment printed"
    )
