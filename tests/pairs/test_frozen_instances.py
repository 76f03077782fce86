"""Cloud Run takes the CPU away between requests. The next visitor must find the same worker, not a new one."""

from __future__ import annotations

import shutil
import time
from contextlib import closing, suppress
from pathlib import Path

import psutil
import pytest

from codelab.sameness.scenarios import ANN, BOB
from codelab.sameness.visitor import Browser
from localcloud.cloud import App, Cloud
from tests.pairs.course import FUNCTION, ROOT

# gunicorn's own limit is 30 s; as a setting of the environment it counts wherever the command line names no other.
LIMIT_SECONDS = 1
SHORT_LIMIT = {"GUNICORN_CMD_ARGS": f"--timeout {LIMIT_SECONDS}"}
DEADLINE = 60

FOLDERS = [
    ("mod4-cloudrun/FINISH", "cloudrun"),
    ("mod4-cloudrun/FINISH-py2", "cloudrun"),
    ("mod5-buildpacks/FINISH", "cloudrun"),
    ("mod11-functions/FINISH", "functions"),
    ("mod13-memorystore/FINISH-py3", "cloudrun"),
    ("one-app", "cloudrun"),
    ("one-app", "functions"),
]


@pytest.mark.parametrize(("folder", "platform"), FOLDERS)
def test_a_frozen_instance_goes_on_with_the_same_worker(folder: str, platform: str) -> None:
    before, after = _workers_around_a_freeze(ROOT / folder, platform)
    assert after == before


@pytest.mark.parametrize(
    ("folder", "file"), [("mod4-cloudrun/FINISH", "Dockerfile"), ("mod5-buildpacks/FINISH", "Procfile")]
)
def test_without_timeout_0_a_frozen_instance_loses_its_worker(folder: str, file: str, tmp_path: Path) -> None:
    broken = shutil.copytree(ROOT / folder, tmp_path / "FINISH")
    text = (broken / file).read_text()
    assert " --timeout 0" in text
    (broken / file).write_text(text.replace(" --timeout 0", ""))
    before, after = _workers_around_a_freeze(broken, "cloudrun")
    assert not after & before


def _workers_around_a_freeze(folder: Path, platform: str) -> tuple[set[int], set[int]]:
    """Return the server's workers before and after it was frozen for longer than the limit; visitors come around it."""
    with Cloud() as cloud:
        app = cloud.add(folder, platform=platform, function=FUNCTION, environment=SHORT_LIMIT)
        cloud.start()
        with closing(Browser(app.url)) as browser:
            assert browser.request(ANN).status == 200
            before = _workers(app)
            arbiter = psutil.Process(*set(_arbiters_by_worker(app).values()))
            with app.frozen():
                time.sleep(LIMIT_SECONDS + 1)  # gunicorn goes by the clock, so this time has to pass
            _wait_for_a_round_of_the_arbiter(app, arbiter)
            assert browser.request(BOB).status == 200
            return before, _workers(app)


def _workers(app: App) -> set[int]:
    return set(_arbiters_by_worker(app))


def _arbiters_by_worker(app: App) -> dict[int, int]:
    """Return gunicorn's workers, the processes that started no other, each with the process that started it."""
    parents: dict[int, int] = {}
    for process in app.processes():
        with suppress(psutil.Error):  # it has ended meanwhile
            parents[process.pid] = process.ppid()
    return {pid: parent for pid, parent in parents.items() if pid not in parents.values()}


def _wait_for_a_round_of_the_arbiter(app: App, arbiter: psutil.Process) -> None:
    """Wait until the arbiter, which wakes up each second, has looked at its workers, and has some."""
    wanted = _wake_ups(arbiter) + 3
    deadline = time.monotonic() + DEADLINE
    while _wake_ups(arbiter) < wanted or arbiter.pid not in _arbiters_by_worker(app).values():
        assert time.monotonic() < deadline, "the arbiter does not wake up, or starts no worker"
        time.sleep(0.05)


def _wake_ups(process: psutil.Process) -> int:
    return process.num_ctx_switches().voluntary
