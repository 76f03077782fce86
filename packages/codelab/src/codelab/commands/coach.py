"""Tells learners where they stand and what comes next."""

from __future__ import annotations

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

from codelab.check import Checker, Progress, RunResult, run_and_compare, will_run
from codelab.errors import CodelabError
from codelab.readme.course import Course, TrackRef
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

    def start(self, place: TrackRef) -> bool:
        """Make a copy of START to work in."""
        checker = Checker(place)
        self._workspace.start(place, checker.trees[0])
        self._workspace.remember(place)
        folder = place.copy.relative_to(place.root)
        self._say(f"{folder} is your copy of {place.codelab.module}/{place.track.start}; edit it there.")
        self._say(f"Run it: .venv/bin/localcloud run {folder}")
        self._announce(place, place.track.steps[0])
        return True

    def check(self, place: TrackRef, *, run: bool = True) -> bool:
        """Say which step is reached and what the next one misses; run the app where it has to work."""
        checker = Checker(place)
        tree = self._workspace.read(place)
        progress = checker.progress(tree)
        self._workspace.remember(place)
        self._tell_standing(place, progress)
        if progress.damage:
            return False
        if not run:
            return progress.between_steps and not progress.ahead
        return self._tell_behaviour(place, checker, progress, tree)

    def show(self, place: TrackRef, number: int | None = None) -> bool:
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

    def hint(self, place: TrackRef, number: int | None = None) -> bool:
        """Print the hint of a step, by default of the one to do now."""
        step = self._step(place, number)
        if step is None:
            return self._tell_way_on(place)
        self._say(f"{place.name}, step {step.number}, {step.title}:\n")
        self._console.print(Markdown(step.hint))
        return True

    def next(self, place: TrackRef) -> bool:
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
        for place in self._course.tracks():
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

    def _progress(self, place: TrackRef, finished: str | None) -> str:
        if finished:
            return f"done {finished}"
        if not place.copy.is_dir():
            return "-"
        try:
            progress = Checker(place).progress(self._workspace.read(place))
        except CodelabError:
            return "cannot be read"
        return f"step {progress.reached} of {len(progress.steps)}"

    def _step(self, place: TrackRef, number: int | None) -> Step | None:
        """Return the step with this number, or without one the first that is not done, if any."""
        steps = place.track.steps
        if number is None:
            pending = Checker(place).progress(self._workspace.read(place)).pending
            return pending.step if pending else None
        if not 1 <= number <= len(steps):
            raise CodelabError(f"expected a step of {place.name} from 1 to {len(steps)}, found {number}")
        return steps[number - 1]

    def _tell_standing(self, place: TrackRef, progress: Progress) -> None:
        self._say(f"{place.name}: {progress.reached} of {len(progress.steps)} steps are done.")
        for status in progress.ahead:
            self._say(f"Step {status.step.number}, {status.step.title}, is done already, before an earlier one.")
        if progress.damage:
            self._say(f"No step changes these, so mend them first; {make_command('diff', place)} TO=work shows how:")
            for finding in progress.damage:
                self._say(f"  {finding}")
        pending = progress.pending
        if pending:
            self._say(f"Step {pending.step.number}, {pending.step.title}, still misses:")
            for finding in pending.findings:
                self._say(f"  {finding}")

    def _tell_behaviour(self, place: TrackRef, checker: Checker, progress: Progress, tree: Tree) -> bool:
        """Run START and the copy if the copy is at the end of a step that works, and tell what visitors see."""
        if will_run(place, progress):
            self._say("Running START and your copy, and sending both the same visitors ...")
        outcome = run_and_compare(checker, progress)
        if outcome.result is RunResult.IN_MID_STEP:
            self._say(
                "The app is run when a step is complete. "
                f"The text: {make_command('show', place)}; help: {make_command('hint', place)}"
            )
        elif outcome.result is RunResult.NOT_WORKING_YET:
            self._say("The app does not work yet after this step, as the codelab says.")
        elif outcome.result is RunResult.DOES_NOT_RUN:
            self._say(f"The app does not run: {outcome.text}")
        elif outcome.result is RunResult.DIFFERS:
            self._say(f"The page is not what it has to be. In the scenario “{outcome.scenario}”:")
            self._say(f"  {outcome.text}")
        else:
            but = ", but for the cache" if outcome.caches_differ else ""
            self._say(f"The output is START's{but}, in {outcome.scenarios} scenarios.")
        if outcome.error:
            self._say(f"  {outcome.error}")
        if outcome.finished:
            return self._celebrate(place, checker, progress, tree)
        if outcome.ok:
            self._announce(place, place.track.steps[progress.reached])
        elif outcome.result is not RunResult.IN_MID_STEP:
            self._say(f"A hint: {make_command('hint', place)}")
        return outcome.ok

    def _celebrate(self, place: TrackRef, checker: Checker, progress: Progress, tree: Tree) -> bool:
        self.finished = True
        self._workspace.remember(place, finished=True)
        for status in progress.steps:
            for finding in status.findings:
                self._say(f"You went your own way in step {status.step.number}: {finding}")
        self._console.print(
            f"\nWell done! {place.name} is finished: {place.track.title}.", style="bold green", soft_wrap=True
        )
        differing = list_changes(checker.trees[-1], tree)
        if differing:
            self._say(
                f"Other than in {place.track.finish} ({make_command('diff', place)} TO=work shows it): "
                f"{'; '.join(differing)}"
            )
        return self._tell_way_on(place)

    def _tell_way_on(self, place: TrackRef) -> bool:
        self._say(f"All steps of {place.name} are done. Deploying it: see {place.codelab.module}/README.md.")
        following = self._course.after(place)
        if following:
            self._say(f"Next: {following.track.title}. {make_command('start', following)}")
        return True

    def _announce(self, place: TrackRef, step: Step) -> None:
        self._say(
            f"Next is step {step.number} of {len(place.track.steps)}, {step.title} ({_minutes(step.seconds)}): "
            f"{make_command('show', place)}"
        )

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


def _minutes(seconds: int) -> str:
    return f"{round(seconds / 60)} min"
