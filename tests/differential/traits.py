"""Traits of a step, after the steps before it, by which Datastores may answer it differently."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.differential.program import (
    Aggregate,
    Both,
    Collide,
    Condition,
    Delete,
    Either,
    Entity,
    Get,
    Mutate,
    Path,
    Program,
    Put,
    Query,
    Step,
    Transaction,
    Where,
)

Trait = Callable[[Step, Program], bool]
"""Return whether the step has it, after those before it."""

RANGES = ("<", "<=", ">", ">=", "!=", "NOT_IN")


def written(steps: Program) -> Iterator[Entity]:
    """Yield the entities that the steps write."""
    for step in steps:
        match step:
            case Put():
                yield from step.entities
            case Mutate():
                yield from (entity for _, entity in step.mutations)
            case Transaction():
                yield from written(step.steps)
            case Collide():
                yield from written((*step.later_writes, *step.earlier_writes))


def queries_in(step: Step) -> Iterator[Query]:
    """Yield the queries that a step runs."""
    match step:
        case Query():
            yield step
        case Aggregate():
            yield step.query
        case Transaction():
            yield from (one for one in step.steps if isinstance(one, Query))
        case Collide():
            yield from (one for one in (*step.earlier_reads, *step.later_reads) if isinstance(one, Query))


def conditions_in(conditions: tuple[Condition, ...]) -> Iterator[Where]:
    """Yield the conditions on single properties."""
    for one in conditions:
        if isinstance(one, Where):
            yield one
        else:
            yield from conditions_in(one.conditions)


def ranged(query: Query) -> list[str]:
    """Return what the query compares other than for equality."""
    return list(dict.fromkeys(one.name for one in conditions_in(query.where) if one.operator in RANGES))


def asks(condition: Callable[[Query], bool]) -> Trait:
    """Cover the steps that run such a query."""
    return lambda step, _: any(map(condition, queries_in(step)))


def asks_within(condition: Callable[[Query], bool]) -> Trait:
    """Cover the transactions that run such a query."""
    return lambda step, _: isinstance(step, Transaction | Collide) and any(map(condition, queries_in(step)))


def pins_key(query: Query) -> bool:
    return any(one.name == "__key__" and one.operator == "=" for one in conditions_in(query.where))


def goes_past_key(query: Query) -> bool:
    return "__key__" in [name.lstrip("-") for name in query.order[:-1]]


def pages_past_key(query: Query) -> bool:
    """Return whether the query is read by cursors that hold more than the key and what comes before it in the order."""
    names = ranged(query)
    order = [name.lstrip("-") for name in query.order]
    by_key = "__key__" in order or (not order and names == ["__key__"])
    further = {*names, *query.projection} - {*order, "__key__"}
    return query.page is not None and by_key and (goes_past_key(query) or bool(further))


def orders_equals_first(query: Query) -> bool:
    """Return whether the order has a property with `=` among those of distinct_on."""
    equal = {one.name for one in conditions_in(query.where) if one.operator == "="} - set(query.distinct_on)
    return any(name.lstrip("-") in equal for name in query.order[: len(query.distinct_on)])


def ranges_unlike_order(query: Query) -> bool:
    names = ranged(query)
    first = [name.lstrip("-") for name in (*query.order, *query.distinct_on)][:1]
    return len(names) > 1 or bool(names and first and first != names)


def ends_downwards(query: Query) -> bool:
    last = query.order[-1] if query.order else ""
    return last.startswith("-") and (last != "-__key__" or bool(query.projection))


def fails_in_the_middle(step: Step, _: Program) -> bool:
    if not isinstance(step, Mutate):
        return False
    return any(operation in ("insert", "update") for operation, _ in step.mutations[1:])


def _holds(value: Any, condition: Callable[[Any], bool]) -> bool:
    """Return whether the value, or one within an embedded entity, satisfies the condition."""
    return condition(value) or (isinstance(value, dict) and any(_holds(one, condition) for one in value.values()))


def _with_arrays(steps: Program, condition: Callable[[list[Any]], bool]) -> set[str]:
    """Return the properties that such arrays have been written to."""
    return {
        name
        for entity in written(steps)
        for name, value in entity.properties.items()
        if _holds(value, lambda one: isinstance(one, list) and condition(one))
    }


def _named(query: Query, *, equal: bool) -> set[str]:
    """Return the properties that the query compares or orders by; those that it tests for equality only if `equal`."""
    either = any(isinstance(one, Either) for one in query.where)
    compared = {
        one.name.split(".")[0]
        for one in conditions_in(query.where)
        if equal or either or one.operator in (*RANGES, "IN")
    }
    return compared | {name.lstrip("-") for name in query.order}


def walks_array(step: Step, before: Program) -> bool:
    arrays = _with_arrays((*before, step), lambda array: len(array) > 1)
    return any(_named(query, equal=False) & arrays for query in queries_in(step))


def pages_array(step: Step, before: Program) -> bool:
    """Return whether a query that is read by cursors may walk several values of one property."""
    arrays = _with_arrays((*before, step), lambda array: len(array) > 1)
    return any(query.page is not None and _named(query, equal=False) & arrays for query in queries_in(step))


def walks_empty_array(step: Step, before: Program) -> bool:
    arrays = _with_arrays((*before, step), lambda array: not array)
    return any(
        {*_named(query, equal=True), *query.projection, *query.distinct_on} & arrays for query in queries_in(step)
    )


def _read(steps: Iterable[Get | Query]) -> set[Path]:
    return {path for step in steps if isinstance(step, Get) for path in step.paths}


def _written(steps: Iterable[Put | Delete]) -> set[Path]:
    return {path for step in steps if isinstance(step, Delete) for path in step.paths} | {
        entity.path for entity in written(tuple(steps))
    }


def _groups(paths: Iterable[Path]) -> set[Path]:
    """Return the entity groups of keys: their roots."""
    return {path[:2] for path in paths}


def _reads_in_groups(steps: Iterable[Get | Query]) -> set[Path]:
    return _groups(_read(steps) | {step.ancestor for step in steps if isinstance(step, Query) and step.ancestor})


def meets_in_a_group_only(step: Step, _: Program) -> bool:
    """Return whether the later transaction touches an entity group that the earlier has read, but none of its entities.

    A query without a kind is taken to touch all.
    """
    if not isinstance(step, Collide) or not step.later_writes:
        return False
    if any(query.kind is None for query in queries_in(step)):
        return True
    touched = _reads_in_groups(step.later_reads) | _groups(_written(step.later_writes))
    # Only what it leaves there: to put and delete what was missing changes nothing.
    deleted = {path for one in step.later_writes if isinstance(one, Delete) for path in one.paths}
    put = {entity.path for entity in written(step.later_writes)} - deleted
    return bool(_reads_in_groups(step.earlier_reads) & touched) and not _read(step.earlier_reads) & put


def writes_what_is_read(step: Step, _: Program) -> bool:
    """Return whether the later of two transactions writes what the earlier may have read."""
    if not isinstance(step, Collide):
        return False
    asks = any(isinstance(one, Query) for one in step.earlier_reads)
    later = _written(step.later_writes)
    return bool(later and asks) or bool(later & _read(step.earlier_reads))


def newer(step: Step, _: Program) -> bool:
    return isinstance(step, Aggregate) or any(
        isinstance(one, Either | Both) or any(part.operator in ("!=", "IN", "NOT_IN") for part in conditions_in((one,)))
        for query in queries_in(step)
        for one in query.where
    )


def long_key(step: Step, before: Program) -> bool:
    return any(
        sum(len(part.encode()) for part in entity.path if isinstance(part, str)) > 6 * 1024
        for entity in written((*before, step))
    )
