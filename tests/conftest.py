"""What the whole run says at its end: module by side by lane, what passed, what failed, what did not run and why."""

from __future__ import annotations

import os
import re
from collections import Counter, defaultdict

import pytest

from localcloud.doctor import LANES, missing
from tests.pairs.course import PAIRS

# Set where these lanes must run, as in .ci/run: one that cannot fails the run there.
REQUIRED = os.environ.get("LOCALCLOUD_REQUIRED_LANES", "").split()
_CASE = re.compile(r"\[(?P<lane>" + "|".join(lane.name for lane in LANES) + r")-(?P<pair>mod[\w-]+?)(?:-[a-z_]+)?\]")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Refuse to begin without a lane that has to run: a run that skips it would look green."""
    lanes = {lane.name: lane for lane in LANES}
    for name in REQUIRED:
        reason = missing(lanes[name]) if name in lanes else f"expected one of {', '.join(lanes)}"
        if reason:
            pytest.exit(f"LOCALCLOUD_REQUIRED_LANES: {name}: {reason}", returncode=1)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the matrix. A side's figures count every check of every pair it is in."""
    cells: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for outcome in ("passed", "failed", "error", "skipped", "xfailed"):
        for report in terminalreporter.stats.get(outcome, []):
            case = _CASE.search(report.nodeid)
            if case and (report.when == "call" or outcome in ("error", "skipped")):
                for pair in PAIRS:
                    if str(pair) == case["pair"]:
                        for side in (pair.start, pair.finish):
                            cells[f"{pair.module}/{side}", case["lane"]][outcome] += 1
    terminalreporter.section("lanes")
    sides = sorted({f"{pair.module}/{side}" for pair in PAIRS for side in (pair.start, pair.finish)})
    names = [lane.name for lane in LANES]
    terminalreporter.line(" ".join([f"{'':30}", *(f"{name:>19}" for name in names)]))
    for side in sides:
        terminalreporter.line(" ".join([f"{side:30}", *(f"{_cell(cells[side, name]):>19}" for name in names)]))
    for lane in LANES:
        ran = sum((cells[side, lane.name] for side in sides), Counter[str]())
        if ran:
            state = f"ran, {ran['passed']} side checks passed, {ran['failed'] + ran['error']} failed ({lane.what})"
        else:
            state = f"not run: {missing(lane) or 'no test of it was selected'}"
        terminalreporter.line(f"{lane.name}: {state}")


def _cell(results: Counter[str]) -> str:
    bad = results["failed"] + results["error"]
    if bad:
        return f"{bad} FAILED"
    known = f", {results['xfailed']} known" if results["xfailed"] else ""
    return f"{results['passed']} passed{known}" if results["passed"] else "-"
