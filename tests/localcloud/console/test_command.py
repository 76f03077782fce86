"""The console as `localcloud run` serves it."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from tests.localcloud.conftest import Command
from tests.support.deadline import DEADLINE

STATIC = "runtime: python314\nhandlers:\n- url: /\n  static_dir: pages\n"


def test_run_prints_the_address_of_the_console(
    localcloud: Callable[..., Command], folder: Callable[[Mapping[str, str]], Path]
) -> None:
    command = localcloud("run", folder({"app.yaml": STATIC, "pages/a.txt": "hello"}), "--data", ":memory:")
    url = command.wait_for(r"Look into entities, caches, tasks and requests at (http://localhost:\d+/\S+/)\n")[1]
    (app,) = command.urls()
    assert httpx.get(f"{app}/a.txt", timeout=DEADLINE).text == "hello"
    page = httpx.get(f"{url}requests/", timeout=DEADLINE).text
    assert "GET /a.txt" in page
    command.send(signal.SIGINT)
    assert command.wait() == 0
