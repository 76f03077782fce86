"""Runs one program on two Datastores, and tells where their answers part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.differential.answers import Answer
from tests.differential.differences import Emulator, covering
from tests.differential.program import Program, Step
from tests.differential.store import Store


@dataclass(frozen=True)
class Pair:
    """The embedded engine beside the emulator that `name` is the short name of."""

    name: Emulator
    embedded: Store
    emulator: Store
    steps: Counter[str] = field(default_factory=Counter)
    """How many steps were "compared", and how many "left out"."""

    def check(self, program: Program) -> None:
        """Assert that both answer each step alike, but for the declared differences."""
        kept: list[Step] = []
        for step in program:
            left_out = covering(self.name, tuple(kept), step)
            self.steps["left out" if left_out else "compared"] += 1
            if not left_out:
                kept.append(step)
        for step, here, there in self.answers(tuple(kept)):
            assert here == there, f"{step}\nis answered\n{here} here, but\n{there} by Google's {self.name} emulator"

    def answers(self, program: Program) -> Iterator[tuple[Step, Answer, Answer]]:
        """Yield each step with both answers."""
        with self.embedded as embedded, self.emulator as emulator:
            for step in program:
                yield step, embedded.run(step), emulator.run(step)
