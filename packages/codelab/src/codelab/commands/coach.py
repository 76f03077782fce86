"""Tells learners where they stand and what comes next."""

from __future__ import annotations

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from codelab.check.outcome import State, rehearse, will_run
from codelab.check.progress import Standing, standing_of
from codelab.check.steps import Judge
from codelab.errors import CodelabError
from codelab.readme.course import Course, Place
from codelab.readme.model import Step
from codelab.readme.trees import Tree
from codelab.workspace import Workspace, list_changes, make_command


class Coach:
    """The learner's commands that look and tell. Each returns whether what is done so far is right.

    `finished` says that the last check found all of it done.
    """

    def __init__(self, course: Course, workspace: Workspace, console: Console) -> None:
        self._course = course
        self._workspace = workspace
        self._console = console
        self.finished = False

    def start(self, place: Place) -> bool:
        """Make a copy of START to work in."""
        judge = Judge(place.codelab, place.track)
        self._workspace.start(place, judge.trees[0])
        self._workspace.remember(place)
        folder = place.copy.relative_to(place.root)
        self._say(f"{folder} is your copy of {place.codelab.module}/{place.track.start}; edit it there.")
        self._say(f"Run it: .venv/bin/localcloud run {folder}")
        self._announce(place, judge.track.steps[0])
        return True

    def check(self, place: Place, *, run: bool = True) -> bool:
        """Say which step is reached and what the next one misses; run the app where it has to work."""
        judge = Judge(place.codelab, place.track)
        tree = self._workspace.read(place)
        standing = standing_of(judge, tree)
        self._workspace.remember(place)
        self._tell_standing(place, standing)
        if standing.damage:
            return False
        if not run:
            return standing.between_steps and not standing.ahead
        return self._tell_behaviour(place, judge, standing, tree)

    def show(self, place: Place, number: int | None = None) -> bool:
        """Print a step of the codelab, by default the one to do now."""
        step = self._step(place, number)
        if step is None:
            return self._tell_way_on(place)
        self._say(
            f"{place.name}, step {step.number} of {len(place.track.steps)}: {step.title} ({_minutes(step.seconds)})\n"
        )
        self._console.print(Markdown(step.text))
        self._say(f"\nThen: {make_command('check', place)}; if it does not work: {make_command('hint', place)}")
        return True

    def hint(self, place: Place, number: int | None = None) -> bool:
        """Print the hint of a step, by default of the one to do now."""
        step = self._step(place, number)
        if step is None:
            return self._tell_way_on(place)
        self._say(f"{place.name}, step {step.number}, {step.title}:\n")
        self._console.print(Markdown(step.hint))
        return True

    def next(self, place: Place) -> bool:
        """Print what to do now: start, the next step, or the next codelab."""
        if not place.copy.exists():
            self._say(f"{place.name} is not started: {make_command('start', place)}")
            return True
        return self.show(place)

    def list(self) -> bool:
        """Print every codelab with its duration and how far the learner's copy is."""
        table = Table(box=None, pad_edge=False)
        for heading in ("codelab", "from", "to", "time", "yours"):
            table.add_column(heading, no_wrap=True)
        current, finished = self._workspace.current, self._workspace.finished()
        for place in self._course.places():
            mark = "*" if place.name == current else " "
            table.add_row(
                f"{mark} {place.name}",
                place.track.start,
                place.track.finish,
                _minutes(place.track.seconds),
                self._progress(place, finished.get(place.name)),
            )
        self._console.print(table)
        first = self._course.modules[0]
        self._say(f"\n`make start MOD={first}` begins one; * is the one you are at. `make show` prints its next step.")
        return True

    def _progress(self, place: Place, finished: str | None) -> str:
        if finished:
            return f"done {finished}"
        if not place.copy.is_dir():
            return "-"
        try:
            standing = standing_of(Judge(place.codelab, place.track), self._workspace.read(place))
        except CodelabError:
            return "cannot be read"
        return f"step {standing.reached} of {len(standing.verdicts)}"

    def _step(self, place: Place, number: int | None) -> Step | None:
        """Return the step with this number, or without one the first that is not done, if any."""
        steps = place.track.steps
        if number is None:
            pending = standing_of(Judge(place.codelab, place.track), self._workspace.read(place)).pending
            return pending.step if pending else None
        if not 1 <= number <= len(steps):
            raise CodelabError(f"expected a step of {place.name} from 1 to {len(steps)}, found {number}")
        return steps[number - 1]

    def _tell_standing(self, place: Place, standing: Standing) -> None:
        self._say(f"{place.name}: {standing.reached} of {len(standing.verdicts)} steps are done.")
        for verdict in standing.ahead:
            self._say(f"Step {verdict.step.number}, {verdict.step.title}, is done already, before an earlier one.")
        if standing.damage:
            self._say(f"No step changes these, so mend them first; {make_command('diff', place)} TO=work shows how:")
            for finding in standing.damage:
                self._say(f"  {finding}")
        pending = standing.pending
        if pending:
            self._say(f"Step {pending.step.number}, {pending.step.title}, still misses:")
            for finding in pending.findings:
                self._say(f"  {finding}")

    def _tell_behaviour(self, place: Place, judge: Judge, standing: Standing, tree: Tree) -> bool:
        """Run START and the copy if the copy is at the end of a step that works, and tell what visitors see."""
        if will_run(place, standing):
            self._say("Running START and your copy, and sending both the same visitors ...")
        outcome = rehearse(place, judge, standing)
        if outcome.state is State.NOT_NOW:
            self._say(
                "The app is run when a step is complete. "
                f"The text: {make_command('show', place)}; help: {make_command('hint', place)}"
            )
        elif outcome.state is State.NOT_YET:
            self._say("The app does not work yet after this step, as the codelab says.")
        elif outcome.state is State.DOES_NOT_RUN:
            self._say(f"The app does not run: {outcome.text}")
        elif outcome.state is State.DIFFERS:
            self._say(f"The page is not what it has to be. In the scenario “{outcome.scenario}”:")
            self._say(f"  {outcome.text}")
        else:
            but = ", but for the cache" if outcome.caches_differ else ""
            self._say(f"The output is START's{but}, in {outcome.scenarios} scenarios.")
        if outcome.error:
            self._say(f"  {outcome.error}")
        if outcome.finished:
            return self._celebrate(place, judge, standing, tree)
        if outcome.well:
            self._announce(place, place.track.steps[standing.reached])
        elif outcome.state is not State.NOT_NOW:
            self._say(f"A hint: {make_command('hint', place)}")
        return outcome.well

    def _celebrate(self, place: Place, judge: Judge, standing: Standing, tree: Tree) -> bool:
        self.finished = True
        self._workspace.remember(place, finished=True)
        for verdict in standing.verdicts:
            for finding in verdict.findings:
                self._say(f"You went your own way in step {verdict.step.number}: {finding}")
        self._console.print(
            f"\nWell done! {place.name} is finished: {place.track.title}.", style="bold green", soft_wrap=True
        )
        differing = list_changes(judge.trees[-1], tree)
        if differing:
            self._say(
                f"Other than in {place.track.finish} ({make_command('diff', place)} TO=work shows it): "
                f"{'; '.join(differing)}"
            )
        return self._tell_way_on(place)

    def _tell_way_on(self, place: Place) -> bool:
        self._say(f"All steps of {place.name} are done. Deploying it: see {place.codelab.module}/README.md.")
        following = self._course.after(place)
        if following:
            self._say(f"Next: {following.track.title}. {make_command('start', following)}")
        return True

    def _announce(self, place: Place, step: Step) -> None:
        self._say(
            f"Next is step {step.number} of {len(place.track.steps)}, {step.title} ({_minutes(step.seconds)}): "
            f"{make_command('show', place)}"
        )

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _minutes(seconds: int) -> str:
    return f"{round(seconds / 60)} min"
