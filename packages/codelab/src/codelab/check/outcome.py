"""Runs a learner's copy beside START, and compares what visitors see."""

from __future__ import annotations

from collections.abc import Callable, Set
from contextlib import ExitStack
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from codelab.check.cache import find_cache
from codelab.check.checker import Checker
from codelab.check.progress import Progress
from codelab.compare.services import Service
from codelab.readme.course import TrackRef
from codelab.readme.model import Step
from codelab.readme.trees import Tree, read_tree

if TYPE_CHECKING:
    from codelab.compare.session import Session


class RunResult(Enum):
    """The result of running a copy beside START, or the reason for not running it."""

    IN_MID_STEP = "the copy is in the middle of a step, so it was not run"
    NOT_WORKING_YET = "the app does not work yet after the last step done, so it was not run"
    NOT_DEPLOYABLE = "the copy would fail where it is deployed, so it was not run"
    DOES_NOT_RUN = "an app does not start"
    UNDECIDED = "cannot be decided here"
    DIFFERS = "a page differs from START's"
    OTHER_SERVICES = "the output is START's, and the app calls other services than the step's"
    SAME = "the output is START's"


_WAS_RUN = (
    RunResult.DOES_NOT_RUN,
    RunResult.UNDECIDED,
    RunResult.DIFFERS,
    RunResult.OTHER_SERVICES,
    RunResult.SAME,
)


@dataclass(frozen=True)
class Outcome:
    """A result and its details: the scenario and what it found, the app's own error, and how much was compared.

    `step` is the number of the step at whose end the copy was judged, 0 if it is at the end of none. `last` says that
    the copy was compared in all scenarios, as at the end of a track. `passed` is how far a copy came that differs.
    """

    result: RunResult
    scenario: str = ""
    text: str = ""
    error: str | None = None
    scenarios: int = 0
    caches_differ: bool = False
    last: bool = False
    step: int = 0
    passed: int = 0

    @property
    def ok(self) -> bool:
        """True if there is nothing to correct."""
        return self.result in (RunResult.SAME, RunResult.NOT_WORKING_YET)

    @property
    def was_run(self) -> bool:
        """True if the copy was run, or this was tried."""
        return self.result in _WAS_RUN

    @property
    def finished(self) -> bool:
        """True if the codelab is finished."""
        return self.result is RunResult.SAME and self.last

    def judge(self, progress: Progress) -> Progress:
        """Return the progress after what the app has shown: its step is done, or it is the one to do."""
        if self.result is RunResult.SAME:
            return progress.accept(self.step)
        if self.result is RunResult.UNDECIDED:
            return progress.doubt(self.step)
        failed = self.step and not self.ok
        return progress.reject(self.step) if failed and self.step == progress.reached else progress


def will_run(ref: TrackRef, progress: Progress) -> bool:
    """Return whether `run_and_compare` will run the copy: it may be at the end of a step that works."""
    step = _claimed_step(ref, progress)
    return step is not None and step.works and not progress.faults


def run_and_compare(
    checker: Checker,
    progress: Progress,
    *,
    folder: Path | None = None,
    session: Session | None = None,
    on_scenario: Callable[[str], None] = lambda text: None,
) -> Outcome:
    """Run START and the copy if the copy may be at the end of a step that works; compare what visitors see.

    `folder` is the copy, by default the learner's. `session` has the apps of earlier checks. `on_scenario` is
    called before each scenario, with words that say which one runs.
    """
    ref = checker.ref
    step = _claimed_step(ref, progress)
    if step is None:
        return Outcome(RunResult.IN_MID_STEP)
    if progress.faults:
        return Outcome(RunResult.NOT_DEPLOYABLE, step=step.number)
    if not step.works:
        return Outcome(RunResult.NOT_WORKING_YET, step=step.number)
    # Imported here, so that commands that only read files start at once.
    from codelab.compare.session import Session

    with ExitStack() as stack:
        used = session or stack.enter_context(Session())
        outcome = _run(checker, step, folder or ref.copy, used, on_scenario)
        # The text may not show that a later step is done, such as one that reads the cache in another way.
        for later in ref.track.steps[step.number : progress.possible]:
            if outcome.result is RunResult.DIFFERS and later.works and not progress.damage:
                further = _run(checker, later, folder or ref.copy, used, on_scenario, again=True)
                outcome = further if further.ok or further.passed > outcome.passed else outcome
    if outcome.result is RunResult.SAME and not outcome.last and ref.codelab.function:
        tree = read_tree(folder or ref.copy)
        return _ask_function(checker, progress, outcome, tree, ref.codelab.function)
    return outcome


