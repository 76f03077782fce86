"""Engines that are each broken in one way, and a check that a comparison found just that.

Each breaks its way by what it makes of the RPCs' messages, so that the engine itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, TypeVar

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine
from tests.differential.comparison import StorePair, UnequalAnswersError
from tests.differential.program import Collide, Delete, Mutate, PutNew, Query, Step, Where

_Read = TypeVar("_Read", m.LookupRequest, m.RunQueryRequest)
_BUGS = ("error INTERNAL", "error UNKNOWN")


class ForgetsDeletes(Engine):
    """Acknowledges deletes and keeps the entities."""

    def commit(self, request: m.CommitRequest) -> m.CommitResponse:
        """Commit all mutations but the deletes."""
        deletes = [mutation.WhichOneof("operation") == "delete" for mutation in request.mutations]
        kept = m.CommitRequest()
        kept.CopyFrom(request)
        kept.ClearField("mutations")
        kept.mutations.extend(
            mutation for mutation, is_delete in zip(request.mutations, deletes, strict=True) if not is_delete
        )
        response = super().commit(kept)
        results = iter(list(response.mutation_results))
        response.ClearField("mutation_results")
        response.mutation_results.extend(
            m.MutationResult(version=1) if is_delete else next(results) for is_delete in deletes
        )
        return response


class IgnoresRanges(Engine):
    """Runs a query without its inequality filters."""

    def run_query(self, request: m.RunQueryRequest) -> m.RunQueryResponse:
        """Run what is left of the query."""
        changed = m.RunQueryRequest()
        changed.CopyFrom(request)
        if changed.query.HasField("filter") and not _remove_ranges(changed.query.filter):
            changed.query.ClearField("filter")
        return super().run_query(changed)


class CannotDescend(Engine):
    """Sorts everything in ascending order."""

    def run_query(self, request: m.RunQueryRequest) -> m.RunQueryResponse:
        """Run the query with its order turned."""
        changed = m.RunQueryRequest()
        changed.CopyFrom(request)
        for order in changed.query.order:
            order.direction = m.PropertyOrder.ASCENDING
        return super().run_query(changed)


class IgnoresConflicts(Engine):
    """Commits a transaction whatever others have changed since: it reads in a read-only one that began with it."""

    def __init__(self) -> None:
        super().__init__()
        self._readers: dict[bytes, bytes] = {}

    def begin_transaction(self, request: m.BeginTransactionRequest) -> m.BeginTransactionResponse:
        """Begin the transaction, and one that reads for it."""
        response = super().begin_transaction(request)
        reader = m.BeginTransactionRequest()
        reader.CopyFrom(request)
        reader.transaction_options.read_only.SetInParent()
        self._readers[response.transaction] = super().begin_transaction(reader).transaction
        return response

    def lookup(self, request: m.LookupRequest) -> m.LookupResponse:
        """Look up in the transaction that reads."""
        return super().lookup(self._redirected(request))

    def run_query(self, request: m.RunQueryRequest) -> m.RunQueryResponse:
        """Query in the transaction that reads."""
        return super().run_query(self._redirected(request))

    def _redirected(self, request: _Read) -> _Read:
        changed = type(request)()
        changed.CopyFrom(request)
        if request.read_options.transaction:
            changed.read_options.transaction = self._readers[request.read_options.transaction]
        return changed


def _remove_ranges(condition: m.Filter) -> bool:
    """Remove the inequalities from the filter, and return whether anything is left."""
    if condition.HasField("property_filter"):
        return condition.property_filter.op in (m.PropertyFilter.EQUAL, m.PropertyFilter.HAS_ANCESTOR)
    filters = condition.composite_filter.filters
    kept = [one for one in filters if _remove_ranges(one)]
    del filters[:]
    filters.extend(kept)
    return bool(kept)


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
