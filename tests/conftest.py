"""What the whole run says at its end: module by side by lane, what passed, what failed, what did not run and why."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from localcloud.lanes import LANES
from tests.lanes import BY_NAME, REQUIRED, mistake, not_run
from tests.pairs.course import PAIRS

SIDES = sorted({f"{pair.module}/{side}" for pair in PAIRS for side in (pair.start, pair.finish)})

Cells = dict[tuple[str, str], Counter[str]]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "lane(name, *sides): a check of this lane, of these sides of the course")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse to begin without a lane that has to run: a run that skips it would look green."""
    if text := mistake():
        pytest.exit(text, returncode=1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Write each check's lane on its reports, which also come from other processes."""
    for item in items:
        if marker := item.get_closest_marker("lane"):
            item.user_properties.append(("lane", marker.args))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the matrix, in which a check counts for each side it compares, and below it the sums of the checks."""
    cells, sums = _count(terminalreporter)
    names = [lane.name for lane in LANES if any(cells[side, lane.name] for side in SIDES)]
    terminalreporter.section("lanes")
    if names:
        terminalreporter.line(" ".join([f"{'':28}", *(f"{name:>19}" for name in names)]))
        for side in [side for side in SIDES if any(cells[side, name] for name in names)]:
            terminalreporter.line(" ".join([f"{side:28}", *(f"{_cell(cells[side, name]):>19}" for name in names)]))
    for lane in LANES:
        terminalreporter.line(f"{lane.name}: {_state(lane.name, sums[lane.name])} ({lane.what})")
        for note in _notes(terminalreporter, lane.name):
            terminalreporter.line(f"  {note}")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run in which nothing of a required lane ran."""
    terminalreporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if exitstatus == pytest.ExitCode.OK and terminalreporter and not hasattr(session.config, "workerinput"):
        _, sums = _count(terminalreporter)
        if any(not sums[name]["passed"] for name in REQUIRED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def _count(terminalreporter: pytest.TerminalReporter) -> tuple[Cells, dict[str, Counter[str]]]:
    """Return the outcomes by side and lane, and by lane."""
    cells: Cells = defaultdict(Counter)
    sums: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in ("passed", "failed", "error", "xfailed"):
        for report in terminalreporter.stats.get(outcome, []):
            lane = dict(getattr(report, "user_properties", ())).get("lane")
            if lane and (report.when == "call" or outcome == "error"):
                name, *sides = lane
                sums[name][outcome] += 1
                for side in sides:
                    cells[side, name][outcome] += 1
    return cells, sums


def _notes(terminalreporter: pytest.TerminalReporter, lane: str) -> list[str]:
    """Return what the lane's passed checks measured, which no check asserts: their property "note"."""
    reports = [report for report in terminalreporter.stats.get("passed", []) if report.when == "call"]
    properties = [dict(report.user_properties) for report in reports]
    return [found["note"] for found in properties if found.get("lane", ("",))[0] == lane and "note" in found]


def _state(name: str, results: Counter[str]) -> str:
    if results:
        known = f", {results['xfailed']} fail as declared" if results["xfailed"] else ""
        ran = sum(results.values())
        return f"ran, {results['passed']} of {ran} checks passed{known}"
    required = "required, but " if name in REQUIRED else ""
    return f"{required}not run: {not_run(BY_NAME[name]) or 'no check of it was selected'}"


def _cell(results: Counter[str]) -> str:
    bad = results["failed"] + results["error"]
    if bad:
        return f"{bad} FAILED"
    known = f", {results['xfailed']} known" if results["xfailed"] else ""
    return f"{results['passed']} passed{known}" if results["passed"] else "-"