def _ask_function(checker: Checker, progress: Progress, outcome: Outcome, tree: Tree, function: str) -> Outcome:
    """Return the outcome after the function was called by itself, where an app still hides how it answers.

    It is called if the files do not show a step that changes its answers: one that counts as done by what the app has
    shown, or the next one.
    """
    from codelab.compare.function_calls import DEPLOYMENT_FILES, call_functions, find_undone_answer

    number = outcome.step
    after = min(number + 1, progress.possible)
    # The first step is the one that makes a function of the app.
    unsure = [status.step.number for status in progress.steps[1:after] if status.findings]
    state = checker.trees[number]
    served = any(file in state for file in DEPLOYMENT_FILES)
    if not served or not unsure or all(tree.get(file) == text for file, text in state.items()):
        return outcome
    first = min(unsure)
    called = call_functions([*checker.trees[first - 1 : after + 1], tree], function)
    if called is None:
        return outcome
    *states, mine = called
    for at in unsure:
        undone = find_undone_answer(mine, states[at - first], states[at - first + 1])
        if undone and at <= number:
            return Outcome(RunResult.DIFFERS, "calls of the function", undone, step=at)
        if undone == "" and at > number:
            return replace(outcome, step=at)
    return outcome


def _run(
    checker: Checker,
    step: Step,
    folder: Path,
    session: Session,
    on_scenario: Callable[[str], None],
    *,
    again: bool = False,
) -> Outcome:
    from codelab.compare.comparison import ComparedFolder
    from codelab.compare.scenario import select
    from codelab.compare.scenarios import SCENARIOS

    ref, number = checker.ref, step.number
    last = step is ref.track.steps[-1]
    start = ComparedFolder("START", ref.start, find_cache(checker.trees[0]))
    tree = read_tree(folder) if folder.is_dir() else {}
    yours = ComparedFolder("your copy", folder, find_cache(checker.trees[number]), checker.redis_names(tree))
    scenarios = select(SCENARIOS, cache=yours.cache, quick_only=not last)
    if checker.waits_for_redis(tree):
        # A remark says so. To watch it would take minutes.
        scenarios = tuple(one for one in scenarios if not one.needs_time_outs)
    found = session.compare(start, yours, ref.codelab.function, scenarios, on_scenario, again=again)
    if found.undecided:
        return Outcome(RunResult.UNDECIDED, text=found.not_running, step=number)
    if found.not_running:
        return Outcome(RunResult.DOES_NOT_RUN, text=found.not_running, error=found.error, step=number)
    if difference := found.difference:
        if difference.undecided:
            return Outcome(RunResult.UNDECIDED, text=difference.text, step=number)
        text = difference.text
        if difference.only_addresses and (reason := checker.explain_addresses(tree, number)):
            text = f"{text}; {reason}"
        passed = next((at for at, one in enumerate(SCENARIOS) if one.title == difference.scenario), 0)
        return Outcome(RunResult.DIFFERS, difference.scenario, text, difference.error, step=number, passed=passed)
    if problem := _compare_services(checker, number, found.called):
        return Outcome(RunResult.OTHER_SERVICES, text=problem, step=number)
    differ = start.cache != yours.cache
    return Outcome(RunResult.SAME, scenarios=len(scenarios), caches_differ=differ, last=last, step=number)


def _compare_services(checker: Checker, number: int, called: Set[Service]) -> str | None:
    """Return what is wrong with the services that the copy has called, if anything is."""
    still = sorted(service.value for service in called & checker.services_left(number))
    never = sorted(service.value for service in checker.services(number) - called)
    parts = [
        *(f"it still calls {service}, which the codelab has left by step {number}" for service in still),
        *(f"it never calls {service}, which the codelab uses from here on" for service in never),
    ]
    return "; ".join(parts) or None


def _claimed_step(ref: TrackRef, progress: Progress) -> Step | None:
    """Return the step that the copy may be at the end of; None in the middle of one, and if files are damaged."""
    if progress.damage or not progress.claimed:
        return None
    later = progress.steps[progress.claimed :]
    return None if any(status.begun for status in later) else ref.track.steps[progress.claimed - 1]
