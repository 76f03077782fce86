"""The page reads an app of the user's own: only by its form, in a process of its own, and with errors at the field."""

from __future__ import annotations

import re
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from flask.testing import FlaskClient

from codelab.readme.course import Course
from codelab.web.app import create_app
from codelab.web.assessments import Assessments, OwnApp
from codelab.web.state import PageState
from datastore_emulator.net.listen import listen
from localcloud.pages.wsgi import WsgiServer
from tests.codelab.assess.apps import PYTHON27, write_app
from tests.support.course import ROOT
from tests.support.deadline import DEADLINE

APP = {"app.yaml": PYTHON27, "main.py": "import webapp2\nfrom google.appengine.api import memcache\n"}


@pytest.fixture
def state() -> Iterator[PageState]:
    state = PageState(Course(ROOT))
    yield state
    state.close()


@pytest.fixture
def client(state: PageState) -> FlaskClient:
    return create_app(state).test_client()


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write_app(tmp_path / "my app", APP)


def token_in(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return found[1]


def ask(client: FlaskClient, state: PageState, folder: str, to: str = "cloudrun") -> str:
    """Send the map's form, wait until the app has been read, and return its address."""
    answer = client.post("/assess", data={"token": token_in(client.get("/").text), "folder": folder, "to": to})
    assert answer.status_code == 303
    wait_for(state.assessments)
    return answer.headers["Location"]


def wait_for(assessments: Assessments) -> OwnApp:
    end = time.monotonic() + DEADLINE
    while assessments.last and not assessments.last.ended and time.monotonic() < end:
        time.sleep(0.01)
    assert assessments.last
    return assessments.last


def problem_on(page: str) -> str | None:
    """Return the text beside the form's field, which the field names as its description."""
    found = re.search(
        r'<input id="folder"[^>]* aria-describedby="folder-problem".*?id="folder-problem"[^>]*>([^<]*)<',
        page,
        re.DOTALL,
    )
    return found[1] if found else None


def test_report_leads_to_pages_of_this_server(client: FlaskClient, state: PageState, app: Path) -> None:
    page = client.get(ask(client, state, str(app))).text

    assert "<h1>Move my app to Cloud Run</h1>" in page
    assert "main.py:2" in page
    links = {link for link in re.findall(r'<a href="(/[^"]+)"', page) if not link.startswith("/assess/")}
    assert {"/mod1-flask", "/mod1-flask/step/2", "/docs/porting-python2.md"} <= links
    assert {client.get(link, follow_redirects=True).status_code for link in links} == {200}


def test_report_can_be_downloaded_as_one_file(client: FlaskClient, state: PageState, app: Path) -> None:
    answer = client.get(f"{ask(client, state, str(app))}/report.html")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="report.html"'
    assert "main.py:2" in answer.text
    assert '<link rel="stylesheet' not in answer.text


@pytest.mark.parametrize(
    ("folder", "problem"),
    [
        ("", "name the folder with your app.yaml"),
        ("{tmp}/none", "{tmp}/none: no such folder; name the folder with your app.yaml"),
        ("none", "{tmp}/none: no such folder; name the folder with your app.yaml"),
        ("~/none", "{tmp}/home/none: no such folder; name the folder with your app.yaml"),
        ("my app/main.py", "{tmp}/my app/main.py: this is no folder; name the folder with your app.yaml"),
        ("\0", "{tmp}/\\x00: this folder cannot be read: embedded null byte"),
    ],
)
def test_problem_is_beside_the_field(
    tmp_path: Path, app: Path, monkeypatch: pytest.MonkeyPatch, folder: str, problem: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    state = PageState(Course(ROOT))
    client = create_app(state).test_client()

    page = client.get(ask(client, state, folder.format(tmp=tmp_path))).text

    assert problem_on(page) == problem.format(tmp=tmp_path)


def test_form_keeps_the_last_folder_and_destination(client: FlaskClient, state: PageState, app: Path) -> None:
    ask(client, state, str(app), "functions")

    page = client.get("/").text

    assert f'name="folder" value="{app}"' in page
    assert '<option value="functions" selected>' in page


def test_only_the_form_of_this_server_can_name_a_folder(client: FlaskClient, state: PageState, app: Path) -> None:
    fields = {"folder": str(app), "to": "cloudrun"}

    answers = [client.get("/assess", query_string=fields, follow_redirects=True), client.post("/assess", data=fields)]

    assert [answer.status_code for answer in answers] == [404, 403]
    assert state.assessments.last is None


def test_unknown_destination_or_report_is_refused(client: FlaskClient, state: PageState, app: Path) -> None:
    fields = {"token": token_in(client.get("/").text), "folder": str(app), "to": "moon"}

    assert client.post("/assess", data=fields).status_code == 400
    assert [client.get(path).status_code for path in ("/assess/1", "/assess/1/report.html")] == [404, 404]
    assert state.assessments.last is None


def test_error_of_the_process_is_the_problem(tmp_path: Path, app: Path) -> None:
    assessments = Assessments(tmp_path)  # where no course is

    assessments.begin(str(app), "cloudrun")

    assert "no modules here" in wait_for(assessments).problem


def test_process_that_fails_is_said(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assessments = Assessments(ROOT)

    assessments.begin(str(app), "cloudrun")

    assert wait_for(assessments).problem == "reading the app failed; the terminal says why"


def test_modules_of_the_app_are_not_imported(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (app / "pickle.py").write_text("raise SystemExit\n")
    monkeypatch.setenv("PYTHONPATH", str(app))
    monkeypatch.chdir(app)
    assessments = Assessments(ROOT)

    assessments.begin(".", "cloudrun")

    assert wait_for(assessments).result


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the process say "Parsing main.py", and go on only when the function that this returns is called."""
    go_on, program = tmp_path / "go on", tmp_path / "python"
    code = (
        "import os, pickle, sys, time\n"
        "pickle.dump('Parsing main.py', sys.stdout.buffer); sys.stdout.flush()\n"
        f"while not os.path.exists({str(go_on)!r}): time.sleep(.05)\n"
        "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])\n"
    )
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -c {shlex.quote(code)} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    return go_on.touch


def test_page_shows_progress_and_then_the_report(state: PageState, app: Path, held: Callable[[], None]) -> None:
    listener = listen("127.0.0.1", 0, "the page")
    port = listener.getsockname()[1]
    server = WsgiServer(create_app(state), port)
    server.listen([listener])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE) as client:
            token = token_in(client.get("/").text)
            answer = client.post("/assess", data={"token": token, "folder": str(app), "to": "cloudrun"})
            with client.stream("GET", answer.headers["Location"]) as stream:
                parts = stream.iter_text()
                seen = ""
                while "Parsing main.py" not in seen:
                    seen += next(parts)
                assert "main.py:2" not in seen
                held()
                seen += "".join(parts)
    finally:
        server.close()
    assert seen.count("<h1>") == 1
    assert "main.py:2" in seen
    assert seen.rstrip().endswith("</html>")


def test_second_app_breaks_off_the_first(app: Path, held: Callable[[], None]) -> None:
    assessments = Assessments(ROOT)
    first = assessments.find(assessments.begin(str(app), "cloudrun"))
    assert first

    assessments.begin(str(app / "none"), "cloudrun")

    assert first.problem == "this was broken off, because you have asked for another app"
    readers = [thread for thread in threading.enumerate() if thread.name == "assessment"]
    for reader in readers:
        reader.join(DEADLINE)  # it ends with its process
        assert not reader.is_alive()
