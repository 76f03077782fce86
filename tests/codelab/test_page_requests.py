"""The learning page answers every odd request in words of its own, and a save keeps no reader waiting."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codelab.readme.course import Course
from codelab.web import site as pages
from codelab.web.site import Site, create_app
from codelab.web.wsgi import WsgiServer
from datastore_emulator.net.listen import listen
from tests.support.course import ROOT

DEADLINE = 60
STREAMS = 100
TRACK = "/mod12-memcache"
FIELDS = ("token", "back", "overwrite", "pane", "address", "user_agent", "old", "new", "view")
# Nothing here begins what takes long, such as a check.
PATHS = ("", "/step/1", "/more", "/compare", "/run", "/reset", "/run/visit", "/run/restart", "/run/hour", "/events/x")
ODD = ("", "é", "\r\nX: y", "\0", "../..", "9" * 5000, "٣", "[::1", "START", "work", "all", "\ud7ff", "127.0.0.1")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A copy of the course, which the tests share."""
    course = tmp_path_factory.mktemp("course")
    for path in [*ROOT.glob("mod*"), ROOT / "docs", ROOT / "one-app"]:
        shutil.copytree(path, course / path.name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.glob("*.md"):
        shutil.copy(path, course)
    site = Site(Course(course))
    site.saves.start()
    yield site
    site.saves.stop()


@pytest.fixture(scope="module")
def url(site: Site) -> Iterator[str]:
    listener = listen("127.0.0.1", 0, "the page")
    port = listener.getsockname()[1]
    server = WsgiServer(create_app(site), port)
    server.listen([listener])
    url = f"http://127.0.0.1:{port}"
    post(url, "/begin")
    yield url
    server.close()


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """At the end, nothing has been logged as an error."""
    caplog.set_level(logging.WARNING)
    yield
    assert [record.getMessage() for record in caplog.records] == []


@functools.cache
def token_of(url: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', httpx.get(f"{url}{TRACK}/", timeout=DEADLINE).text)
    assert found
    return found[1]


def post(url: str, path: str, **fields: str) -> httpx.Response:
    return httpx.post(f"{url}{TRACK}{path}", data={"token": token_of(url), **fields}, timeout=DEADLINE)


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("token", ["é", "\ud7ff", "0" * 5000])
def test_a_token_that_is_not_ours_is_refused_whatever_it_is(url: str, token: str) -> None:
    assert post(url, "/begin", token=token).status_code == 403


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("back", "place"),
    [
        (f"{TRACK}/step/2", f"{TRACK}/step/2"),
        (f"{TRACK}/step/2\r\nX-Evil: 1", TRACK),
        (f"{TRACK}/\u00e9", TRACK),
        ("//evil.example/", TRACK),
        ("http://evil.example/", TRACK),
        (f"{TRACK}@evil.example/", TRACK),
    ],
)
def test_an_action_leads_back_to_a_page_of_its_track_only(url: str, back: str, place: str) -> None:
    answer = post(url, "/apply", back=back)
    assert (answer.status_code, answer.headers["Location"]) == (303, place)
    assert "X-Evil" not in answer.headers


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("number", ["9" * 5000, "\u0663", "-1", "1e3", "00001", "0"])
def test_a_step_number_that_is_none_is_not_found(url: str, number: str) -> None:
    assert httpx.get(f"{url}{TRACK}/step/{quote(number)}", timeout=DEADLINE).status_code == 404


@pytest.mark.usefixtures("quiet")
def test_forms_and_queries_by_chance_are_answered_without_a_fault_of_ours(url: str) -> None:
    token = token_of(url)
    values = st.sampled_from(ODD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    given_fields = st.dictionaries(st.sampled_from(FIELDS[1:]), values, max_size=3)

    with httpx.Client(base_url=url, timeout=DEADLINE) as client:

        @settings(
            max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")),
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(path=st.sampled_from(PATHS), fields=given_fields, posts=st.booleans())
        def check(path: str, fields: dict[str, str], posts: bool) -> None:
            if posts:
                answer = client.post(f"{TRACK}{path}", data={"token": token, **fields})
            else:
                answer = client.get(f"{TRACK}{path}", params=fields)
            assert answer.status_code < 500, answer.text

        check()


@contextlib.contextmanager
def streams(url: str) -> Iterator[list[socket.socket]]:
    """Open many event streams, and read the first event of each."""
    host, port = url.removeprefix("http://").split(":")
    with contextlib.ExitStack() as stack:
        opened = []
        for _ in range(STREAMS):
            stream = stack.enter_context(socket.create_connection((host, int(port)), timeout=DEADLINE))
            stream.sendall(f"GET {TRACK}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            opened.append(stream)
        for stream in opened:
            read_until(stream, b"0 of 3 steps done.")
        yield opened


def read_until(stream: socket.socket, text: bytes) -> None:
    seen = b""
    while text not in seen:
        part = stream.recv(1 << 16)
        assert part, "the stream ended"
        seen += part


@pytest.mark.usefixtures("quiet")
def test_a_save_reaches_every_open_page_and_is_drawn_for_all_at_once(
    url: str, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(url, "/reset")
    drawn: list[str] = []
    render = pages.render_template

    def counting(name: str, **context: object) -> str:
        drawn.append(name)
        return render(name, **context)

    with streams(url) as opened:
        threads = threading.active_count()
        monkeypatch.setattr(pages, "render_template", counting)
        site.editor().apply(site.place("mod12-memcache", "START"), overwrite=False)
        assert httpx.get(f"{url}{TRACK}/", timeout=DEADLINE).status_code == 200
        for stream in opened:
            read_until(stream, b"1 of 3 steps done.")
        assert threads < STREAMS / 2
    # A save of several files may come as several events, and each is drawn once, or twice where pages came too late.
    assert drawn.count("standing.html") < STREAMS / 2


@pytest.mark.usefixtures("quiet")
def test_pages_that_are_closed_are_forgotten(url: str, site: Site) -> None:
    post(url, "/reset")
    with streams(url):
        assert len(site.saves._followers) == STREAMS
    end = time.monotonic() + DEADLINE
    while site.saves._followers and time.monotonic() < end:
        time.sleep(0.01)
    assert not site.saves._followers


@pytest.mark.usefixtures("quiet")
def test_a_file_that_the_browser_has_already_is_not_sent_again(url: str) -> None:
    first = httpx.get(f"{url}/static/page.js", timeout=DEADLINE)
    again = httpx.get(f"{url}/static/page.js", headers={"If-None-Match": first.headers["ETag"]}, timeout=DEADLINE)
    assert (first.status_code, again.status_code, "Content-Length" in again.headers) == (200, 304, False)
