"""`codelab check`: find which steps a copy has done, run it where it should work, and compare it with START."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codelab.check import Checker, Outcome, Progress, RunResult, after_verdict, run_and_compare, will_run
from codelab.readme.course import Course, TrackRef
from codelab.readme.trees import Tree
from codelab.workspace import Workspace, list_changes

if TYPE_CHECKING:
    from codelab.compare.session import Session


@dataclass(frozen=True)
class Checked:
    """The findings of a check in a learner's copy.

    `files` are the files that were checked. `outcome` is the result of running the copy, None if it was not asked for.
    `differing` lists how a finished copy differs from FINISH, and `following` is the track to do next.
    """

    ref: TrackRef
    files: Tree
    progress: Progress
    outcome: Outcome | None = None
    differing: tuple[str, ...] = ()
    following: TrackRef | None = None

    @property
    def passed(self) -> bool:
        """True if everything done so far is right."""
        if self.progress.damage or self.progress.faults:
            return False
        if self.outcome is None:
            return self.progress.between_steps and not self.progress.ahead
        return self.outcome.ok

    @property
    def finished(self) -> bool:
        """True if all steps are done, and the app's output is right."""
        return self.outcome is not None and self.outcome.finished


def check(
    course: Course,
    workspace: Workspace,
    ref: TrackRef,
    *,
    run: bool = True,
    checker: Checker | None = None,
    on_progress: Callable[[Progress, bool], None] = lambda progress, will_run: None,
    on_scenario: Callable[[str], None] = lambda text: None,
    session: Session | None = None,
) -> Checked:
    """Check a learner's copy: its files, and with `run` also its output where the app should work.

    `checker` is the track's, if the caller has it already. `on_progress` is called before any app runs, which takes
    seconds: with the progress, and with true if apps will run; `on_scenario` before each scenario, with words for it.
    `session` has the apps of earlier checks. Raises CodelabError if there is no copy.
    """
    checker = checker or Checker(ref)
    files = workspace.read(ref)  # what is saved from here on is not part of this check
    verdict = workspace.read_verdict(ref)
    by_files = checker.progress(files)
    progress = by_files.accept(verdict[0]) if verdict and verdict[1] else by_files
    runs = run and will_run(ref, progress)
    if not runs:
        # A step that has failed is not done, until the app shows it.
        progress = after_verdict(by_files, verdict)
    workspace.remember(ref)
    on_progress(progress, runs)
    if not run:
        return Checked(ref, files, progress)
    outcome = run_and_compare(checker, progress, session=session, on_scenario=on_scenario)
    if outcome.was_run and workspace.read(ref) != files:
        # Some scenarios may have had the old files and some the new ones. A verdict about either would be a guess.
        outcome = Outcome(RunResult.UNDECIDED, text="a file was saved during the check; check again", step=outcome.step)
        return Checked(ref, files, progress, outcome)
    if outcome.step and outcome.was_run:
        undecided = outcome.result is RunResult.UNDECIDED
        workspace.remember_verdict(ref, outcome.step, works=None if undecided else outcome.ok)
    progress = outcome.judge(progress)
    if not outcome.finished:
        return Checked(ref, files, progress, outcome)
    workspace.remember(ref, finished=True)
    differing = tuple(list_changes(checker.trees[-1], files))
    return Checked(ref, files, progress, outcome, differing, course.after(ref))
