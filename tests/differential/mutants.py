"""Broken engines for the comparison, and a check that it found what is broken in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from datastore_emulator.engine import Engine
from tests.datastore.broken_engines import CannotDescend, ForgetsDeletes, IgnoresConflicts, IgnoresRanges
from tests.differential.comparison import StorePair, UnequalAnswersError
from tests.differential.program import Collide, Delete, Mutate, PutNew, Query, Step, Where

_BUGS = ("error INTERNAL", "error UNKNOWN")


def _deletes(step: Step) -> bool:
    return any(
        isinstance(part, Delete | PutNew)
        or (isinstance(part, Mutate) and any(operation == "delete" for operation, _ in part.mutations))
        for part in _parts(step)
    )


def _compares(step: Step) -> bool:
    return any(isinstance(part, Where) and part.operator in ("<", "<=", ">", ">=") for part in _parts(step))


def _descends(step: Step) -> bool:
    return any(isinstance(part, Query) and any(name.startswith("-") for name in part.order) for part in _parts(step))


def _parts(value: Any) -> Iterator[Any]:
    """Yield the step and all that it is made of."""
    if is_dataclass(value):
        yield value
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for one in value:
            yield from _parts(one)


@dataclass(frozen=True)
class Mutant:
    """A broken engine, and whether a step meets what is broken."""

    engine: Callable[[], Engine]
    meets: Callable[[Step], bool]


MUTANTS = {
    "forgets deletes": Mutant(ForgetsDeletes, _deletes),
    "ignores ranges": Mutant(IgnoresRanges, _compares),
    "cannot descend": Mutant(CannotDescend, _descends),
    "ignores conflicts": Mutant(IgnoresConflicts, lambda step: isinstance(step, Collide)),
}


def assert_shows(difference: UnequalAnswersError, mutant: Mutant, pair: StorePair) -> None:
    """Assert that the difference comes from what is broken in the mutant, and that the rest of it works."""
    assert not any(bug in str(difference.here) for bug in _BUGS), f"the mutant fails by itself: {difference}"
    program = (*difference.before, difference.step)
    assert any(map(mutant.meets, program)), f"nothing in the program meets what is broken: {difference}"
    pair.check(tuple(step for step in program if not mutant.meets(step)))
