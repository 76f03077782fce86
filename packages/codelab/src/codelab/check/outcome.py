"""Runs a learner's copy beside START, and compares what visitors see."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from codelab.check.cache import find_cache
from codelab.check.checker import Checker
from codelab.check.progress import Progress
from codelab.readme.course import TrackRef
from codelab.readme.model import Step
from datastore_emulator.errors import UserError


class RunResult(Enum):
    """The result of running a copy beside START, or the reason for not running it."""

    IN_MID_STEP = "the copy is in the middle of a step, so it was not run"
    NOT_WORKING_YET = "the app does not work yet after the last step done, so it was not run"
    DOES_NOT_RUN = "an app does not start"
    DIFFERS = "a page differs from START's"
    SAME = "the output is START's"


@dataclass(frozen=True)
class Outcome:
    """A result and its details: the scenario and what it found, the app's own error, and how much was compared.

    `last` says that the copy was compared in all scenarios, as at the end of a track.
    """

    result: RunResult
    scenario: str = ""
    text: str = ""
    error: str | None = None
    scenarios: int = 0
    caches_differ: bool = False
    last: bool = False

    @property
    def ok(self) -> bool:
        """True if there is nothing to correct."""
        return self.result in (RunResult.SAME, RunResult.NOT_WORKING_YET)

    @property
    def finished(self) -> bool:
        """True if the codelab is finished."""
        return self.result is RunResult.SAME and self.last


def will_run(ref: TrackRef, progress: Progress) -> bool:
    """Return whether `run_and_compare` will run the copy: it is at the end of a step that works."""
    step = _completed_step(ref, progress)
    return step is not None and step.works


def run_and_compare(checker: Checker, progress: Progress) -> Outcome:
    """Run START and the copy if the copy is at the end of a step that works; compare what visitors see."""
    ref = checker.ref
    step = _completed_step(ref, progress)
    if step is None:
        return Outcome(RunResult.IN_MID_STEP)
    if not step.works:
        return Outcome(RunResult.NOT_WORKING_YET)
    last = step is ref.track.steps[-1]
    # Imported here, so that commands that only read files start at once.
    from codelab.compare.comparison import ComparedFolder, Comparison
    from codelab.compare.scenario import select
    from codelab.compare.scenarios import SCENARIOS

    start = ComparedFolder("START", ref.start, find_cache(checker.trees[0]))
    yours = ComparedFolder("your copy", ref.copy, find_cache(checker.trees[step.number]))
    scenarios = select(SCENARIOS, cache=yours.cache, quick_only=not last)
    comparison = Comparison(start, [yours], ref.codelab.function)
    try:
        with comparison:
            difference = comparison.first_difference(yours, scenarios)
    except UserError as error:
        return Outcome(RunResult.DOES_NOT_RUN, text=str(error), error=comparison.error_of(yours))
    if difference:
        return Outcome(RunResult.DIFFERS, difference.scenario, difference.text, difference.error)
    return Outcome(RunResult.SAME, scenarios=len(scenarios), caches_differ=start.cache != yours.cache, last=last)


def _completed_step(ref: TrackRef, progress: Progress) -> Step | None:
    """Return the step that the copy is at the end of; None in the middle of one, and if files are damaged."""
    if progress.damage:
        return None
    if progress.pending is None or progress.only_style_is_left:
        return ref.track.steps[-1]
    return ref.track.steps[progress.reached - 1] if progress.between_steps and progress.reached else None
