"""`codelab grade`: the judgement of a folder anywhere, as text, as JSON and as an exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codelab.check import Outcome, RunResult
from codelab.commands import grade as grade_module
from codelab.compare import scenarios
from codelab.readme.trees import write_tree
from tests.codelab.command import Answer, run_codelab
from tests.codelab.learner.hand import Edit, Replace, edit
from tests.codelab.learner.learner import checker_of
from tests.codelab.learner.running import FEW
from tests.support.course import ROOT


@pytest.fixture
def outcomes(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """Replace the run of a folder by the outcome that a test puts here."""
    found: list[Outcome] = []
    monkeypatch.setattr(grade_module, "run_and_compare", lambda *_, **__: found[0])
    return found


def run(
    folder: Path, *words: str, place: str = "mod5-buildpacks", done: int = 3, edits: tuple[Edit, ...] = ()
) -> Answer:
    write_tree(checker_of(ROOT, place).trees[done], folder)
    edit(folder, edits)
    return run_codelab(ROOT, "grade", str(folder), "--as", place, *words)


def test_finished_folder_has_exit_code_0(tmp_path: Path, outcomes: list[Outcome]) -> None:
    outcomes.append(Outcome(RunResult.SAME, scenarios=17, last=True, step=3))
    answer = run(tmp_path)
    answer.says("3 of 3 steps are done", "Finished: the output is the same as START's in 17 scenarios.")
    assert answer.code == 0


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (
            Outcome(RunResult.DIFFERS, "twelve visitors", "found 5", "main.py:1: KeyError", step=3),
            ["2 of 3 steps", "a page differs from START's in the scenario “twelve visitors”: found 5", "main.py:1"],
        ),
        (Outcome(RunResult.DOES_NOT_RUN, text="it ended", step=3), ["2 of 3 steps", "an app does not start: it ended"]),
        (Outcome(RunResult.OTHER_SERVICES, text="it still calls Redis", step=3), ["it still calls Redis"]),
        (
            Outcome(RunResult.UNDECIDED, text="Dockerfile:3: RUN apt-get", step=3),
            ["2 of 3 steps are done", "step 3 cannot be decided here: Dockerfile:3: RUN"],
        ),
        (Outcome(RunResult.IN_MID_STEP), ["the copy is in the middle of a step"]),
    ],
)
def test_folder_that_is_not_finished_has_exit_code_1(
    outcome: Outcome, words: list[str], tmp_path: Path, outcomes: list[Outcome]
) -> None:
    outcomes.append(outcome)
    answer = run(tmp_path)
    answer.says(*words)
    assert answer.code == 1


OWN_WAY = Replace("Procfile", "gunicorn -b :$PORT", "gunicorn --bind :$PORT")


@pytest.mark.parametrize(
    ("done", "edits", "code", "words"),
    [
        (3, (), 0, "3 of 3 steps are done"),
        (2, (), 1, "2 of 3 steps are done"),
        (3, (OWN_WAY, Replace("Procfile", "--threads 8", "--workers 2")), 1, "decides about steps 1 to 3, and it was"),
    ],
    ids=["the codelab's", "unfinished", "in an own way"],
)
def test_files_alone_show_no_more_without_run(
    tmp_path: Path, done: int, edits: tuple[Edit, ...], code: int, words: str
) -> None:
    answer = run(tmp_path, "--no-run", done=done, edits=edits)
    answer.says(words)
    assert answer.code == code


def test_json_has_findings_faults_and_remarks(tmp_path: Path) -> None:
    answer = run(
        tmp_path,
        "--no-run",
        "--json",
        place="mod13-memorystore",
        done=3,
        edits=(Replace("requirements.txt", "Flask==1.1.4", "Flask==3.1.3"),),
    )
    assert answer.code == 1
    found: dict[str, Any] = json.loads(answer.text)
    assert (found["track"], found["finished"], found["steps_done"]) == ("mod13-memorystore", False, 2)
    assert [step["done"] for step in found["steps"]] == [True, True, False, False]
    assert found["steps"][3]["findings"][0]["file"] == "main.py"
    assert [(fault["file"], fault["line"]) for fault in found["faults"]] == [("requirements.txt", 1)]
    assert "fill in REDIS_ADDRESS" in found["remarks"][0]["message"]
    assert found["run"] is None


def test_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    answer = run_codelab(ROOT, "grade", str(tmp_path / "gone"), "--as", "mod5")
    answer.is_one_line("no such folder")


@pytest.mark.app
def test_graded_folder_is_not_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenarios, "SCENARIOS", FEW)
    answer = run(tmp_path)
    answer.says("Finished")
    left = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert left == set(checker_of(ROOT, "mod5-buildpacks").trees[3])
