"""Fixtures: a real browser and `codelab serve`, with a course and a server for each test."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from localcloud.doctor import find
from tests.codelab.conftest import course  # noqa: F401  # a fixture
from tests.support.deadline import DEADLINE
from tests.support.lanes.registry import CHROMIUM

expect.set_options(timeout=1000 * DEADLINE)
# Without these, Chromium sends requests for updates and the like, and the tests count requests to other machines.
_QUIET = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]


@dataclass(frozen=True)
class Server:
    """A running `codelab serve`: its address, and the course it serves."""

    url: str
    course: Path
    process: subprocess.Popen[str]

    def address(self, path: str) -> str:
        return self.url.rstrip("/") + path


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run all browser tests on one worker, which has the browser."""
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.lane("browser"))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium, headless."""
    path = find(CHROMIUM).path
    # Chromium's sandbox does not start for root, as in a container.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_QUIET, *sandbox])
        yield browser
        browser.close()


@pytest.fixture
def server(course: Path) -> Iterator[Server]:  # noqa: F811
    """Serve a course that the test may change, on a free port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "codelab", "--course", str(course), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout
    said: list[str] = []
    line = process.stdout.readline()
    url = re.search(r"http://localhost:\d+/", line)
    assert url, line
    reader = threading.Thread(target=lambda: said.extend(process.stdout or []), daemon=True)
    reader.start()
    try:
        yield Server(url[0], course, process)
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 0
        reader.join()
        process.stdout.close()
        assert not any("Traceback" in text for text in said), "".join(said)


@pytest.fixture
def new_page(chromium: Browser, server: Server) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page with options of a browser context.

    Assert at the end that no page logged an error or sent a request to another machine.
    """
    pages: list[Page] = []
    trouble: list[str] = []

    def open_page(path: str = "/", **options: object) -> Page:
        page = chromium.new_context(**options).new_page()
        page.set_default_timeout(1000 * DEADLINE)
        page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: _note_stranger(request.url, trouble))
        pages.append(page)
        page.goto(server.address(path))
        return page

    yield open_page
    for page in pages:
        page.context.close()
    assert trouble == []


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """Open the map in a desktop browser."""
    return new_page()


def _note_stranger(url: str, trouble: list[str]) -> None:
    parts = urlsplit(url)
    if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname not in ("localhost", "127.0.0.1"):
        trouble.append(f"a request to {url}")
