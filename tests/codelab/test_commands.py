"""The learner's commands as functions: the data that they return, without a terminal and without running apps."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from codelab.check import Checker, Outcome, RunResult
from codelab.commands import check as check_module
from codelab.commands.apply import apply
from codelab.commands.check import Checked, check
from codelab.commands.current_step import AllDone
from codelab.commands.diff import diff, read_state
from codelab.commands.hint import ShownHint, hint
from codelab.commands.list import CopyState, list_tracks
from codelab.commands.next import NotStarted, find_next
from codelab.commands.reset import plan_reset, reset
from codelab.commands.show import ShownStep, show
from codelab.commands.start import start
from codelab.commands.watch import watch_copy
from codelab.errors import CodelabError
from codelab.readme.course import Course, TrackRef
from codelab.readme.trees import read_tree, write_tree
from codelab.workspace import Workspace, make_diff_command
from tests.support.course import COURSE, ROOT

MODULE = "mod5-buildpacks"


class Learner:
    """A learner of mod5 in a course of their own."""

    def __init__(self, root: Path) -> None:
        self.course = Course(root)
        self.workspace = Workspace(root)
        self.ref = self.course.track(MODULE)

    def has_done(self, steps: int) -> None:
        """Bring the copy to where it is after this many steps."""
        if not self.ref.copy.exists():
            start(self.workspace, self.ref)
        after = Checker(self.ref).trees[steps]
        for file in read_tree(self.ref.copy).keys() - after.keys():
            (self.ref.copy / file).unlink()
        write_tree(after, self.ref.copy)

    def writes(self, file: str, text: str) -> None:
        (self.ref.copy / file).write_text(text)

    def edits(self, file: str, old: str, new: str) -> None:
        text = (self.ref.copy / file).read_text()
        assert text.count(old) == 1
        self.writes(file, text.replace(old, new))

    def hinted(self) -> int | None:
        """Return the number of the step that `codelab hint` is about; None after the last."""
        found = hint(self.course, self.workspace, self.ref)
        return found.step.number if isinstance(found, ShownHint) else None

    def checks(self, *, run: bool = False) -> Checked:
        return check(self.course, self.workspace, self.ref, run=run)


@pytest.fixture
def learner(shared_course: Path) -> Learner:
    return Learner(shared_course)


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """Let a check return the first of these outcomes, in place of running the apps."""
    outcomes: list[Outcome] = []
    monkeypatch.setattr(check_module, "run_and_compare", lambda *_, **__: outcomes[0])
    return outcomes


def test_start_makes_copy_and_current_track(learner: Learner) -> None:
    started = start(learner.workspace, learner.ref)
    assert (started.ref, started.first_step.number) == (learner.ref, 1)
    assert read_tree(learner.ref.copy) == read_tree(learner.ref.start)
    assert learner.workspace.current == MODULE


def test_start_of_existing_copy_is_refused(learner: Learner) -> None:
    start(learner.workspace, learner.ref)
    learner.writes("main.py", "mine\n")
    before = read_tree(learner.ref.copy)
    with pytest.raises(CodelabError, match=rf"^work/{MODULE} exists already; .* `make reset MOD={MODULE}`"):
        start(learner.workspace, learner.ref)
    assert read_tree(learner.ref.copy) == before


def test_check_of_complete_step_passes(learner: Learner) -> None:
    learner.has_done(1)
    checked = learner.checks()
    assert (checked.progress.reached, checked.passed, checked.finished, checked.outcome) == (1, True, False, None)


def test_check_in_middle_of_step_does_not_pass(learner: Learner) -> None:
    learner.has_done(0)
    learner.writes("Procfile", "web: something\n")
    assert learner.checks().passed is False


def test_check_of_step_out_of_order_does_not_pass(learner: Learner) -> None:
    learner.has_done(0)
    learner.writes(".python-version", "3.14\n")
    checked = learner.checks()
    assert ([status.step.number for status in checked.progress.ahead], checked.passed) == ([2], False)


@pytest.mark.parametrize(("run", "outcome_of_run"), [(True, Outcome(RunResult.IN_MID_STEP)), (False, None)])
def test_check_with_damaged_file_runs_nothing_and_does_not_pass(
    learner: Learner, run: bool, outcome_of_run: Outcome | None
) -> None:
    learner.has_done(1)
    learner.writes("main.py", "def (\n")
    checked = learner.checks(run=run)
    assert checked.outcome == outcome_of_run
    assert ([finding.file for finding in checked.progress.damage], checked.passed) == (["main.py"], False)


@pytest.mark.parametrize(("steps", "run", "will_run"), [(1, True, True), (1, False, False), (0, True, False)])
def test_check_reports_progress_before_it_runs(
    learner: Learner, outcome: list[Outcome], steps: int, run: bool, will_run: bool
) -> None:
    learner.has_done(steps)
    outcome.append(Outcome(RunResult.SAME))
    reported = []
    check(
        learner.course,
        learner.workspace,
        learner.ref,
        run=run,
        on_progress=lambda progress, apps_will_run: reported.append((progress.reached, apps_will_run)),
    )
    assert reported == [(steps, will_run)]


def test_finished_check_is_remembered_and_leads_on(learner: Learner, outcome: list[Outcome]) -> None:
    learner.has_done(3)
    learner.writes("notes.txt", "mine\n")
    outcome.append(Outcome(RunResult.SAME, last=True))
    checked = learner.checks(run=True)
    assert (checked.finished, checked.passed) == (True, True)
    assert checked.differing == ("notes.txt: new file, 1 line",)
    assert checked.following
    assert checked.following.name == "mod11-functions"
    assert list(learner.workspace.read_finished()) == [MODULE]


@pytest.mark.parametrize("result", [RunResult.DIFFERS, RunResult.DOES_NOT_RUN])
def test_check_with_wrong_output_is_not_finished(learner: Learner, outcome: list[Outcome], result: RunResult) -> None:
    learner.has_done(3)
    outcome.append(Outcome(result, last=True))
    checked = learner.checks(run=True)
    assert (checked.finished, checked.passed) == (False, False)
    assert learner.workspace.read_finished() == {}


def test_step_whose_app_fails_is_the_one_to_hint_at_until_it_works(learner: Learner, outcome: list[Outcome]) -> None:
    learner.has_done(3)
    outcome.append(Outcome(RunResult.DIFFERS, last=True, step=3))
    assert learner.checks(run=True).progress.reached == 2
    assert learner.hinted() == 3
    learner.writes("notes.txt", "mine\n")
    assert learner.hinted() == 3
    with pytest.raises(
        CodelabError, match=r"step 3 is in your files, and its app fails.*`make apply MOD=\S+ OVERWRITE=1`"
    ):
        apply(learner.workspace, learner.ref)
    outcome[:] = [Outcome(RunResult.SAME, last=True, step=3)]
    learner.checks(run=True)
    assert learner.hinted() is None


def test_step_in_an_own_way_stays_done_once_the_app_has_shown_it(learner: Learner, outcome: list[Outcome]) -> None:
    learner.has_done(1)
    learner.writes("Procfile", "web: gunicorn --bind :$PORT main:app\n")
    assert learner.hinted() == 1
    outcome.append(Outcome(RunResult.SAME, step=1))
    assert learner.checks(run=True).progress.reached == 1
    assert learner.hinted() == 2
    learner.writes("notes.txt", "mine\n")
    assert learner.hinted() == 2
    (learner.ref.copy / "Procfile").unlink()
    assert learner.hinted() == 1


def test_verdict_is_forgotten_with_the_copy(learner: Learner, outcome: list[Outcome]) -> None:
    learner.has_done(3)
    outcome.append(Outcome(RunResult.DIFFERS, last=True, step=3))
    learner.checks(run=True)
    assert learner.workspace.read_verdict(learner.ref) == (3, False)
    learner.workspace.replace(learner.ref, learner.workspace.read(learner.ref))
    assert learner.workspace.read_verdict(learner.ref) is None


def test_save_during_a_check_leaves_no_verdict(learner: Learner, monkeypatch: pytest.MonkeyPatch) -> None:
    learner.has_done(3)

    def save(*_: object, **__: object) -> Outcome:
        learner.writes("notes.txt", "saved meanwhile\n")
        return Outcome(RunResult.SAME, last=True, step=3)

    monkeypatch.setattr("codelab.commands.check.run_and_compare", save)
    checked = learner.checks(run=True)
    assert checked.outcome
    assert (checked.outcome.result, checked.finished) == (RunResult.UNDECIDED, False)
    assert learner.workspace.read_verdict(learner.ref) is None


def test_fault_is_no_success(learner: Learner) -> None:
    learner.has_done(3)
    main = (learner.ref.copy / "main.py").read_text()
    learner.writes("main.py", main.replace("'PROXY_HOPS'", "'PROXY_HOP'"))
    checked = learner.checks(run=True)
    assert checked.outcome
    assert (checked.outcome.result, checked.passed) == (RunResult.NOT_DEPLOYABLE, False)
    assert learner.hinted() == 3
    with pytest.raises(CodelabError, match="step 3 is in your files, and there is a fault in them: main"):
        apply(learner.workspace, learner.ref)
    without_run = learner.checks(run=False)
    assert (without_run.progress, without_run.passed) == (checked.progress, False)


def test_undecided_step_stays_open_until_it_is_decided(learner: Learner, outcome: list[Outcome]) -> None:
    learner.has_done(3)
    outcome.append(Outcome(RunResult.UNDECIDED, step=3))
    assert learner.checks(run=True).progress.reached == 2
    assert learner.hinted() == 3
    assert learner.checks(run=False).progress.reached == 2
    with pytest.raises(
        CodelabError, match="step 3 is in your files, and it cannot be decided here whether it is right"
    ):
        apply(learner.workspace, learner.ref)
    outcome[:] = [Outcome(RunResult.SAME, last=True, step=3)]
    learner.checks(run=True)
    assert learner.hinted() is None


def test_fault_takes_back_what_the_app_has_shown_before(learner: Learner, outcome: list[Outcome]) -> None:
    learner.has_done(3)
    procfile = (learner.ref.copy / "Procfile").read_text()
    learner.writes("Procfile", procfile.replace("--threads", "--workers"))
    outcome.append(Outcome(RunResult.SAME, last=True, step=3))
    assert learner.checks(run=True).progress.reached == 3
    learner.writes("Procfile", procfile.replace("--threads", "--workers").replace(":$PORT", "127.0.0.1:$PORT"))
    progress = learner.checks(run=False).progress
    assert (len(progress.faults), progress.reached, progress.in_question) == (1, 0, "steps 1 to 3")


@pytest.mark.parametrize("steps", [2, 3])
def test_check_without_run_prints_what_its_exit_code_says(learner: Learner, outcome: list[Outcome], steps: int) -> None:
    learner.has_done(steps)
    outcome.append(Outcome(RunResult.DIFFERS, step=steps))
    learner.checks(run=True)
    reported: list[int] = []
    checked = check(
        learner.course,
        learner.workspace,
        learner.ref,
        run=False,
        on_progress=lambda progress, _: reported.append(progress.reached),
    )
    assert (reported, checked.progress.reached, checked.passed) == ([steps - 1], steps - 1, False)


def test_check_holds_files_that_it_checked(learner: Learner) -> None:
    learner.has_done(1)
    checked = learner.checks()
    before = read_tree(learner.ref.copy)
    learner.writes("main.py", "changed\n")
    assert checked.files == before


def test_check_without_copy_is_refused(learner: Learner) -> None:
    with pytest.raises(CodelabError, match=f"your copy is not there; make one with `make start MOD={MODULE}`"):
        learner.checks()


def test_watch_checks_again_after_save_until_finished(learner: Learner, outcome: list[Outcome]) -> None:
    learner.has_done(2)
    outcome.append(Outcome(RunResult.IN_MID_STEP))
    reached = []
    for checked in watch_copy(learner.ref.copy, lambda: learner.checks(run=True)):
        reached.append(checked.progress.reached)
        outcome[:] = [Outcome(RunResult.SAME, last=True)]
        learner.has_done(3)
    assert reached == [2, 3]


def test_watch_continues_after_unreadable_file(learner: Learner, outcome: list[Outcome]) -> None:
    learner.has_done(2)
    outcome.append(Outcome(RunResult.IN_MID_STEP))
    damaged = []
    for checked in watch_copy(learner.ref.copy, lambda: learner.checks(run=True)):
        damaged.append([finding.file for finding in checked.progress.damage])
        if not damaged[-1]:
            learner.writes("main.py", "def (\n")
        else:
            outcome[:] = [Outcome(RunResult.SAME, last=True)]
            learner.has_done(3)
    assert damaged[:2] == [[], ["main.py"]]


def test_watch_of_copy_that_is_moved_away_is_refused(learner: Learner, tmp_path: Path) -> None:
    learner.has_done(0)
    watch = watch_copy(learner.ref.copy, learner.checks)
    next(watch)
    learner.ref.copy.rename(tmp_path / "elsewhere")
    with pytest.raises(CodelabError, match="your copy is not there"):
        next(watch)


def test_show_returns_step_to_do_or_by_number(learner: Learner) -> None:
    learner.has_done(1)
    now = show(learner.course, learner.workspace, learner.ref)
    third = show(learner.course, learner.workspace, learner.ref, 3)
    assert isinstance(now, ShownStep)
    assert isinstance(third, ShownStep)
    assert (now.step.number, third.step.number) == (2, 3)


@pytest.mark.parametrize("number", [0, 4, -1])
def test_show_of_unknown_step_is_refused(learner: Learner, number: int) -> None:
    with pytest.raises(CodelabError, match=f"^{MODULE} has no step {number}; its steps are 1 to 3$"):
        show(learner.course, learner.workspace, learner.ref, number)


def test_hint_returns_step_to_do(learner: Learner) -> None:
    learner.has_done(2)
    found = hint(learner.course, learner.workspace, learner.ref)
    assert isinstance(found, ShownHint)
    assert found.step.number == 3


@pytest.mark.parametrize("command", [show, hint, find_next])
def test_after_last_step_next_track_is_named(learner: Learner, command) -> None:  # type: ignore[no-untyped-def]
    learner.has_done(3)
    found = command(learner.course, learner.workspace, learner.ref)
    assert isinstance(found, AllDone)
    assert found.following
    assert found.following.name == "mod11-functions"


def test_next_of_new_track_is_to_start_it(learner: Learner) -> None:
    assert find_next(learner.course, learner.workspace, learner.ref) == NotStarted(learner.ref)


def test_apply_names_files_and_keeps_nothing_without_own_edits(learner: Learner) -> None:
    learner.has_done(0)
    applied = apply(learner.workspace, learner.ref)
    assert (applied.step.number, applied.files, applied.kept) == (1, ("Procfile",), None)
    assert learner.checks().progress.reached == 1


def test_apply_with_overwrite_keeps_own_files(learner: Learner) -> None:
    learner.has_done(0)
    learner.writes("Procfile", "web: mine\n")
    before = read_tree(learner.ref.copy)
    with pytest.raises(CodelabError, match=r"^Procfile:1: this step and your edits change the same lines; do it by"):
        apply(learner.workspace, learner.ref)
    applied = apply(learner.workspace, learner.ref, overwrite=True)
    assert applied.kept
    assert read_tree(applied.kept) == before
    assert read_tree(learner.ref.copy)["Procfile"].startswith("web: gunicorn ")


def test_apply_after_last_step_is_refused(learner: Learner) -> None:
    learner.has_done(3)
    with pytest.raises(CodelabError, match=f"^{MODULE}: all steps are done already; run `make check MOD={MODULE}`$"):
        apply(learner.workspace, learner.ref)


def test_reset_plan_changes_nothing(learner: Learner) -> None:
    learner.has_done(2)
    before = read_tree(learner.ref.copy)
    plan = plan_reset(learner.workspace, learner.ref, 1)
    assert (plan.number, plan.lost) == (1, (".python-version: new file, 1 line",))
    assert read_tree(learner.ref.copy) == before


def test_reset_follows_plan_and_keeps_old_copy(learner: Learner) -> None:
    learner.has_done(2)
    before = read_tree(learner.ref.copy)
    kept = reset(learner.workspace, plan_reset(learner.workspace, learner.ref))
    assert read_tree(learner.ref.copy) == read_tree(learner.ref.start)
    assert read_tree(kept) == before


def test_reset_to_unknown_step_is_refused(learner: Learner) -> None:
    learner.has_done(0)
    with pytest.raises(CodelabError, match=rf"^{MODULE} has no step 4; choose 0 \(START\) to 3$"):
        plan_reset(learner.workspace, learner.ref, 4)


def test_diff_of_equal_states_is_empty(learner: Learner) -> None:
    assert diff(learner.workspace, learner.ref, "3", "FINISH").text == ""


def test_diff_names_states_and_files(learner: Learner) -> None:
    found = diff(learner.workspace, learner.ref, "0", "1")
    assert found.text.startswith("--- /dev/null\n+++ 1/Procfile\n@@ ")


def test_state_of_copy_is_its_files(learner: Learner) -> None:
    learner.has_done(1)
    assert read_state(learner.workspace, learner.ref, "work") == read_tree(learner.ref.copy)


def test_listing_has_progress_and_current_track(learner: Learner) -> None:
    learner.has_done(2)
    listing = list_tracks(learner.course, learner.workspace)
    progress = listing.track(MODULE).copy.progress
    assert listing.current is listing.track(MODULE)
    assert progress
    assert progress.reached == 2
    assert listing.track("mod1-flask").copy == CopyState()
    assert [track.ref.name for track in listing.tracks] == [ref.name for ref in learner.course.tracks()]


def test_listing_has_day_of_finish(learner: Learner) -> None:
    learner.has_done(0)
    learner.workspace.remember(learner.ref, finished=True)
    assert listing_of(learner) == {MODULE: learner.workspace.read_finished()[MODULE]}


def listing_of(learner: Learner) -> dict[str, str]:
    """Return the day on which each track was finished, by its name."""
    tracks = list_tracks(learner.course, learner.workspace).tracks
    return {track.ref.name: track.finished_on for track in tracks if track.finished_on}


def test_listing_has_problem_of_unreadable_copy(learner: Learner, tmp_path: Path) -> None:
    learner.ref.copy.parent.mkdir()
    learner.ref.copy.symlink_to(tmp_path)
    assert "leads out of its folder" in list_tracks(learner.course, learner.workspace).track(MODULE).copy.problem


@pytest.mark.parametrize(
    ("track", "arguments"),
    [
        ("mod2-cloudndb", "diff|mod2-cloudndb|--from|START|--to|work|"),
        ("mod2-cloudndb/FINISH", "diff|mod2-cloudndb/FINISH|--from|FINISH|--to|work|"),
    ],
)
def test_suggested_diff_compares_copy_of_its_track(tmp_path: Path, track: str, arguments: str) -> None:
    ref: TrackRef = COURSE.track(track)
    # The Makefile alone, with a tool that prints its arguments.
    shutil.copy(ROOT / "Makefile", tmp_path)
    tool = tmp_path / ".venv" / "bin" / "codelab"
    tool.parent.mkdir(parents=True)
    tool.write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    tool.chmod(0o755)
    for prerequisite in ("requirements.lock", "pyproject.toml", ".venv/.ready"):
        (tmp_path / prerequisite).touch()
    command = [*make_diff_command(ref, ref.track.start, "work").split(), "--no-print-directory"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout == arguments
