"""Runs a learner's copy where it has to work, and says what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from codelab.check.progress import Standing
from codelab.check.steps import Judge
from codelab.readme.course import Place
from codelab.readme.model import Step
from datastore_emulator.errors import UserError


class State(Enum):
    """What running a copy beside START has shown."""

    NOT_NOW = "the copy is in the middle of a step"
    NOT_YET = "the copy is after a step after which the app does not work yet"
    DOES_NOT_RUN = "an app does not start"
    DIFFERS = "a page is not what it has to be"
    SAME = "the output is START's"


@dataclass(frozen=True)
class Outcome:
    """A state and its details: the scenario and what it found, the app's own error, and how much was compared.

    `last` says that the copy was held to what FINISH has to do; with SAME the codelab is finished.
    """

    state: State
    scenario: str = ""
    text: str = ""
    error: str | None = None
    scenarios: int = 0
    caches_differ: bool = False
    last: bool = False

    @property
    def well(self) -> bool:
        return self.state in (State.SAME, State.NOT_YET)

    @property
    def finished(self) -> bool:
        return self.state is State.SAME and self.last


def will_run(place: Place, standing: Standing) -> bool:
    """Say whether the copy is at the end of a step that works."""
    step = _step(place, standing)
    return step is not None and step.works


def rehearse(place: Place, judge: Judge, standing: Standing) -> Outcome:
    """Run START and the copy if the copy is at the end of a step that works; compare what visitors see."""
    step = _step(place, standing)
    if step is None:
        return Outcome(State.NOT_NOW)
    if not step.works:
        return Outcome(State.NOT_YET)
    last = step is place.track.steps[-1]
    # Imported here: what only reads files has to answer at once.
    from codelab.compare.comparison import FIRST_SCENARIOS, Comparison, Site, all_scenarios, cache_of, function_of

    start = Site("START", place.start, cache_of(judge.trees[0]))
    yours = Site("your copy", place.copy, cache_of(judge.trees[step.number]))
    scenarios = all_scenarios(yours.cache) if last else FIRST_SCENARIOS
    comparison = Comparison(start, [yours], function_of(place.codelab))
    try:
        with comparison:
            difference = comparison.first_difference(yours, scenarios)
    except UserError as error:
        return Outcome(State.DOES_NOT_RUN, text=str(error), error=comparison.error_of(yours))
    if difference:
        return Outcome(State.DIFFERS, difference.scenario, difference.text, difference.error)
    return Outcome(State.SAME, scenarios=len(scenarios), caches_differ=start.cache != yours.cache, last=last)


def _step(place: Place, standing: Standing) -> Step | None:
    """Return the step that the copy is at the end of, None in the middle of one or where no step helps."""
    if standing.damage:
        return None
    if standing.pending is None or standing.only_style_is_left:
        return place.track.steps[-1]
    return place.track.steps[standing.reached - 1] if standing.between_steps and standing.reached else None
