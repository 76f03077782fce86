"""Where the embedded engine and Google's emulators answer differently, and who is right.

Random programs leave out what is declared here, and nothing else; each difference is shown by a program, and a test
fails when an emulator no longer answers that differently. docs/support.md prints this table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

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
    Ref,
    Step,
    Transaction,
    Where,
)

RANGES = ("<", "<=", ">", ">=", "!=", "NOT_IN")


Emulator = Literal["datastore", "firestore"]
"""Google's Datastore emulator, or its Firestore emulator in Datastore mode."""

Covers = Callable[[Step, Program], bool]


AS_HERE = "as here"


@dataclass(frozen=True)
class Difference:
    """One difference, in the words of docs/support.md."""

    what: str
    here: str
    right: str
    """Who does as the service is documented to do."""
    covers: Covers
    """Whether the step, after those before it, may be answered differently."""
    shown: dict[Emulator, Program]
    """By emulator a program whose last step it answers differently."""
    datastore: str = AS_HERE
    firestore: str = AS_HERE


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


def _asks(condition: Callable[[Query], bool]) -> Covers:
    """Cover the steps that run such a query."""
    return lambda step, _: any(map(condition, queries_in(step)))


def _asks_within(condition: Callable[[Query], bool]) -> Covers:
    """Cover the transactions that run such a query."""
    return lambda step, _: isinstance(step, Transaction | Collide) and any(map(condition, queries_in(step)))


def _pins_key(query: Query) -> bool:
    return any(one.name == "__key__" and one.operator == "=" for one in conditions_in(query.where))


def _goes_past_key(query: Query) -> bool:
    return "__key__" in [name.lstrip("-") for name in query.order[:-1]]


def _pages_past_key(query: Query) -> bool:
    key_first = query.order[-1:] in (("__key__",), ("-__key__",)) or ranged(query) == ["__key__"]
    return query.page is not None and (_goes_past_key(query) or (key_first and bool(query.projection)))


def _ranges_unlike_order(query: Query) -> bool:
    names = ranged(query)
    first = [name.lstrip("-") for name in (*query.order, *query.distinct_on)][:1]
    return len(names) > 1 or bool(names and first and first != names)


def _ends_downwards(query: Query) -> bool:
    last = query.order[-1] if query.order else ""
    return last.startswith("-") and (last != "-__key__" or bool(query.projection))


def _fails_in_the_middle(step: Step, _: Program) -> bool:
    if not isinstance(step, Mutate):
        return False
    return any(operation in ("insert", "update") for operation, _ in step.mutations[1:])


def _holds(value: Any, condition: Callable[[Any], bool]) -> bool:
    """Whether the value, or one within an embedded entity, is such a one."""
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


def _walks_array(step: Step, before: Program) -> bool:
    arrays = _with_arrays((*before, step), lambda array: len(array) > 1)
    return any(_named(query, equal=False) & arrays for query in queries_in(step))


def _walks_empty_array(step: Step, before: Program) -> bool:
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


def _meets_in_a_group_only(step: Step, _: Program) -> bool:
    """Whether the later of two transactions touches an entity group that the earlier has read, but no such entity."""
    if not isinstance(step, Collide) or not step.later_writes:
        return False
    touched = _reads_in_groups(step.later_reads) | _groups(_written(step.later_writes))
    put = {entity.path for entity in written(step.later_writes)}
    return bool(_reads_in_groups(step.earlier_reads) & touched) and not _read(step.earlier_reads) & put


def _writes_what_is_read(step: Step, _: Program) -> bool:
    """Whether the later of two transactions writes what the earlier may have read."""
    if not isinstance(step, Collide):
        return False
    asks = any(isinstance(one, Query) for one in step.earlier_reads)
    later = _written(step.later_writes)
    return bool(later and asks) or bool(later & _read(step.earlier_reads))


def _newer(step: Step, _: Program) -> bool:
    return isinstance(step, Aggregate) or any(
        isinstance(one, Either | Both) or any(part.operator in ("!=", "IN", "NOT_IN") for part in conditions_in((one,)))
        for query in queries_in(step)
        for one in query.where
    )


def _long_key(step: Step, before: Program) -> bool:
    return any(
        sum(len(part.encode()) for part in entity.path if isinstance(part, str)) > 6 * 1024
        for entity in written((*before, step))
    )


THREE = Put(tuple(Entity(("K", number), {"p": 1}) for number in (1, 2, 3)))

