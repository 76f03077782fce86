"""Prints what a learner's commands return."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.status import Status
from rich.table import Table

from codelab.check import Outcome, Progress, RunResult
from codelab.commands.apply import Applied
from codelab.commands.check import Checked
from codelab.commands.current_step import AllDone
from codelab.commands.deploy import Deployment
from codelab.commands.diff import WORK, StateDiff
from codelab.commands.hint import ShownHint
from codelab.commands.list import CopyState, Listing
from codelab.commands.next import NotStarted
from codelab.commands.reset import ResetPlan
from codelab.commands.show import ShownStep
from codelab.commands.start import Started
from codelab.console import StandardOutput, print_diff, print_markdown
from codelab.invocation import suggest
from codelab.readme.course import TrackRef
from codelab.readme.model import Step
from codelab.workspace import make_command, make_diff_command


class Terminal:
    """Prints to a console, by default standard output."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or StandardOutput()
        self._status: Status | None = None

    def print_started(self, started: Started) -> None:
        """Print where the new copy is, how to run it, and the first step."""
        ref = started.ref
        folder = ref.copy.relative_to(ref.root)
        self._print(f"{folder} is your copy of {ref.codelab.module}/{ref.track.start}. Edit the files there.")
        self._print(f"Run it: {suggest('run', ref.name, side=WORK)}")
        self._print_next_step(ref, started.first_step)

    def print_progress(self, ref: TrackRef, progress: Progress, will_run: bool) -> None:
        """Print how many steps are done and what the next one still needs; if apps will run, only say so."""
        if will_run:
            self._print("Running START and your copy, and sending both the same requests ...")
        else:
            self._print_progress(ref, progress)

    def show_activity(self, text: str) -> None:
        """Show what is being done, in a line of a terminal that is replaced; elsewhere show nothing."""
        if not self.console.is_terminal:
            return
        if self._status is None:
            self._status = self.console.status(text)
            self._status.start()
        self._status.update(text)

    def hide_activity(self) -> None:
        """Remove the line of `show_activity`."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    def print_outcome(self, checked: Checked) -> None:
        """Print what running the copy has shown, and what to do next."""
        ref, outcome, progress = checked.ref, checked.outcome, checked.progress
        if outcome is None or progress.damage:
            return
        if outcome.result is RunResult.IN_MID_STEP:
            show, hint = make_command("show", ref), make_command("hint", ref)
            self._print(f"The app will run when the step is complete. The step: {show}; a hint: {hint}")
            return
        if outcome.was_run:
            self._print_count(ref, progress)
        for line in _describe_outcome(outcome, progress):
            self._print(line)
        if checked.finished:
            self._print_finished(checked)
            return
        self._print_own_ways(progress)
        if outcome.result is RunResult.UNDECIDED:
            return
        if outcome.ok:
            self._print_next_step(ref, ref.track.steps[progress.reached])
            return
        if outcome.was_run:
            self._print_pending(progress)
        self._print(f"A hint: {make_command('hint', ref)}")

    def _print_count(self, ref: TrackRef, progress: Progress) -> None:
        self._print(f"{ref.name}: {progress.reached} of {len(progress.steps)} steps are done.")

    def _print_progress(self, ref: TrackRef, progress: Progress) -> None:
        self._print_count(ref, progress)
        # In the app that has a fault nothing is known to be done.
        for status in () if progress.on_hold else progress.ahead:
            step = status.step
            self._print(f"Step {step.number}, {step.title}, is done already, although an earlier step is not.")
        if progress.damage:
            diff = make_diff_command(ref, ref.track.start, WORK)
            self._print(f"Fix these first, since no step changes them ({diff} shows how):")
            for finding in progress.damage:
                self._print(f"  {finding}")
        if progress.faults:
            self._print("Fix these first, since the app would fail where you deploy it:")
            for finding in progress.faults:
                self._print(f"  {finding}")
        if progress.on_hold:
            self._print(f"Then the app decides about {progress.in_question}.")
        else:
            self._print_pending(progress)

    def _print_pending(self, progress: Progress) -> None:
        if (pending := progress.pending) and pending.findings:
            self._print(f"Step {pending.step.number}, {pending.step.title}, is not complete yet:")
            for finding in pending.findings:
                self._print(f"  {finding}")
        elif pending and pending.app_works is False:
            self._print(f"Step {pending.step.number}, {pending.step.title}, is the one to look at: its app fails.")

    def _print_own_ways(self, progress: Progress) -> None:
        for status in progress.steps[: progress.reached]:
            for finding in status.findings if status.in_own_way else ():
                self._print(f"You solved step {status.step.number} in your own way: {finding}")
        for remark in progress.remarks:
            self._print(f"A reviewer would say: {remark}")

    def print_step(self, found: ShownStep | ShownHint | NotStarted | AllDone) -> None:
        """Print a step, its hint, or what to do in place of a step."""
        ref = found.ref
        if isinstance(found, NotStarted):
            self._print(f"You have not started {ref.name}. Begin: {make_command('start', ref)}")
        elif isinstance(found, AllDone):
            self._print_all_done(ref, found.following)
        elif isinstance(found, ShownHint):
            self._print(f"{ref.name}, step {found.step.number}, {found.step.title}:\n")
            print_markdown(self.console, found.step.hint)
        else:
            step = found.step
            count, minutes = len(ref.track.steps), _minutes(step.seconds)
            self._print(f"{ref.name}, step {step.number} of {count}: {step.title} ({minutes})\n")
            print_markdown(self.console, step.text)
            self._print(f"\nWhen you are done: {make_command('check', ref)}; a hint: {make_command('hint', ref)}")

    def print_applied(self, applied: Applied) -> None:
        """Print which step was done, in which files, and where the learner's own are kept."""
        ref, step = applied.ref, applied.step
        files = ", ".join(applied.files) or "no file"
        self._print(f"Step {step.number}, {step.title}, is done for you in {files}.")
        if applied.kept:
            self._print(f"Your files from before: {applied.kept.relative_to(ref.root)}")
        show, check = suggest("show", ref.name, step=step.number), make_command("check", ref)
        self._print(f"What it changed and why: {show}; then {check}")

    def print_reset_plan(self, plan: ResetPlan) -> None:
        """Print which of the learner's changes a reset would remove."""
        if not plan.lost:
            self._print(f"{plan.ref.name}: nothing to reset, your copy is the same as {_state(plan.number)}.")
            return
        self._print(f"Resetting {plan.ref.name} to {_state(plan.number)} removes these changes of yours:")
        for line in plan.lost:
            self._print(f"  {line}")

    def print_reset(self, plan: ResetPlan, kept: str | None) -> None:
        """Print that the reset was done, and where the old copy is `kept`; with None, that it was not done."""
        if kept is None:
            self._print("Nothing was reset.")
        else:
            self._print(f"Your copy is the same as {_state(plan.number)} now. The old one is kept: {kept}")

    def print_diff(self, found: StateDiff) -> None:
        """Print a diff."""
        if not found.text:
            self._print(f"{found.old} and {found.new} of {found.ref.name} are the same.")
        else:
            print_diff(self.console, found.text)

    def print_listing(self, listing: Listing) -> None:
        """Print all tracks as a table, with the progress in each."""
        table = Table(box=None, pad_edge=False)
        for heading in ("codelab", "from", "to", "time", "yours"):
            table.add_column(heading, no_wrap=True)
        for listed in listing.tracks:
            ref = listed.ref
            table.add_row(
                f"{'*' if listed is listing.current else ' '} {ref.name}",
                ref.track.start,
                ref.track.finish,
                _minutes(ref.track.seconds),
                f"done {listed.finished_on}" if listed.finished_on else _describe_copy(listed.copy),
            )
        self.console.print(table)
        begin = make_command("start", listing.tracks[0].ref)
        self._print(f"\nBegin one with `{begin}`. * is your current codelab; `{suggest('show')}` prints its next step.")

    def print_track_to_run(self, ref: TrackRef, modules: Sequence[str]) -> None:
        """Print which track runs, if the user has named none, and how to run another."""
        others = ", ".join(name for name in modules if name != ref.codelab.module)
        self._print(f"This is {ref.name}. For another module: {suggest('run', 'MODULE')} with one of: {others}")
        self.console.file.flush()  # the local cloud writes next

    def print_deployment(self, deployment: Deployment) -> None:
        """Print the commands of a deployment, each part under a comment."""
        self._print(f"# {deployment.folder}, by {deployment.page}:{deployment.line}")
        self._print("# Once per project, unless it is there already:")
        for command in deployment.before:
            self._print(command)
        self._print("# To deploy:")
        self._print(deployment.deploy)
        if deployment.after:
            self._print("# Afterwards:")
        for command in deployment.after:
            self._print(command)
        self.console.file.flush()  # gcloud writes next

    def _print_finished(self, checked: Checked) -> None:
        ref = checked.ref
        self._print_own_ways(checked.progress)
        text = f"\nWell done! {ref.name} is finished: {ref.track.title}."
        self.console.print(text, style="bold green", soft_wrap=True)
        if checked.differing:
            diff = make_diff_command(ref, ref.track.finish, WORK)
            self._print(f"Your copy differs from {ref.track.finish} ({diff}): {'; '.join(checked.differing)}")
        self._print_all_done(ref, checked.following)

    def _print_all_done(self, ref: TrackRef, following: TrackRef | None) -> None:
        self._print(f"All steps of {ref.name} are done. To deploy it, see {ref.codelab.module}/README.md.")
        if following:
            self._print(f"Next: {following.track.title}. {make_command('start', following)}")

    def _print_next_step(self, ref: TrackRef, step: Step) -> None:
        count, minutes = len(ref.track.steps), _minutes(step.seconds)
        show = make_command("show", ref)
        self._print(f"Next is step {step.number} of {count}, {step.title} ({minutes}): {show}")

    def _print(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)


