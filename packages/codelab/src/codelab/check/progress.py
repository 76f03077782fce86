"""Progress on a track: the status of each step."""

from __future__ import annotations

from dataclasses import dataclass, replace

from codelab.check.findings import Finding
from codelab.readme.model import Step


@dataclass(frozen=True)
class StepStatus:
    """A step and what the files of the copy miss of it; `begun` says that some of it is there.

    `open` says that all it misses may be solved in another way, and that the copy has something in its place: the
    running app decides then. `app_works` is what the app has shown: None if it was not run at this step. `doubtful`
    says that the files have all of it and something else speaks against it: only the app could show that it is done.
    """

    step: Step
    findings: tuple[Finding, ...]
    begun: bool
    open: bool = False
    app_works: bool | None = None
    doubtful: bool = False

    @property
    def style_only(self) -> bool:
        """True if nothing that the step requires is missing."""
        return not any(finding.firm for finding in self.findings)

    @property
    def done(self) -> bool:
        """True if nothing of the step is missing, or the app has shown that the learner's own way is right."""
        return self.app_works if self.app_works is not None else not (self.findings or self.doubtful)

    @property
    def in_own_way(self) -> bool:
        """True if the step is done in another way than the codelab's."""
        return self.done and bool(self.findings)


@dataclass(frozen=True)
class Progress:
    """The status of each step, and how many steps are done from the first on without a gap.

    `damage` is what is wrong with files that no step changes. `faults` is what works here and not where the copy will
    be deployed. `remarks` are what a reviewer would say about the learner's own choices.
    """

    steps: tuple[StepStatus, ...]
    damage: tuple[Finding, ...]
    faults: tuple[Finding, ...] = ()
    remarks: tuple[Finding, ...] = ()

    @property
    def reached(self) -> int:
        """The number of the last step that is done along with all before it; 0 if the first is not done."""
        return next((number for number, status in enumerate(self.steps) if not status.done), len(self.steps))

    @property
    def pending(self) -> StepStatus | None:
        """The first step that is not done; None after the last."""
        return self.steps[self.reached] if self.reached < len(self.steps) else None

    @property
    def ahead(self) -> list[StepStatus]:
        """The steps that are done although an earlier one is not."""
        return [status for status in self.steps[self.reached + 1 :] if status.done]

    @property
    def claimed(self) -> int:
        """The number of the last step that may be done, if the app shows it: one without anything required missing."""
        missing = (
            number
            for number, status in enumerate(self.steps)
            if not (status.done or status.open or (status.doubtful and status.style_only))
        )
        return next(missing, len(self.steps))

    @property
    def in_question(self) -> str:
        """The steps that only the app can show to be done, as in "steps 2 to 4"; "" if there are none."""
        first, last = self.reached + 1, self.claimed
        if first > last:
            return ""
        return f"step {last}" if first == last else f"steps {first} to {last}"

    @property
    def on_hold(self) -> bool:
        """True if something is wrong that has to be corrected before the app can decide about a step."""
        return bool((self.damage or self.faults) and self.in_question)

    @property
    def possible(self) -> int:
        """The number of the last step that nothing required is missing of, nor of those before it."""
        return next((number for number, status in enumerate(self.steps) if not status.style_only), len(self.steps))

    @property
    def between_steps(self) -> bool:
        """True if no step is half done: none after those that are done has been begun."""
        return not any(status.begun for status in self.steps[self.reached :])

    def accept(self, number: int) -> Progress:
        """Return the progress after the app has shown that the steps up to this one are right.

        That says nothing about files that have become wrong since.
        """
        if self.damage or self.faults:
            return self
        steps = (
            replace(status, app_works=True) if status.step.number <= number and status.style_only else status
            for status in self.steps
        )
        return replace(self, steps=tuple(steps))

    def doubt(self, number: int) -> Progress:
        """Return the progress if the files do not show that this step is done, and the app cannot be asked."""
        steps = (
            replace(status, app_works=None, doubtful=True) if status.step.number == number else status
            for status in self.steps
        )
        return replace(self, steps=tuple(steps))

    def reject(self, number: int) -> Progress:
        """Return the progress after the app has failed at this step: it is the one to do."""
        steps = (
            replace(status, app_works=False, begun=True) if status.step.number == number else status
            for status in self.steps
        )
        return replace(self, steps=tuple(steps))
