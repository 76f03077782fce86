"""Cloud Run takes the CPU away between requests. Afterwards the same worker must answer, not a new one."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from codelab.compare.scenarios import ANN, BOB
from codelab.compare.visitor import Browser
from localcloud import App, Cloud
from tests.support.course import FOLDERS, FUNCTION, ROOT
from tests.support.deadline import DEADLINE

pytestmark = pytest.mark.app

# gunicorn's own limit is 30 s. This variable sets another wherever the command line sets none.
LIMIT_SECONDS = 3
SHORT_LIMIT = {"GUNICORN_CMD_ARGS": f"--timeout {LIMIT_SECONDS}"}

ON_CLOUD_RUN = [
    *(name for name, folder in FOLDERS.items() if {"docker", "buildpacks"} & {*folder.platforms}),
    "one-app",
]


@pytest.mark.parametrize("folder", ON_CLOUD_RUN)
def test_frozen_instance_keeps_its_worker(folder: str) -> None:
    before, after, _ = _workers_around_a_freeze(ROOT / folder, "cloudrun")
    assert after == before


@pytest.mark.parametrize(
    ("folder", "file"), [("mod4-cloudrun/FINISH", "Dockerfile"), ("mod5-buildpacks/FINISH", "Procfile")]
)
def test_frozen_instance_without_timeout_0_loses_its_worker(folder: str, file: str, tmp_path: Path) -> None:
    broken = shutil.copytree(ROOT / folder, tmp_path / "FINISH")
    text = (broken / file).read_text()
    assert " --timeout 0" in text
    (broken / file).write_text(text.replace(" --timeout 0", ""))
    before, after, log = _workers_around_a_freeze(broken, "cloudrun")
    assert not after & before
    assert [line for line in log if "WORKER TIMEOUT" in line]


def test_frozen_function_keeps_its_worker_unless_cloud_run_sets_a_limit() -> None:
    # As mod11's README declares. functions-framework ignores gunicorn's own settings.
    folder = ROOT / "mod11-functions" / "FINISH"
    before, after, _ = _workers_around_a_freeze(folder, "functions")
    assert after == before
    limit = {"CLOUD_RUN_TIMEOUT_SECONDS": str(LIMIT_SECONDS)}
    before, after, _ = _workers_around_a_freeze(folder, "functions", limit)
    assert not after & before


def _workers_around_a_freeze(
    folder: Path, platform: str, environment: Mapping[str, str] = SHORT_LIMIT
) -> tuple[set[int], set[int], list[str]]:
    """Return the server's workers before and after a freeze that is longer than the limit, and the log.

    A visitor comes before it, and one after it.
    """
    log: list[str] = []
    with Cloud(log=lambda name, line: log.append(line)) as cloud:
        app = cloud.add(folder, platform=platform, function=FUNCTION, environment=environment)
        cloud.start()
        with closing(Browser(app.url)) as browser:
            assert browser.request(ANN).status == 200
            before = _workers(app)
            arbiter = psutil.Process(*set(_arbiters_by_worker(app).values()))
            with _frozen(app, arbiter):
                time.sleep(LIMIT_SECONDS + 1)  # gunicorn goes by the clock, so this time has to pass
            _wait_for_workers(app, arbiter)
            assert browser.request(BOB).status == 200
            return before, _workers(app), log


def _workers(app: App) -> set[int]:
    return set(_arbiters_by_worker(app))


def _arbiters_by_worker(app: App) -> dict[int, int]:
    """Return gunicorn's workers, the processes without children, each with its parent."""
    parents: dict[int, int] = {}
    for process in app.processes():
        with suppress(psutil.Error):  # it has ended meanwhile
            parents[process.pid] = process.ppid()
    return {pid: parent for pid, parent in parents.items() if pid not in parents.values()}


@contextmanager
def _frozen(app: App, arbiter: psutil.Process) -> Iterator[None]:
    """Take the CPU away from the app's processes and give it back, to gunicorn's arbiter first: the worst order."""
    processes = app.processes()
    for process in processes:
        process.suspend()
    try:
        yield
    finally:
        wanted = _wake_ups(arbiter) + 3
        arbiter.resume()
        _wait_until(lambda: _wake_ups(arbiter) >= wanted, "the arbiter, which wakes up each second, does not")
        for process in processes - {arbiter}:
            with suppress(psutil.Error):  # it was killed
                process.resume()


def _wait_for_workers(app: App, arbiter: psutil.Process) -> None:
    _wait_until(lambda: arbiter.pid in _arbiters_by_worker(app).values(), "the arbiter starts no worker")


def _wait_until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


def _wake_ups(process: psutil.Process) -> int:
    return process.num_ctx_switches().voluntary
