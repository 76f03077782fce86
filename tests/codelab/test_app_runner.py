"""The apps of the page end at once, whatever another thread waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from codelab.web import app_runner
from codelab.web.app_runner import AppRunner
from codelab.web.live import Saves
from localcloud import App
from tests.codelab.check.tracks import make_track
from tests.support.deadline import DEADLINE


@pytest.mark.parametrize("waiting", ["start", "visit"])
def test_close_breaks_off_what_waits_for_an_app(waiting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = make_track(tmp_path, {"app.yaml": "runtime: python314\n", "main.py": ""})
    begun, stopped = threading.Event(), threading.Event()
    stop = App.stop

    def wait_for_stop(*_: object, **__: object) -> httpx.Response:
        begun.set()
        assert stopped.wait(DEADLINE)
        return httpx.Response(502)

    def stop_and_tell(app: App) -> None:
        stop(app)
        stopped.set()

    waits: dict[str, Callable[..., object]] = {"start": lambda _: None, "visit": lambda _: None, waiting: wait_for_stop}
    monkeypatch.setattr(App, "start", waits["start"])
    monkeypatch.setattr(App, "stop", stop_and_tell)
    monkeypatch.setattr(app_runner.httpx.Client, "get", waits["visit"])
    runner = AppRunner(Saves(tmp_path))
    with ThreadPoolExecutor() as pool:
        working = pool.submit(runner.start, ref)
        if waiting == "visit":
            working = pool.submit(working.result(DEADLINE).visit, "START", "127.0.0.1", "")  # type: ignore[arg-type]
        assert begun.wait(DEADLINE)
        runner.close()
        assert stopped.is_set()
        working.result(DEADLINE)
