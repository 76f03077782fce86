"""Run a program on two Datastores and find the first step that they answer differently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.differential.answers import Answer
from tests.differential.differences import Emulator, covering
from tests.differential.program import Program, Step
from tests.differential.store import ProgramRunner


class UnequalAnswersError(AssertionError):
    """The first `step` of a program that was answered differently, after the steps `before` it."""

    def __init__(self, before: Program, step: Step, here: Answer, there: Answer, emulator: Emulator) -> None:
        super().__init__(f"{step}\nis answered\n{here} here, but\n{there} by Google's {emulator} emulator")
        self.before = before
        self.step = step
        self.here = here
        self.there = there


@dataclass(frozen=True)
class StorePair:
    """The embedded engine beside the emulator that `name` is the short name of."""

    name: Emulator
    embedded: ProgramRunner
    emulator: ProgramRunner
    steps: Counter[str] = field(default_factory=Counter)
    """How many steps were "compared", and how many "left out"."""

    def check(self, program: Program) -> None:
        """Raise UnequalAnswersError unless both answer alike; steps with a declared difference are left out."""
        kept: list[Step] = []
        for step in program:
            left_out = covering(self.name, tuple(kept), step)
            self.steps["left out" if left_out else "compared"] += 1
            if not left_out:
                kept.append(step)
        for number, (step, here, there) in enumerate(self.answers(tuple(kept))):
            if here != there:
                raise UnequalAnswersError(tuple(kept[:number]), step, here, there, self.name)

    def answers(self, program: Program) -> Iterator[tuple[Step, Answer, Answer]]:
        """Yield each step with both answers."""
        with self.embedded as embedded, self.emulator as emulator:
            for step in program:
                yield step, embedded.run(step), emulator.run(step)
