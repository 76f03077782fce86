"""The page answers odd requests without a server error, and saves do not delay readers."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from codelab.commands.apply import apply
from codelab.readme.course import Course
from codelab.web import track_pages
from codelab.web.app import create_app
from codelab.web.state import PageState
from datastore_emulator.net.listen import listen
from localcloud.pages.wsgi import WsgiServer
from tests.codelab.conftest import copy_course
from tests.support.deadline import DEADLINE

STREAMS = 100
TRACK = "/mod12-memcache"
FIELDS = ("token", "back", "overwrite", "pane", "address", "user_agent", "old", "new", "view")
# No path here starts anything slow, such as a check.
PATHS = ("", "/step/1", "/more", "/compare", "/run", "/reset", "/run/visit", "/run/restart", "/run/hour", "/events/x")
ODD = ("", "é", "\r\nX: y", "\0", "../..", "9" * 5000, "٣", "[::1", "START", "work", "all", "\ud7ff", "127.0.0.1")


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageState]:
    """Make a copy of the course, which the tests share."""
    state = PageState(Course(copy_course(tmp_path_factory.mktemp("page") / "course")))
    state.saves.start()
    yield state
    state.saves.stop()


@pytest.fixture(scope="module")
def url(state: PageState) -> Iterator[str]:
    listener = listen("127.0.0.1", 0, "the page")
    port = listener.getsockname()[1]
    server = WsgiServer(create_app(state), port)
    server.listen([listener])
    url = f"http://127.0.0.1:{port}"
    post(url, "/begin")
    yield url
    server.close()


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Assert at the end that no error was logged."""
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
@pytest.mark.parametrize("token", ["é", "\ud7ff", pytest.param("0" * 5000, id="5,000 digits")])
def test_wrong_token_is_403(url: str, token: str) -> None:
    assert post(url, "/begin", token=token).status_code == 403


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("back", "location"),
    [
        (f"{TRACK}/step/2", f"{TRACK}/step/2"),
        (f"{TRACK}/step/2\r\nX-Evil: 1", TRACK),
        (f"{TRACK}/\u00e9", TRACK),
        ("//evil.example/", TRACK),
        ("http://evil.example/", TRACK),
        (f"{TRACK}@evil.example/", TRACK),
    ],
)
def test_action_redirects_only_to_page_of_its_track(url: str, back: str, location: str) -> None:
    answer = post(url, "/apply", back=back)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{location}#your-copy")
    assert "X-Evil" not in answer.headers


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("number", [pytest.param("9" * 5000, id="5,000 digits"), "\u0663", "-1", "1e3", "00001", "0"])
def test_invalid_step_number_is_404(url: str, number: str) -> None:
    assert httpx.get(f"{url}{TRACK}/step/{quote(number)}", timeout=DEADLINE).status_code == 404


@pytest.mark.usefixtures("quiet")
def test_random_forms_and_queries_cause_no_server_error(url: str) -> None:
    token = token_of(url)
    values = st.sampled_from(ODD) | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    given_fields = st.dictionaries(st.sampled_from(FIELDS[1:]), values, max_size=3)

    with httpx.Client(base_url=url, timeout=DEADLINE) as client:

        @settings(
            max_examples=int(os.environ.get("FUZZ_EXAMPLES", "30")),
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


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        pytest.param(f"/docs/pictures/{'a' * 300}.png", 404, id="long name"),
        pytest.param("/docs/pictures/\0.png", 404, id="NUL"),
        pytest.param(f"{TRACK}/run/start", 405, id="action without its form"),
    ],
)
def test_refusal_is_a_page_with_a_way_back(url: str, path: str, status: int) -> None:
    answer = httpx.get(f"{url}{quote(path)}", timeout=DEADLINE)
    assert (answer.status_code, "That did not work" in answer.text, 'href="/"' in answer.text) == (status, True, True)


