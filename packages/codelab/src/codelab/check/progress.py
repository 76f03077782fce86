"""Where a learner's copy stands on its track."""

from __future__ import annotations

from dataclasses import dataclass

from codelab.check.findings import Finding
from codelab.check.steps import Judge, Verdict
from codelab.readme.trees import Tree


@dataclass(frozen=True)
class Standing:
    """The verdicts on all steps, and how many are done from the first on without a gap.

    `damage` is what is wrong with files that no step changes.
    """

    verdicts: list[Verdict]
    reached: int
    damage: list[Finding]

    @property
    def pending(self) -> Verdict | None:
        """The first step that is not done; None after the last."""
        return self.verdicts[self.reached] if self.reached < len(self.verdicts) else None

    @property
    def ahead(self) -> list[Verdict]:
        """The steps that are done although an earlier one is not."""
        return [verdict for verdict in self.verdicts[self.reached + 1 :] if verdict.done]

    @property
    def only_style_is_left(self) -> bool:
        """Say whether the last step is at least begun, and all that is missing may be solved in another way."""
        last = self.verdicts[-1]
        missing = [finding for verdict in self.verdicts for finding in verdict.findings]
        return (last.done or last.begun) and not any(finding.firm for finding in missing)

    @property
    def between_steps(self) -> bool:
        """Say whether the copy is what it is after a step: no later one is begun."""
        return not any(verdict.begun for verdict in self.verdicts[self.reached :])


def standing_of(judge: Judge, tree: Tree) -> Standing:
    """Return where a folder with these files stands."""
    verdicts = judge.verdicts(tree)
    undone = (number for number, verdict in enumerate(verdicts) if not verdict.done)
    return Standing(verdicts, next(undone, len(verdicts)), judge.damage(tree))
