"""`localcloud cron run` and `localcloud mail` send what App Engine sends."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest
from google.appengine.api import mail


@pytest.fixture
def cron(command):
    def run(*arguments):
        return command("cron", "run", *arguments)

    return run


@pytest.fixture
def send(command):
    def run(*arguments):
        return command("mail", *arguments)

    return run


def test_cron_job_is_sent_as_app_engine_sends_it(cron, listener):
    url = f"{listener.address}/tasks/summary?day=1"
    assert cron(url) == (0, f"{url}: answered 200")
    assert listener.line == "GET /tasks/summary?day=1"
    assert listener.headers["X-Appengine-Cron"] == "true"
    assert listener.headers["X-Appengine-User-Ip"] == "0.1.0.1"
    assert listener.headers["User-Agent"].startswith("AppEngine-Google")


@pytest.mark.parametrize("status", [302, 404, 500])
def test_cron_job_that_fails_is_reported(cron, listener, status):
    listener.status, listener.reply = status, b"no such page\n"
    reason = f"answered {status}: no such page; a cron job succeeds with a status from 200 to 299"
    assert cron(f"{listener.address}/a") == (1, f"{listener.address}/a: {reason}")


def test_path_alone_is_one_of_the_app_at_8080(cron, monkeypatch):
    asked = []
    monkeypatch.setattr("localcloud.events.delivery.exchange", lambda url, *_, **__: asked.append(url) or (200, ""))
    assert cron("/tasks/a") == (0, "http://localhost:8080/tasks/a: answered 200")
    assert asked == ["http://localhost:8080/tasks/a"]


def test_mail_is_received_by_the_sdk(send, listener, tmp_path):
    (tmp_path / "visits.txt").write_text("1\n2\n")
    answer = send(
        *(listener.address, "--to", "Støtte+1@demo.appspotmail.com", "--from", "Ada <ada@example.com>"),
        *("--subject", "Visits à Paris", "--text", "ten", "--html", "<b>ten</b>", "--attach", tmp_path / "visits.txt"),
    )
    assert answer == (0, f"{listener.address}/_ah/mail/St%C3%B8tte+1@demo.appspotmail.com: answered 200")
    assert listener.line == "POST /_ah/mail/St%C3%B8tte+1@demo.appspotmail.com"
    assert (listener.headers["Content-Type"], listener.headers["X-Appengine-User-Ip"]) == ("message/rfc822", "0.1.0.20")
    received = mail.InboundEmailMessage(listener.body)
    assert (received.sender, received.subject) == ("Ada <ada@example.com>", "Visits à Paris")
    assert [body.decode().strip() for _, body in received.bodies()] == ["<b>ten</b>", "ten"]
    ((name, content),) = received.attachments
    assert (name, content.decode()) == ("visits.txt", b"1\n2\n")


def test_whole_mail_is_sent_as_it_is(send, listener, tmp_path, monkeypatch):
    raw = b"From: ada@example.com\r\nSubject: \xff\r\n\r\ntext"
    (tmp_path / "mail.eml").write_bytes(raw)
    assert send(listener.address, "--to", "a@b", "--message", tmp_path / "mail.eml")[0] == 0
    assert listener.body == raw
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"Subject: x\r\n\r\n")))
    assert send(listener.address, "--to", "a@b", "--message", "-")[0] == 0
    assert listener.body == b"Subject: x\r\n\r\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--to", "support"], '--to "support": this is no address; write one such as support@demo.appspotmail.com'),
        (["--to", "a@b\n"], '--to "a@b\\n": this is no address'),
        (["--to", "a@b", "--subject", "a\nb"], '--subject "a\\nb": it cannot be in a mail'),
        (
            ["--to", "a@b", "--attach", "missing.txt"],
            "--attach missing.txt: cannot be read (No such file or directory)",
        ),
        (["--to", "a@b", "--message", "missing"], "--message missing: cannot be read (No such file or directory)"),
        (["--to", "a@b", "--message", "x", "--from", "a"], "--from: --message has the whole mail; leave one of them"),
    ],
)
def test_mail_that_cannot_be_made_is_refused(send, listener, arguments, message):
    code, line = send(listener.address, *arguments)
    assert (code, listener.line) == (1, "")
    assert line.startswith(message)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, "the app has no handler for mails; add one for /_ah/mail/.+"),
        (500, "App Engine would send the mail again"),
    ],
)
def test_mail_that_nobody_takes_is_reported(send, listener, status, reason):
    listener.status = status
    code, line = send(listener.address, "--to", "a@b")
    assert (code, line.endswith(reason)) == (1, True)