DIFFERENCES = (
    Difference(
        what="OR, `IN` of several values, `NOT_IN`, `!=`, aggregations",
        datastore="refused, or fails",
        here="yes",
        right="here",
        covers=_newer,
        shown={"datastore": (THREE, Query(where=(Where("p", "IN", [1, 2]),)))},
    ),
    Difference(
        what="the metadata kinds `__kind__` and `__namespace__`",
        firestore="refused",
        here="yes",
        right="here",
        covers=_asks(lambda query: query.kind in ("__kind__", "__namespace__")),
        shown={"firestore": (THREE, Query("__kind__", keys_only=True))},
    ),
    Difference(
        what="the metadata kind `__property__`",
        firestore="always empty",
        here="yes",
        right="here",
        covers=_asks(lambda query: query.kind == "__property__"),
        shown={"firestore": (THREE, Query("__property__", keys_only=True))},
    ),
    Difference(
        what="a property of empty arrays only, in `__property__`",
        datastore="there, as NULL",
        firestore="(empty)",
        here="not there, as nothing of it is indexed",
        right="here",
        covers=_asks(lambda query: query.kind == "__property__"),
        shown={"datastore": (Put((Entity(("K", 1), {"p": []}),)), Query("__property__", keys_only=True))},
    ),
    Difference(
        what="a key over 6 KiB",
        datastore="accepted",
        firestore="accepted",
        here="refused",
        right="here",
        covers=_long_key,
        shown=dict.fromkeys(("datastore", "firestore"), (Put((Entity(("K", "x" * 1500) * 5),)),)),
    ),
    Difference(
        what="a lookup of more than 1,000 keys",
        datastore="accepted",
        firestore="accepted",
        here="refused",
        right="here",
        covers=lambda step, _: isinstance(step, Get) and len(step.paths) > 1000,
        shown=dict.fromkeys(("datastore", "firestore"), (Get(tuple(("K", number) for number in range(1, 1002))),)),
    ),
    Difference(
        what="ranges on several properties, or an order that does not begin with what is compared",
        datastore="refused",
        here="yes",
        right="here",
        covers=_asks(_ranges_unlike_order),
        shown={"datastore": (Query(where=(Where("p", ">", 1), Where("q", ">", 1))),)},
    ),
    Difference(
        what="an order besides `=` on `__key__`",
        datastore="ignored, and so is whether the entity has the property",
        here="the entity must have the property",
        right="here",
        covers=_asks(lambda query: _pins_key(query) and bool(query.order or query.distinct_on)),
        shown={"datastore": (THREE, Query(where=(Where("__key__", "=", Ref(("K", 1))),), order=("q",)))},
    ),
    Difference(
        what="an order by a property after `__key__`",
        datastore="ignored, and so is whether the entity has the property",
        here="the entity must have the property",
        right="here",
        covers=_asks(_goes_past_key),
        shown={"datastore": (THREE, Query(order=("__key__", "q")))},
    ),
    Difference(
        what="cursors of a query that orders by `__key__` and then, or projects, something else",
        firestore="refused",
        here="yes",
        right="here",
        covers=_asks(_pages_past_key),
        shown={"firestore": (THREE, Query(order=("__key__",), projection=("p",), page=1))},
    ),
    Difference(
        what="what breaks ties after a descending order",
        datastore="the key, ascending",
        here="the key, descending",
        right="here",
        covers=_asks(_ends_downwards),
        shown={"datastore": (THREE, Query(order=("-p",)))},
    ),
    Difference(
        what="a query without an ancestor in a transaction",
        datastore="refused",
        here="yes",
        right="here",
        covers=_asks_within(lambda query: query.ancestor is None),
        shown={"datastore": (Transaction((Query(),)),)},
    ),
    Difference(
        what="a query without a kind in a transaction",
        firestore="fails (UNKNOWN)",
        here="yes",
        right="here",
        covers=_asks_within(lambda query: query.kind is None),
        shown={"firestore": (Transaction((Query(None, ancestor=("K", 1)),)),)},
    ),
    Difference(
        what="the end of a read-only transaction by a commit",
        firestore="refused",
        here="yes",
        right="here",
        covers=lambda step, _: isinstance(step, Transaction) and step.read_only and step.end == "commit",
        shown={"firestore": (Transaction((), read_only=True),)},
    ),
    Difference(
        what="outside a transaction, mutations before one that fails",
        datastore="stay",
        firestore="stay",
        here="none is applied",
        right="both",
        covers=_fails_in_the_middle,
        shown=dict.fromkeys(
            ("datastore", "firestore"), (Mutate((("upsert", Entity(("K", 1))), ("update", Entity(("K", 2))))), Query())
        ),
    ),
    Difference(
        what="an entity with an array, by `!=`, `IN`, a range or an order",
        firestore="once for each value that fits",
        here="once",
        right="here",
        covers=_walks_array,
        shown={"firestore": (Put((Entity(("K", 1), {"p": [1, 2]}),)), Query(where=(Where("p", ">", 0),)))},
    ),
    Difference(
        what="an empty array, to a query",
        datastore="NULL",
        here="not there, as nothing of it is indexed",
        right="here",
        covers=_walks_empty_array,
        shown={"datastore": (Put((Entity(("K", 1), {"p": []}),)), Query(projection=("p",)))},
    ),
    Difference(
        what="a write into the entity group of what another transaction has read, or a read there",
        datastore="that one is aborted",
        here="only what was read itself counts",
        right="both: a database's concurrency mode decides",
        covers=_meets_in_a_group_only,
        shown={
            "datastore": (
                Collide((Get((("K", 1),)),), (), (Put((Entity(("K", 1, "K", 1)),)),), (Put((Entity(("K", 2)),)),)),
            )
        },
    ),
    Difference(
        what="two transactions that have read what both write",
        firestore="the first to commit is aborted",
        here="the first to commit wins",
        right="both: a database's concurrency mode decides",
        covers=_writes_what_is_read,
        shown={
            "firestore": (
                Collide(
                    (Get((("K", 1),)),),
                    (Get((("K", 1),)),),
                    (Put((Entity(("K", 1), {"p": 1}),)),),
                    (Put((Entity(("K", 1), {"p": 2}),)),),
                ),
            )
        },
    ),
    Difference(
        what="sum or average without a kind",
        firestore="yes",
        here="refused",
        right="here",
        covers=lambda step, _: (
            isinstance(step, Aggregate) and step.query.kind is None and any(n for _, n in step.wanted)
        ),
        shown={"firestore": (Aggregate(Query(None), (("sum", "p"),)),)},
    ),
)


def covering(emulator: Emulator, before: Program, step: Step) -> Difference | None:
    """Return the difference by which the emulator may answer the step, after those before it, differently."""
    return next((one for one in DIFFERENCES if emulator in one.shown and one.covers(step, before)), None)
