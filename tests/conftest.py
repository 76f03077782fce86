"""What the whole run says at its end: which lanes ran, and which did not and why."""

from __future__ import annotations

import sys

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name each lane in the last lines of the output."""
    ran = [
        report
        for outcome in ("passed", "failed", "error")
        for report in terminalreporter.stats.get(outcome, [])
        if getattr(report, "when", "") == "call" and "tests/pairs/" in report.nodeid
    ]
    failed = sum(report.failed for report in ran)
    terminalreporter.section("lanes")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if ran:
        terminalreporter.line(
            f"python3: ran, {len(ran) - failed} of {len(ran)} checks passed "
            f"(Python {version}; python27 folders too, on Python 3; embedded Datastore; Valkey or Redis)"
        )
    else:
        terminalreporter.line("python3: not run: no test of tests/pairs was selected")
    for lane, reason in NOT_RUN.items():
        terminalreporter.line(f"{lane}: not run: {reason}")


NOT_RUN = {
    "python27": "this version has no lane for genuine Python 2.7 and the legacy SDK",
    "google-emulator": "this version has no lane for Google's Datastore emulator",
    "containers": "this version has no lane for real containers",
}
