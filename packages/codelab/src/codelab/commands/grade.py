"""`codelab grade`: judge a folder anywhere as a track's copy, for teachers and for CI."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codelab.check import Checker, Finding, Outcome, Progress, RunResult, run_and_compare
from codelab.readme.course import TrackRef
from codelab.readme.trees import read_tree

if TYPE_CHECKING:
    from codelab.compare.session import Session


@dataclass(frozen=True)
class Grade:
    """The judgement of a folder; `outcome` is None if it was not to be run."""

    ref: TrackRef
    folder: Path
    progress: Progress
    outcome: Outcome | None

    @property
    def finished(self) -> bool:
        """True if all steps are done: the app has shown it, or without a run the files are the codelab's."""
        if self.outcome is not None:
            return self.outcome.finished
        progress = self.progress
        return progress.reached == len(progress.steps) and not progress.damage

    def as_json(self) -> dict[str, object]:
        """Return the judgement as data for JSON."""
        progress, outcome = self.progress, self.outcome
        return {
            "track": self.ref.name,
            "folder": str(self.folder),
            "finished": self.finished,
            "steps_done": progress.reached,
            "steps": [
                {
                    "number": status.step.number,
                    "title": status.step.title,
                    "done": status.done,
                    "in_own_way": status.in_own_way,
                    "findings": _as_json(status.findings),
                }
                for status in progress.steps
            ],
            "damage": _as_json(progress.damage),
            "faults": _as_json(progress.faults),
            "remarks": _as_json(progress.remarks),
            "run": None
            if outcome is None
            else {
                "result": outcome.result.name.lower().replace("_", "-"),
                "scenario": outcome.scenario or None,
                "text": outcome.text or None,
                "error": outcome.error,
            },
        }


def grade(
    ref: TrackRef,
    folder: Path,
    *,
    run: bool = True,
    checker: Checker | None = None,
    session: Session | None = None,
    on_scenario: Callable[[str], None] = lambda text: None,
) -> Grade:
    """Judge a folder as a copy of this track, from its files and, with `run`, from its app.

    Nothing is written. `checker` is the track's, if the caller has it already, and `session` has the apps of earlier
    checks. `on_scenario` is called with words before each scenario. Raises CodelabError if there is no such folder.
    """
    checker = checker or Checker(ref)
    progress = checker.progress(read_tree(folder))
    if not run:
        return Grade(ref, folder, progress, None)
    outcome = run_and_compare(checker, progress, folder=folder, session=session, on_scenario=on_scenario)
    return Grade(ref, folder, outcome.judge(progress), outcome)


def describe(grade: Grade) -> list[str]:
    """Describe a judgement, one line for each thing to know."""
    progress, outcome = grade.progress, grade.outcome
    lines = [f"{grade.ref.name}: {progress.reached} of {len(progress.steps)} steps are done in {grade.folder}."]
    lines += [f"damaged: {finding}" for finding in progress.damage]
    lines += [f"would fail where it is deployed: {finding}" for finding in progress.faults]
    undecided = outcome is not None and outcome.result is RunResult.UNDECIDED
    if outcome and undecided:
        lines.append(f"{progress.in_question} cannot be decided here: {outcome.text}")
    elif outcome and outcome.result is not RunResult.SAME:
        scenario = f" in the scenario “{outcome.scenario}”" if outcome.scenario else ""
        lines.append(f"the app: {outcome.result.value}{scenario}{': ' if outcome.text else ''}{outcome.text}")
        lines += [outcome.error] if outcome.error else []
    elif outcome is None and progress.in_question:
        lines.append(f"the app decides about {progress.in_question}, and it was not run")
    # Where the app could not be asked, another spelling than the codelab's is no reason against the step.
    if (pending := progress.pending) is not None and not (undecided or progress.on_hold):
        lines += [f"step {pending.step.number} misses: {finding}" for finding in pending.findings]
    for status in progress.steps[: progress.reached]:
        if status.in_own_way:
            lines += [f"step {status.step.number} in an own way: {finding}" for finding in status.findings]
    lines += [f"remark: {finding}" for finding in progress.remarks]
    if grade.finished and outcome is None:
        lines.append("The files have all that the codelab requires. The app was not run.")
    if grade.finished and outcome:
        lines.append(f"Finished: the output is the same as START's in {outcome.scenarios} scenarios.")
    return lines


def _as_json(findings: Iterable[Finding]) -> list[dict[str, object]]:
    return [{"file": finding.file, "line": finding.line, "message": finding.message} for finding in findings]
