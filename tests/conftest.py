"""Checks the selection of lanes before a run, and prints a table of the lanes after it: module by folder by lane."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.support.course import PAIRS
from tests.support.lanes import LANES, REQUIRED, selection_error, why_not_run

FOLDERS = sorted({folder.name for pair in PAIRS for folder in pair.folders})

# The packages' cache of tests without the mark `app`. It is not there, and starting an app makes it.
NO_CACHE = Path(tempfile.gettempdir()) / f"cache-of-no-app-{os.getpid()}"

# How many checks are left out, by lane.
IDLE = pytest.StashKey[Counter[str]]()

Cells = dict[tuple[str, str], Counter[str]]


def pytest_configure(config: pytest.Config) -> None:
    """Register the suite's markers."""
    config.addinivalue_line("markers", "app: starts an app, so `make test-quick` leaves it out")
    config.addinivalue_line("markers", "wheel: installs a package's wheel, so `make test-quick` leaves it out, too")
    config.addinivalue_line("markers", "lane(name, *folders): a check of this lane, of these folders of the course")
    config.addinivalue_line("markers", "no_datastore: another Datastore would change nothing in this check")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse to start without a required lane: a run that skips it would be green."""
    if text := selection_error():
        pytest.exit(text, returncode=1)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the checks of lanes that do not run. Write the lane of the others into their reports."""
    idle = config.stash[IDLE] = Counter()
    running = []
    for item in items:
        marker = item.get_closest_marker("lane")
        if marker and why_not_run(marker.args[0]):
            idle[marker.args[0]] += 1
            config.hook.pytest_deselected(items=[item])
            continue
        if marker:
            item.user_properties.append(("lane", marker.args))  # reports come from other processes, too
        running.append(item)
    items[:] = running


def pytest_report_collectionfinish(config: pytest.Config) -> list[str]:
    """Say which lanes' checks are left out, for a run of a few tests; a longer one has its table."""
    return [f"left out {number} of {lane}: {why_not_run(lane)}" for lane, number in config.stash[IDLE].items()]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Give a test without the mark `app` a cache that is not there, from before its first fixture."""
    with pytest.MonkeyPatch.context() as patch:
        if not item.get_closest_marker("app"):
            patch.setenv("LOCALCLOUD_CACHE", str(NO_CACHE))
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test without the mark `app` that starts an app, in this process or by a command.

    It shows by the environment that the app needs. So this misses a test that names a cache of its own, or starts an
    app by a runtime of its own.
    """
    yield
    if NO_CACHE.exists():
        shutil.rmtree(NO_CACHE)
        pytest.fail(f"{item.name} starts an app: mark it with pytest.mark.app, or `make test-quick` would run it")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the lanes if one ran or is required, as a table if they compare folders: a check counts for each folder."""
    cells, sums = _count(terminalreporter)
    if not any(map(_ran, sums.values())) and not REQUIRED:
        return
    names = [lane.name for lane in LANES if any(cells[folder, lane.name] for folder in FOLDERS)]
    terminalreporter.section("lanes")
    if names:
        terminalreporter.line(" ".join([f"{'':28}", *(f"{name:>19}" for name in names)]))
        for folder in [folder for folder in FOLDERS if any(cells[folder, name] for name in names)]:
            terminalreporter.line(" ".join([f"{folder:28}", *(f"{_cell(cells[folder, name]):>19}" for name in names)]))
    for lane in LANES:
        terminalreporter.line(f"{lane.name}: {_state(lane.name, sums[lane.name])} ({lane.real})")
        for note in _notes(terminalreporter, lane.name):
            terminalreporter.line(f"  {note}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in which no check of a required lane passed."""
    terminalreporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == pytest.ExitCode.OK and terminalreporter and not hasattr(session.config, "workerinput"):
        _, sums = _count(terminalreporter)
        if any(not sums[name]["passed"] for name in REQUIRED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _count(terminalreporter: pytest.TerminalReporter) -> tuple[Cells, dict[str, Counter[str]]]:
    """Return the outcomes by folder and lane, and by lane."""
    cells: Cells = defaultdict(Counter)
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in ("passed", "failed", "error", "xfailed", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            lane = dict(getattr(report, "user_properties", ())).get("lane")
            if lane and (report.when == "call" or outcome in ("error", "skipped")):
                name, *folders = lane
                sums[name][outcome] += 1
                for folder in folders if outcome != "skipped" else ():
                    cells[folder, name][outcome] += 1
    return cells, sums


def _notes(terminalreporter: pytest.TerminalReporter, lane: str) -> list[str]:
    """Return the measurements of the lane's passed checks, which they record as "note" and do not assert."""
    reports = [report for report in terminalreporter.stats.get("passed", []) if report.when == "call"]
    properties = [dict(report.user_properties) for report in reports]
    return [found["note"] for found in properties if found.get("lane", ("",))[0] == lane and "note" in found]


def _ran(results: Counter[str]) -> int:
    """Return how many checks ran: a lane whose checks were all skipped did not."""
    return results.total() - results["skipped"]


def _state(name: str, results: Counter[str]) -> str:
    skipped = f", {results['skipped']} skipped" if results["skipped"] else ""
    if ran := _ran(results):
        known = f", {results['xfailed']} fail as declared" if results["xfailed"] else ""
        return f"ran, {results['passed']} of {ran} checks passed{known}{skipped}"
    required = "required, but " if name in REQUIRED else ""
    why = why_not_run(name) or ("all its checks were skipped" if skipped else "no check of it was selected")
    return f"{required}not run: {why}"


def _cell(results: Counter[str]) -> str:
    bad = results["failed"] + results["error"]
    if bad:
        return f"{bad} FAILED"
    known = f", {results['xfailed']} known" if results["xfailed"] else ""
    return f"{results['passed']} passed{known}" if results["passed"] else "-"