def _describe_outcome(outcome: Outcome, progress: Progress) -> list[str]:
    if outcome.result is RunResult.NOT_WORKING_YET:
        lines = ["The app does not work yet after this step, so it was not run."]
    elif outcome.result is RunResult.DOES_NOT_RUN:
        lines = [f"Your app does not start: {outcome.text}"]
    elif outcome.result is RunResult.UNDECIDED:
        lines = [f"{progress.in_question.capitalize()} cannot be decided here: {outcome.text}"]
    elif outcome.result is RunResult.DIFFERS:
        lines = [f"Your app's output is wrong in the scenario “{outcome.scenario}”:", f"  {outcome.text}"]
    elif outcome.result is RunResult.OTHER_SERVICES:
        lines = [f"Your app's output is right, but {outcome.text}."]
    elif outcome.result is RunResult.NOT_DEPLOYABLE:
        lines = []
    else:
        cache = ", except for the cache" if outcome.caches_differ else ""
        lines = [f"Your app's output is the same as START's in {outcome.scenarios} scenarios{cache}."]
    return [*lines, f"  {outcome.error}"] if outcome.error else lines


def _describe_copy(copy: CopyState) -> str:
    if copy.problem:
        return "cannot be read"
    return f"step {copy.progress.reached} of {len(copy.progress.steps)}" if copy.progress else "-"


def _state(number: int) -> str:
    return f"step {number}" if number else "START"


def _minutes(seconds: int) -> str:
    return f"{round(seconds / 60)} min"
