"""The end of a run: the lanes, with what ran of each, and the slowest tests."""

from __future__ import annotations

import pytest

from tests import conftest as suite
from tests.support.lanes import selection

PASSED = "def test_one(): pass"
SKIPPED = "def test_two(): pytest.skip('not here')"


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.RunResult:
    """Run tests of the lane python3 (or of none), with these lanes required; with the suite's own report."""

    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # it is the suite's report that is tested

    def run(*tests: str, lane: str | None = "python3", required: list[str] | None = None) -> pytest.RunResult:
        for module in (suite, selection):
            monkeypatch.setattr(module, "REQUIRED", required or [])
        marks = f"pytestmark = pytest.mark.lane({lane!r}, 'mod1-flask/START')" if lane else ""
        pytester.makepyfile("\n".join(["import pytest", marks, *tests]))
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", plugins=[suite])

    return run


def test_lane_that_ran_has_a_table_and_a_line(run) -> None:
    done = run(PASSED)
    assert done.ret == 0
    done.stdout.fnmatch_lines(["mod1-flask/START*1 passed", "python3: ran, 1 of 1 checks passed (*"])


def test_skipped_check_is_counted_beside_those_that_ran(run) -> None:
    run(PASSED, SKIPPED).stdout.fnmatch_lines(["python3: ran, 1 of 1 checks passed, 1 skipped (*"])


@pytest.mark.parametrize(("tests", "lane"), [([PASSED], None), ([SKIPPED], "python3")])
def test_run_without_a_check_of_a_lane_prints_no_lanes(run, tests: list[str], lane: str | None) -> None:
    done = run(*tests, lane=lane)
    assert done.ret == 0
    done.stdout.no_fnmatch_line("*= lanes =*")


@pytest.mark.parametrize(
    ("tests", "lane", "reason"),
    [
        ([PASSED], None, "no check of it was selected"),
        ([SKIPPED], "python3", "all its checks were skipped"),
    ],
)
def test_required_lane_that_did_not_run_fails_the_run(run, tests: list[str], lane: str | None, reason: str) -> None:
    done = run(*tests, lane=lane, required=["python3"])
    assert done.ret == 1
    done.stdout.fnmatch_lines([f"python3: required, but not run: {reason} (*"])


def test_unknown_required_lane_does_not_start_the_run(run) -> None:
    done = run(PASSED, required=["python4"])
    assert done.ret == 1
    (done.stdout.str() + done.stderr.str()).index("REQUIRED_LANES: there is no lane python4")
