"""What an app leaves in the console: tasks, mails, and its requests with their calls."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from localcloud import App, Cloud
from tests.localcloud.console.pages import SCRIPT, Pages, notes
from tests.localcloud.processes.programs import wait_until
from tests.support.deadline import DEADLINE

pytestmark = pytest.mark.app

MAIN = f"""
import os, socket
from google.appengine.api import mail, memcache, taskqueue, wrap_wsgi_app
from google.appengine.ext import ndb

class Visit(ndb.Model):
    pass

def visit():
    memcache.get('visits')
    with socket.create_connection((os.environ['REDIS_HOST'], int(os.environ['REDIS_PORT']))) as redis:
        redis.sendall(b'GET visits\\r\\n')
        redis.recv(100)
    Visit().put()

def send():
    mail.send_mail('app@example.com', 'ann@example.com', '{SCRIPT}', 'Hello,\\n{SCRIPT}', cc='bob@example.com',
                   attachments=[('a.txt', b'abc')])

def add():
    taskqueue.add(name='later', url='/visit', payload=b'\\xff', countdown=3600)
    taskqueue.add(name='{SCRIPT[1:7]}', url='/{SCRIPT}', countdown=3600, queue_name='slow')
    taskqueue.Queue('pulled').add(taskqueue.Task(name='mine', payload='work', method='PULL'))

def wsgi(environ, start_response):
    globals()[environ['PATH_INFO'].strip('/')]()
    start_response('200 OK', [])
    return [b'done']

app = wrap_wsgi_app(wsgi)
"""
CALLS = {("1", "Memcache Get"), ("1", "Datastore Commit"), ("1", "Redis GET")}
QUEUES = "queue:\n- name: slow\n  rate: 1/m\n- name: pulled\n  mode: pull\n"


@pytest.fixture(scope="module")
def app(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.yaml").write_text("runtime: python314\napp_engine_apis: true\nenv_variables: {REDIS_HOST: x}\n")
    (folder / "queue.yaml").write_text(QUEUES)
    (folder / "requirements.txt").write_text("appengine-python-standard==3.1.0\ngunicorn==27.0.1\n")
    (folder / "main.py").write_text(MAIN)
    app = cloud.add(folder, name="shop")
    app.start()
    return app


@pytest.fixture
def browser(app: App) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=app.url, timeout=DEADLINE) as client:
        yield client


def test_request_has_its_calls(cloud: Cloud, pages: Pages, browser: httpx.Client) -> None:
    cloud.requests.clear()
    browser.get("/visit", params={"q": SCRIPT})
    browser.get("/visit", headers={"User-Agent": SCRIPT})
    for path in ("/visit", "/visit?q=%3Cscript%3Ealert%281%29%3C%2Fscript%3E"):
        assert wait_until(lambda path=path: calls_of(pages.get("requests/"), path) >= CALLS)


def test_target_with_markup_is_shown_as_text(cloud: Cloud, pages: Pages) -> None:
    with cloud.requests.record("shop", "GET", f"/?{SCRIPT}", "::1"):
        assert "GET /?&lt;script&gt;alert(1)&lt;/script&gt;<br>" in pages.get("requests/")


def calls_of(page: str, target: str) -> set[tuple[str, str]]:
    """Return the calls of a request, each with its number."""
    listed = re.search(rf'key">GET {re.escape(target)}<br>.*?<ul class="calls">(.*?)</ul>', page, re.DOTALL)
    return set(re.findall(r"<b>(\d+)</b> ([^<]+)</li>", listed[1])) if listed else set()


def test_mail_is_shown_as_text(pages: Pages, browser: httpx.Client) -> None:
    browser.get("/send")
    page = pages.get("mails/")
    assert re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page) == [
        ("sender", "app@example.com"),
        ("to", "ann@example.com"),
        ("cc", "bob@example.com"),
        ("subject", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("attachment", "a.txt (3 bytes)"),
    ]
    assert "Hello,\n&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert "No mails." in pages.send(pages.form("mails/", "/clear"))


def test_tasks_are_run_deleted_and_purged(cloud: Cloud, pages: Pages, browser: httpx.Client) -> None:
    browser.get("/add")
    page = pages.get("tasks/")
    assert re.findall(r'<h3>(\w+) <span class="soft">(.*?), (\d) tasks?</span>', page) == [
        ("default", "5.00/s", "1"),
        ("pulled", "pull queue", "1"),
        ("slow", "1/m", "1"),
    ]
    assert "POST /&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "1 byte: ff</pre>" in page
    assert "<script" not in page

    cloud.requests.clear()
    assert notes(pages.send(pages.form("tasks/", "/run"))) == ["later runs now."]
    assert wait_until(lambda: [request.status for request in cloud.requests.newest()] == [200])
    (ran,) = cloud.requests.newest()
    assert (ran.method, ran.target, ran.visitor) == ("POST", "/visit", "App Engine")
    assert wait_until(lambda: "POST /visit" not in pages.get("tasks/"))

    form = pages.form("tasks/", "/delete")
    assert (form.get("queue"), form.get("task")) == ("pulled", "mine")
    pages.send(form)
    assert notes(pages.send(pages.form("tasks/", "/purge"))) == ["The queue slow is empty."]
    assert "<table" not in pages.get("tasks/")


def test_form_about_what_is_not_there_is_404(pages: Pages, app: App) -> None:
    form = pages.form("mails/", "/clear").set("queue", "x").set("task", "y")
    for action in ("run", "delete", "purge"):
        form.action = f"{pages.url}tasks/{action}"
        assert notes(pages.send(form.set("app", "other"), 404)) == ["there is no app other with task queues"]
        (note,) = notes(pages.send(form.set("app", app.url), 404))
        assert note.startswith("there is no ")
