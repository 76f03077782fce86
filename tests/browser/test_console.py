"""The console of `localcloud run`: accessibility, small screens, and no script."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

import pytest
from axe_playwright_python.sync_playwright import Axe
from google.appengine.api import mail_service_pb2
from google.appengine.api.api_base_pb2 import VoidProto
from google.appengine.api.memcache import memcache_service_pb2
from google.appengine.api.taskqueue import taskqueue_service_bytes_pb2
from google.cloud import datastore
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from localcloud import App, Cloud
from localcloud.console import Console
from localcloud.services import Memorystore
from tests.localcloud.console.pages import SCRIPT
from tests.support.deadline import DEADLINE

Open = Callable[..., Page]
LONG = "long" * 50
QUEUES = "queue:\n- name: slow\n  rate: 1/m\n- name: pulled\n  mode: pull\n"
LISTS = [
    "entities/",
    "entities/kind?kind=Visit",
    "entities/gql?q=SELEKT",
    "tasks/",
    "mails/",
    "memcache/",
    "redis/",
    "requests/",
    "nothing",
]


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """Serve a console with something odd and something long in every panel, by an app that is not started."""
    folder: Path = tmp_path_factory.mktemp("app")
    (folder / "app.yaml").write_text(
        "runtime: python314\napp_engine_apis: true\nenv_variables:\n  REDIS_HOST: 10.0.0.3\n"
    )
    (folder / "queue.yaml").write_text(QUEUES)
    (folder / "main.py").touch()
    with Cloud() as cloud, Console(cloud) as console:
        app = cloud.add(folder, name="shop")
        fill_datastore(cloud)
        fill_caches(cloud)
        fill_services(cloud, app)
        with cloud.requests.record("shop", "GET", f"/{LONG}?{SCRIPT}", "127.0.0.1") as request:
            cloud.requests.note("Memcache Get", "shop")
            request.status = 200
        console.start()
        yield console


def fill_datastore(cloud: Cloud) -> None:
    with mock.patch.dict("os.environ", DATASTORE_EMULATOR_HOST=cloud.datastore.address):
        client = datastore.Client(project="demo")
    inner = datastore.Entity()
    inner[SCRIPT] = SCRIPT
    for number in range(30):
        entity = datastore.Entity(client.key("Visit", f"{LONG}{number}"), exclude_from_indexes=("text",))
        entity.update(text=LONG * 100, number=number, yes=True, inner=inner, blob=b"\xff", nothing=None)
        entity.update({SCRIPT: SCRIPT, LONG: LONG, "key": client.key("Other", 7)})
        client.put(entity)


def fill_caches(cloud: Cloud) -> None:
    request = memcache_service_pb2.MemcacheSetRequest()
    request.item.add(key=LONG.encode(), value=SCRIPT.encode())
    cloud.memcache.values.call("Set", request.SerializeToString())
    assert isinstance(cloud.redis, Memorystore)
    with cloud.redis.client() as client:
        client.set(LONG, SCRIPT)
        client.hset("hash", SCRIPT, LONG)


def fill_services(cloud: Cloud, app: App) -> None:
    caller = cloud.api_server.caller(app.ticket)
    task = taskqueue_service_bytes_pb2.TaskQueueAddRequest(
        queue_name=b"slow",
        task_name=b"task",
        url=f"/{LONG}".encode(),
        eta_usec=int(1_000_000 * (time.time() + 3600)),
        body=LONG.encode(),
    )
    task.eta_usec = int(1_000_000 * (time.time() + 3600))
    answer = taskqueue_service_bytes_pb2.TaskQueueAddResponse()
    cloud.api_server.stub("taskqueue", app.ticket).MakeSyncCall("taskqueue", "Add", task, answer, caller)
    mail = mail_service_pb2.MailMessage(Sender="ann@example.com", Subject=SCRIPT, TextBody=LONG, HtmlBody=SCRIPT)
    mail.To.append(f"{LONG}@example.com")
    cloud.api_server.stub("mail", app.ticket).MakeSyncCall("mail", "Send", mail, VoidProto(), caller)


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page; assert at the end that the policy had no script and no style to refuse."""
    pages: list[Page] = []
    refused: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    def open_page(**options: object) -> Page:
        page = chromium.new_context(**options).new_page()
        page.set_default_timeout(1000 * DEADLINE)
        page.on("console", note)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert refused == []


def visit_all(page: Page, console: Console) -> Iterator[str]:
    """Open each page of the console, with the pages of one entity, one cached value and two keys."""
    for path in LISTS:
        page.goto(console.url + path)
        yield path
    for path, number in (("entities/kind?kind=Visit", 0), ("memcache/", 0), ("redis/", 0), ("redis/", 1)):
        page.goto(console.url + path)
        page.locator("td a").nth(number).click()
        page.wait_for_load_state()  # with its styles
        yield f"{path}, link {number}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: Open, console: Console, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    found = []
    for path in visit_all(page, console):
        for details in page.locator("details").all():
            details.evaluate("details => details.open = true")
        for violation in Axe().run(page).response["violations"]:
            found += [f"{path}: {violation['id']}: {node['html']}" for node in violation["nodes"]]
    assert found == []


def test_pages_fit_phone(open_page: Open, console: Console) -> None:
    page = open_page(viewport={"width": 390, "height": 800}, device_scale_factor=2)
    widths = {path: page.evaluate("document.documentElement.scrollWidth") for path in visit_all(page, console)}
    assert {path: width for path, width in widths.items() if width > 390} == {}


def test_entity_is_edited_and_deleted_without_scripts(open_page: Open, console: Console) -> None:
    page = open_page(java_script_enabled=False)
    page.goto(console.url)
    page.get_by_role("link", name="Visit").click()
    page.get_by_role("link", name=re.compile("^Visit:")).first.click()
    page.get_by_label("number").fill("77")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved.")
    expect(page.get_by_label("number")).to_have_value("77")
    expect(page.get_by_label("text")).to_have_value(LONG * 100)
    page.get_by_text("Delete this entity").click()
    page.get_by_role("button", name="Delete it for good").click()
    expect(page.get_by_role("status")).to_have_text("1 entity is deleted.")
