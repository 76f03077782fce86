"""`localcloud record`: what visitors do is in the file as soon as it is done, without secrets and App Engine's part."""

from __future__ import annotations

import argparse
import json
import re
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from datastore_emulator.errors import UserError
from localcloud.cli import run
from localcloud.frontend import SeenExchange
from localcloud.record_command import _Recording
from localcloud.traffic import RecordedRequest, Recording, Source
from localcloud.traffic.masking import list_masked
from localcloud.traffic.recording_file import read_requests, write_recording
from tests.support.deadline import DEADLINE

BROWSER = {"User-Agent": "Mozilla/5.0 (X11)", "Accept": "text/html,application/xhtml+xml"}
GUESTBOOK = Path(__file__).parent / "guestbook"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A visit to the guestbook by two browsers: the lines that the command printed, and the recording."""
    from tests.localcloud.conftest import Command  # a fixture of the module cannot use `localcloud`, of each test

    folder = tmp_path_factory.mktemp("record")
    file = folder / "visits.jsonl"
    command = Command(
        ["record", str(GUESTBOOK), "--to", str(file), "--data", ":memory:", "--no-reload"],
        folder,
        {"XDG_DATA_HOME": str(folder)},
    )
    try:
        (url,) = command.urls()
        with browser(url) as ann, browser(url) as bob:
            ann.get("/")
            ann.get("/_ah/login", params={"email": "ann@example.com", "action": "Login", "continue": "/"})
            (action,) = re.findall('action="(.*?)"', ann.get("/new").text)
            ann.post(action, data={"content": "Hello é"}, files={"picture": ("", b"")})
            bob.get("/", headers={"Authorization": "Bearer top-secret-1", "Accept-Language": "de"})
            bob.post("/nowhere", data={"name": "bob", "password": "hunter22"}, headers={"Referer": f"{url}/new"})
            wait_for_lines(file, 7)
        command.send(signal.SIGINT)
        assert command.wait() == 0
        yield command.lines, read_requests(file), file.read_text(), urlsplit(action)
    finally:
        command.send(signal.SIGTERM)
        command.wait()


def browser(url):
    return httpx.Client(base_url=url, timeout=DEADLINE, headers=BROWSER)


def wait_for_lines(file, count):
    """Wait until the file has so many lines: they are there before the command ends."""
    end = time.monotonic() + DEADLINE
    while len(file.read_text().splitlines()) < count:
        assert time.monotonic() < end, file.read_text()
        time.sleep(0.05)  # the deadline is above; this only leaves the core to the app


@pytest.mark.app
class TestGuestbook:
    def test_requests_are_in_their_order_by_visitor(self, recorded):
        recording, upload = recorded[1], recorded[3]
        assert [(one.method, one.target.partition("?")[0], one.session) for one in recording.requests] == [
            ("GET", "/", "1"),
            ("GET", "/_ah/login", "1"),
            ("GET", "/new", "1"),
            ("POST", upload.path, "1"),
            ("GET", "/", "2"),
            ("POST", "/nowhere", "2"),
        ]

    def test_address_that_the_app_gave_out_is_known_as_such(self, recorded):
        request = recorded[1].requests[3]
        (taken,) = request.taken
        assert taken.source == Source(3, "attribute", "/_ah/upload/*")
        assert taken.value in request.target
        assert "Hello é".encode() in request.body

    def test_headers_that_matter_are_kept(self, recorded):
        first, *_, last, post = recorded[1].requests
        assert first.headers == ()
        assert ("Accept-Language", "de") in [(name.title(), value) for name, value in last.headers]
        assert ("Referer", "/new") in [(name.title(), value) for name, value in post.headers]

    def test_secrets_are_masked_and_told(self, recorded):
        lines, recording, text, _ = recorded
        assert "hunter22" not in text
        assert "top-secret-1" not in text
        assert "dev_appserver_login" not in text
        assert [name for one in recording.requests for name in list_masked(one)] == ["header authorization", "password"]
        assert any("Masked: header authorization (1), password (1)" in line for line in lines)

    def test_end_says_what_is_in_the_file(self, recorded):
        assert any("6 requests by 2 visitors in " in line for line in recorded[0])


def test_end_names_requests_that_the_app_answered_with_500(tmp_path, capsys):
    options = argparse.Namespace(to=tmp_path / "visits.jsonl", append=False, keep_secrets=False)
    recording = _Recording(options, "")
    for status in (200, 500, 500):
        recording._add(SeenExchange("app", "1", "GET", f"/{status}", (), b"", True, status, (), b""))
    recording._file.close()
    assert "The app answered 2 requests with 5xx (GET /500): see its log." in capsys.readouterr().out


def test_end_counts_repeated_requests_for_static_files(tmp_path, capsys):
    options = argparse.Namespace(to=tmp_path / "visits.jsonl", append=False, keep_secrets=False)
    recording = _Recording(options, "")
    for target in ("/", "/a.css", "/", "/a.css", "/a.css"):
        recording._add(SeenExchange("app", "1", "GET", target, (), b"", True, 200, (), b""))
    recording._file.close(repeated=recording._recorder.repeated)
    assert [one.target for one in read_requests(options.to).requests] == ["/", "/a.css", "/"]
    assert "Left out repeated requests for static files: 2\n" in capsys.readouterr().out


def test_har_is_converted_and_masked(tmp_path, capsys):
    request = {"method": "POST", "url": "http://app.example/login", "headers": []}
    request["postData"] = {"mimeType": "application/x-www-form-urlencoded", "text": "user=ann&password=hunter22"}
    har = {"log": {"entries": [{"request": request, "response": {"status": 302, "content": {}}}]}}
    (tmp_path / "visit.har").write_text(json.dumps(har))
    run(["record", "--from", str(tmp_path / "visit.har"), "--to", str(tmp_path / "masked")])
    run(["record", "--from", str(tmp_path / "visit.har"), "--to", str(tmp_path / "kept"), "--keep-secrets"])
    assert "hunter22" not in (tmp_path / "masked").read_text()
    assert "hunter22" in (tmp_path / "kept").read_text()
    printed = capsys.readouterr().out
    assert printed.count("1 request by 1 visitor in ") == 2
    assert printed.count("Masked: password (1).") == 1


def test_append_goes_on_with_the_numbers_of_requests_and_visitors(tmp_path):
    page = RecordedRequest("/")
    write_recording(tmp_path / "one", Recording((page, page)))
    log = '{"target": "/"}\n{"target": "/p/5", "taken": [{"value": "5", "request": 1, "attribute": "/p/*"}]}\n'
    (tmp_path / "two").write_text(log)
    run(["record", "--from", str(tmp_path / "two"), "--to", str(tmp_path / "one"), "--append"])
    requests = read_requests(tmp_path / "one").requests
    assert [one.session for one in requests] == ["1", "1", "2", "2"]
    assert requests[3].taken[0].source.request == 3


def test_app_that_does_not_start_leaves_no_file(tmp_path, capsys):
    with pytest.raises(UserError, match="nowhere"):
        run(["record", str(tmp_path / "nowhere"), "--to", str(tmp_path / "file"), "--data", ":memory:"])
    assert not (tmp_path / "file").exists()
    assert "request" not in capsys.readouterr().out


@pytest.mark.parametrize("starts", [True, False])
def test_user_is_asked_to_click_when_the_app_listens(starts, tmp_path, capsys, monkeypatch):
    def start(cloud):
        assert "Recording to" not in capsys.readouterr().out
        if not starts:
            raise UserError("the app fails")

    def wait(apps):
        raise UserError("stopped")

    (tmp_path / "app.yaml").write_text("runtime: python311\nhandlers:\n- url: /\n  static_dir: files\n")
    monkeypatch.setattr("localcloud.cloud.Cloud.start", start)
    monkeypatch.setattr("localcloud.run_command._wait_for_an_end", wait)
    with pytest.raises(UserError, match="stopped" if starts else "the app fails"):
        run(["record", str(tmp_path), "--to", str(tmp_path / "file"), "--data", ":memory:", "--no-reload"])
    assert ("Recording to" in capsys.readouterr().out) == starts


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name the folder of an app"),
        (("app", "--from", "visit.har"), "leave out app"),
        (("--from", "missing.har"), "missing.har"),
    ],
)
def test_wrong_arguments_are_told_in_one_line(arguments, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=words):
        run(["record", *arguments, "--to", "file"])
    assert not (tmp_path / "file").exists()
