"""Progress on a track: the status of each step."""

from __future__ import annotations

from dataclasses import dataclass

from codelab.check.findings import Finding
from codelab.readme.model import Step


@dataclass(frozen=True)
class StepStatus:
    """A step and what it still misses; `begun` says that some of it is there."""

    step: Step
    findings: tuple[Finding, ...]
    begun: bool

    @property
    def done(self) -> bool:
        """True if nothing of the step is missing."""
        return not self.findings


@dataclass(frozen=True)
class Progress:
    """The status of each step, and how many steps are done from the first on without a gap.

    `damage` is what is wrong with files that no step changes.
    """

    steps: tuple[StepStatus, ...]
    damage: tuple[Finding, ...]

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
    def only_style_is_left(self) -> bool:
        """True if the last step is at least begun, and all that is missing may be solved in another way."""
        last = self.steps[-1]
        missing = [finding for status in self.steps for finding in status.findings]
        return (last.done or last.begun) and not any(finding.firm for finding in missing)

    @property
    def between_steps(self) -> bool:
        """True if no step is half done: none after those that are done has been begun."""
        return not any(status.begun for status in self.steps[self.reached :])