@pytest.mark.usefixtures("quiet")
def test_pages_of_old_tabs_lead_on_when_copy_was_made_or_deleted_elsewhere(url: str, state: PageState) -> None:
    ref = state.course.track("mod12-memcache")
    assert post(url, "/begin").headers["Location"] == f"{TRACK}/step/1"
    away = ref.copy.rename(ref.copy.with_name("away"))
    try:
        answers = [post(url, "/check"), post(url, "/reset"), httpx.get(f"{url}{TRACK}/reset", timeout=DEADLINE)]
        assert [answer.status_code for answer in answers] == [303, 303, 303]
    finally:
        away.rename(ref.copy)
    assert state.checks.state(ref).problem == ""


@pytest.mark.usefixtures("quiet")
def test_missing_readme_is_named(url: str, state: PageState) -> None:
    readme = state.course.root / "mod12-memcache" / "README.md"
    text = readme.read_text()
    readme.unlink()
    try:
        answers = [httpx.get(f"{url}{path}", timeout=DEADLINE) for path in ("/", f"{TRACK}/step/1")]
        assert all("mod12-memcache/README.md: this codelab cannot be read" in answer.text for answer in answers)
    finally:
        readme.write_text(text)
    assert httpx.get(f"{url}{TRACK}/step/1", timeout=DEADLINE).status_code == 200


@pytest.mark.usefixtures("quiet")
def test_second_track_is_named_by_its_own_folders(url: str) -> None:
    texts = [httpx.get(f"{url}/mod1-flask/FINISH/{page}", timeout=DEADLINE).text for page in ("step/1", "run")]
    assert "FINISH itself does not change" in texts[0]
    assert "FINISH, your copy and FINISH-py3 run" in texts[1]


@pytest.mark.usefixtures("quiet")
def test_comparison_offers_the_states_that_it_shows(url: str) -> None:
    text = httpx.get(f"{url}{TRACK}/compare?old=1&new=START-py3", timeout=DEADLINE).text
    assert re.findall(r'<option value="([^"]*)" selected>', text) == ["1", "START-py3"]


@pytest.mark.usefixtures("quiet")
def test_long_user_agent_leaves_an_address_that_the_page_reads(url: str) -> None:
    location = post(url, "/run/visit", user_agent="\U0001f600" * 30_000).headers["Location"]
    assert httpx.get(f"{url}{location}", timeout=DEADLINE).status_code == 200


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
def test_save_reaches_all_open_pages_and_is_rendered_once(
    url: str, state: PageState, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(url, "/reset")
    rendered: list[str] = []
    render = track_pages.render_template

    def counting(name: str, **context: object) -> str:
        rendered.append(name)
        return render(name, **context)

    before = threading.active_count()  # other tests of this process have apps running
    with streams(url) as opened:
        threads = threading.active_count() - before
        monkeypatch.setattr(track_pages, "render_template", counting)
        apply(state.workspace, state.course.track("mod12-memcache"))
        assert httpx.get(f"{url}{TRACK}/", timeout=DEADLINE).status_code == 200
        for stream in opened:
            read_until(stream, b"1 of 3 steps done.")
        assert threads < STREAMS / 2
    # A save of several files may bring several events. Each is rendered once, or twice if some pages ask too late.
    assert 0 < rendered.count("news.html") < STREAMS / 2


@pytest.mark.usefixtures("quiet")
def test_closed_pages_are_forgotten(url: str, state: PageState) -> None:
    post(url, "/reset")
    with streams(url):
        assert len(state.saves._followers) == STREAMS
    end = time.monotonic() + DEADLINE
    while state.saves._followers and time.monotonic() < end:
        time.sleep(0.01)
    assert not state.saves._followers


@pytest.mark.usefixtures("quiet")
def test_cached_static_file_is_304(url: str) -> None:
    first = httpx.get(f"{url}/static/page.js", timeout=DEADLINE)
    again = httpx.get(f"{url}/static/page.js", headers={"If-None-Match": first.headers["ETag"]}, timeout=DEADLINE)
    assert (first.status_code, again.status_code, "Content-Length" in again.headers) == (200, 304, False)
