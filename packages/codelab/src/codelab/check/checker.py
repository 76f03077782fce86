"""Which steps of a track a folder has taken, and what the others still miss."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from codelab.check.facts import (
    Fact,
    Kind,
    UnreadableError,
    file_facts,
    is_style,
    is_there,
    marks_a_step,
    names_called_from_outside,
)
from codelab.check.findings import Finding, findings
from codelab.check.progress import Progress, StepStatus
from codelab.readme.course import TrackRef
from codelab.readme.trees import Tree, step_trees


@dataclass(frozen=True)
class _Change:
    """What a step adds to what the folder says, and what it takes away."""

    before: frozenset[Fact]
    after: frozenset[Fact]

    @property
    def added(self) -> frozenset[Fact]:
        return self.after - self.before

    @property
    def removed(self) -> frozenset[Fact]:
        return self.before - self.after

    def touches(self, file: str) -> bool:
        return any(fact.file == file for fact in self.added | self.removed)

    def is_begun(self, said: frozenset[Fact]) -> bool:
        """Say whether a folder that says all this has some of the change, by what cannot be there for other reasons."""
        return any(marks_a_step(fact) and is_there(fact, said) for fact in self.added) or any(
            marks_a_step(fact) and not is_style(fact) and fact not in said for fact in self.removed
        )


class Checker:
    """Checks folders against the states of a track, by the facts in their files.

    `trees` are START and what it is after each step. Raises ReadmeError if the track's diffs do not apply.
    """

    def __init__(self, ref: TrackRef) -> None:
        self.ref = ref
        # The facts of each file when it was read last: a page asks again and again, and one file changes at a time.
        self._known: dict[str, tuple[str, list[Fact] | UnreadableError]] = {}
        self.trees = step_trees(ref.codelab, ref.track)
        self._called = names_called_from_outside(list(self.trees), "\n".join(ref.codelab.page.commands))
        states = [self._read(tree)[0] for tree in self.trees]
        self._changes = [_Change(before, after) for before, after in pairwise(states)]

    def progress(self, tree: Tree) -> Progress:
        """Return which steps a folder with these files has done, and what the others miss.

        A later step that is done waives what it removes again of an earlier one: a learner who has replaced a line
        twice need not have it in its first form.
        """
        said, broken = self._broken(tree)
        statuses: list[StepStatus] = []
        taken_back: frozenset[Fact] = frozenset()
        brought_back: frozenset[Fact] = frozenset()
        for step, change in reversed(list(zip(self.ref.track.steps, self._changes, strict=True))):
            missing = {fact for fact in change.added - taken_back if not is_there(fact, said)}
            # From what is said, not by `&`, which may take the equal fact of the codelab with its line.
            gone = change.removed - brought_back
            lingering = {fact for fact in said if fact in gone and not is_style(fact)}
            wrong = [finding for file, finding in broken.items() if change.touches(file)]
            found = (
                *wrong,
                *findings(
                    {fact for fact in missing if fact.file not in broken},
                    {fact for fact in lingering if fact.file not in broken},
                    said=said,
                    before=change.before,
                    after=change.after,
                ),
            )
            if not found:
                taken_back |= change.removed
                brought_back |= change.added
            statuses.append(StepStatus(step, found, bool(wrong) or change.is_begun(said)))
        damage = (
            finding for file, finding in broken.items() if not any(change.touches(file) for change in self._changes)
        )
        return Progress(tuple(statuses[::-1]), tuple(damage))

    def _broken(self, tree: Tree) -> tuple[frozenset[Fact], dict[str, Finding]]:
        """Return what the folder says, and what is wrong with files that the codelab always has."""
        said, unreadable = self._read(tree)
        known = {file for state in self.trees for file in state}
        broken = {
            file: Finding(file, error.line, str(error), firm=True)
            for file, error in unreadable.items()
            if file in known
        }
        for file in sorted(set.intersection(*(set(state) for state in self.trees)) - set(tree)):
            broken[file] = Finding(file, 0, "expected this file, found none", firm=True)
        return said, broken

    def _read(self, tree: Tree) -> tuple[frozenset[Fact], dict[str, UnreadableError]]:
        said: list[Fact] = []
        unreadable: dict[str, UnreadableError] = {}
        for file, text in tree.items():
            facts = self._facts(file, text)
            if isinstance(facts, UnreadableError):
                said.append(Fact(file, Kind.FILE, "", file, firm=True))
                unreadable[file] = facts
            else:
                said += facts
        return frozenset(said), unreadable

    def _facts(self, file: str, text: str) -> list[Fact] | UnreadableError:
        """Return what a file says, which is worked out once for each content."""
        known = self._known.get(file)
        if known and known[0] == text and type(known[0]) is type(text):
            return known[1]
        facts: list[Fact] | UnreadableError
        try:
            facts = file_facts(file, text, self._called)
        except UnreadableError as error:
            facts = error
        self._known[file] = text, facts
        return facts
