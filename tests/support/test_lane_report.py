"""A run prints the table of lanes if a check of a lane ran or a lane is required."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.support.course import ROOT

HEADING = " lanes "


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run a test that belongs to no lane."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    variables = {**variables, "LANES": "", "REQUIRED_LANES": "", **environment}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/docs/test_lanes.py"]
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120, check=False)


def test_run_without_lanes_prints_no_table() -> None:
    done = run()
    assert done.returncode == 0, done.stdout
    assert HEADING not in done.stdout


def test_run_without_a_required_lane_fails_and_prints_the_table() -> None:
    done = run(REQUIRED_LANES="python3")
    assert done.returncode == 1
    assert HEADING in done.stdout
    assert "python3: required, but not run: no check of it was selected" in done.stdout


def test_run_with_an_unknown_required_lane_does_not_start() -> None:
    done = run(REQUIRED_LANES="python4")
    assert done.returncode == 1
    assert "REQUIRED_LANES: there is no lane python4" in done.stdout + done.stderr
