"""How far a step is, as the page shows it: written, runs, same output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codelab.check import Finding, RunResult, StepStatus
from codelab.readme.model import Step
from codelab.web.state import LastOutcome

_RUNS = (RunResult.SAME, RunResult.DIFFERS, RunResult.OTHER_SERVICES)


@dataclass(frozen=True)
class Stage:
    """One of the three things that a step needs: `state` is "yes", "no", "partly", or "open" while it is not known."""

    name: str
    state: str


@dataclass(frozen=True)
class StepView:
    """A step's name for its mark in the list of steps, the words for it, its stages, and what its files miss."""

    mark: str
    words: str
    stages: tuple[Stage, ...]
    findings: tuple[Finding, ...]

    def findings_in(self, file: str) -> list[Finding]:
        """Return what a file misses."""
        return [finding for finding in self.findings if finding.file == file]

    def findings_elsewhere(self, step: Step) -> list[Finding]:
        """Return what is missing in files that no diff of the step is about."""
        shown = files_of(step)
        return [finding for finding in self.findings if finding.file not in shown]


_WORDS = {
    "todo": "",
    "begun": "begun",
    "written": "written",
    "proven": "done, same output",
    "failed": "not right yet",
}


def files_of(step: Step) -> list[str]:
    """Return the files that a step's diffs are about, in their order; of a renamed one the new name."""
    found: dict[str, None] = {}
    for fence in step.diffs:
        old = ""
        for line in fence.text.splitlines():
            if line.startswith("--- "):
                old = line[4:].removeprefix("a/")
            elif line.startswith("+++ "):
                new = line[4:].removeprefix("b/")
                found[old if new == "/dev/null" else new] = None
            elif line.startswith("rename to "):
                found[line[10:]] = None
    return list(found)


def view_step(status: StepStatus | None, last: LastOutcome | None) -> StepView:
    """Return how a step is shown; `status` is None without a copy, and `last` is the outcome of the last check."""
    if status is None:
        return StepView("todo", "", (), ())
    mark = _mark(status)
    # Of a step that is not begun everything is missing, which its diffs say already.
    findings = status.findings if (status.begun and not status.done) else ()
    return StepView(mark, _WORDS[mark], tuple(_stages(status, last)), findings)


def _mark(status: StepStatus) -> str:
    if status.app_works is not None:
        return "proven" if status.app_works else "failed"
    if status.done:
        return "written"
    return "begun" if status.begun or status.doubtful else "todo"


def _stages(status: StepStatus, last: LastOutcome | None) -> Sequence[Stage]:
    written = "yes" if status.done or not status.findings else "partly" if status.begun else "open"
    if not status.step.works:
        return [Stage("Written", written)]
    runs = same = "yes" if status.app_works else "open"
    if last and last.outcome.step == status.step.number and not status.app_works:
        result = last.outcome.result
        runs = "yes" if result in _RUNS else "no" if result is RunResult.DOES_NOT_RUN else "open"
        same = "no" if result in (RunResult.DIFFERS, RunResult.OTHER_SERVICES) else "open"
    return [Stage("Written", written), Stage("Runs", runs), Stage("Same output", same)]
