"""Learners who do more than the codelab asks, or solve a step in another way, still get to the end."""

from __future__ import annotations

import pytest

from codelab.check import Outcome, RunResult
from codelab.commands import check as check_module
from tests.codelab.learner.learner import Learner
from tests.codelab.learner.own_ways import OWN_WAYS, OwnWay


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take for granted that the app runs and shows the same; test_own_ways_that_run.py runs it."""
    monkeypatch.setattr(
        check_module, "run_and_compare", lambda *_, **__: Outcome(RunResult.SAME, last=True, scenarios=19, step=9)
    )


def make_copy(learner: Learner, way: OwnWay) -> None:
    learner.makes(way.place, *way.edits, after=way.after)


@pytest.mark.usefixtures("runs")
def test_additional_files_and_routes_do_not_prevent_finish(learner: Learner) -> None:
    make_copy(learner, OWN_WAYS["more files and routes"])
    answer = learner.codelab("check")
    answer.says("3 of 3 steps are done.", "Well done!", "Your copy differs from FINISH", "main.py: +5 -0 lines")
    answer.says("README.md: new file", "static/logo.png: new file", "make start MOD=mod11-functions")
    assert answer.code == 0


@pytest.mark.usefixtures("runs")
def test_step_solved_in_another_way_is_reported_at_end(learner: Learner) -> None:
    make_copy(learner, OWN_WAYS["a step solved in another way"])
    answer = learner.codelab("check")
    answer.says("output is the same as START's", "You solved step 2 in your own way: main.py:", "Well done!")
    assert answer.code == 0


def test_windows_line_ends_change_nothing(learner: Learner) -> None:
    make_copy(learner, OWN_WAYS["Windows line ends"])
    learner.codelab("check", "--no-run").says("2 of 3 steps are done.", "Step 3", "app.yaml: should be gone")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        pytest.param(b"\x7fELF\x00\xff", "main.py", id="binary"),
        pytest.param("from flask import caf\u00e9(\n".encode("latin-1"), "main.py:1: not valid Python: ", id="latin-1"),
    ],
)
def test_unreadable_main_py_is_reported(learner: Learner, content: bytes, found: str) -> None:
    learner.has_done("mod5-buildpacks", 1)
    (learner.copy("mod5-buildpacks") / "main.py").write_bytes(content)
    answer = learner.codelab("check")
    answer.says("Fix these first, since no step changes them", found)
    assert answer.code == 1


def test_folder_with_name_of_file_is_reported(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    main = learner.copy("mod5-buildpacks") / "main.py"
    main.unlink()
    main.mkdir()
    learner.codelab("check").says("main.py: expected a file, found a folder")


def test_apply_refuses_folder_where_step_writes_file(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 0)
    (learner.copy("mod5-buildpacks") / "Procfile").mkdir()
    learner.codelab("apply").is_one_line("Procfile: expected a file, found a folder; move it away")


def test_link_to_nowhere_is_ignored(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    (learner.copy("mod5-buildpacks") / "link").symlink_to("nowhere")
    learner.codelab("check", "--no-run").says("1 of 3 steps are done.")


def test_invalid_progress_file_is_ignored(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    (learner.course / "work" / "progress.txt").write_bytes(b"\xff\xfe\x00")
    learner.codelab("check", "mod5", "--no-run").says("1 of 3 steps are done.")
    learner.codelab("list").says("* mod5-buildpacks")
