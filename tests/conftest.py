"""What the whole run says at its end: which lanes ran, and which did not and why."""

from __future__ import annotations

import sys

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name each lane in the last lines of the output."""
    ran, failed = _checks(terminalreporter, "tests/pairs/")
    terminalreporter.section("lanes")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if ran:
        terminalreporter.line(
            f"python3: ran, {ran - failed} of {ran} checks passed "
            f"(Python {version}; python27 folders too, on Python 3; embedded Datastore; Valkey or Redis)"
        )
    else:
        terminalreporter.line("python3: not run: no test of tests/pairs was selected")
    ran, failed = _checks(terminalreporter, "tests/browser/")
    if ran:
        terminalreporter.line(f"browser: ran, {ran - failed} of {ran} checks passed (the system's Chromium)")
    else:
        terminalreporter.line("browser: not run: no chromium on PATH, or no test of tests/browser was selected")
    for lane, reason in NOT_RUN.items():
        terminalreporter.line(f"{lane}: not run: {reason}")


def _checks(terminalreporter: pytest.TerminalReporter, folder: str) -> tuple[int, int]:
    """Return how many tests of a folder ran, and how many of them failed."""
    reports = [
        report
        for outcome in ("passed", "failed", "error")
        for report in terminalreporter.stats.get(outcome, [])
        if getattr(report, "when", "") == "call" and folder in report.nodeid
    ]
    return len(reports), sum(report.failed for report in reports)


NOT_RUN = {
    "python27": "this version has no lane for genuine Python 2.7 and the legacy SDK",
    "google-emulator": "this version has no lane for Google's Datastore emulator",
    "containers": "this version has no lane for real containers",
}
