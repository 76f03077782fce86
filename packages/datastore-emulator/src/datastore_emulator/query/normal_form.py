"""Check a Query message and bring it into normal form, with its total order spelled out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys
from datastore_emulator.encoding.keys import KEY, Partition
from datastore_emulator.encoding.masks import PropertyPath
from datastore_emulator.errors import invalid, unimplemented
from datastore_emulator.query.filters import ANY, Conjunction, Range, normalize_filter


class Term(NamedTuple):
    """One term of an order: a property, or KEY."""

    name: str
    descending: bool


@dataclass(frozen=True, slots=True)
class NormalQuery:
    """A query in normal form. `kind` is None for a kindless one."""

    partition: Partition
    kind: str | None
    branches: tuple[Conjunction, ...]
    """A result satisfies at least one of them."""
    terms: tuple[Term, ...]
    """A total order: what the query orders by, then what breaks ties, with the key as the last or among them."""
    projection: tuple[str, ...] = ()
    """The properties of a result, without the key; empty for whole entities."""
    keys_only: bool = False
    distinct: tuple[str, ...] = ()
    aggregated: tuple[str, ...] = ()
    """The properties whose values aggregations need."""
    mask: tuple[PropertyPath, ...] | None = None
    """The properties, or parts of embedded entities, that whole entities are cut down to; None for all."""
    start: bytes = b""
    end: bytes = b""
    offset: int = 0
    limit: int | None = None

    @property
    def expanded(self) -> bool:
        """True if an entity gives a result for each combination of its values, rather than one."""
        return bool(self.projection or self.distinct or self.aggregated)

    @property
    def ancestor(self) -> bytes | None:
        """The ancestor that all results have."""
        return self.branches[0].ancestor


def normalize_query(
    partition: Partition,
    message: m.Query,
    *,
    aggregated: Iterable[str] = (),
    mask: Sequence[PropertyPath] | None = None,
) -> NormalQuery:
    """Return the query in normal form; DatastoreError if it is invalid, or this engine does not support it."""
    if message.HasField("find_nearest"):
        raise unimplemented("Query.find_nearest")
    if message.offset < 0:
        raise invalid("Offset must be non-negative.")
    if message.limit.value < 0:
        raise invalid("Limit must be non-negative.")
    kind = _read_kind(message)
    branches = normalize_filter(message.filter if message.HasField("filter") else None, partition, kind)
    projected = tuple(projection.property.name for projection in message.projection)
    distinct = tuple(reference.name for reference in message.distinct_on)
    aggregated = tuple(dict.fromkeys(aggregated))
    _check_projection(kind, branches, projected, distinct)
    if kind is None and aggregated:
        raise invalid(f"kind is required for aggregation: {aggregated[0]}")
    projection = tuple(name for name in projected if name != KEY)
    terms, branches = _complete_order(message, kind, branches, distinct, {*projection, *aggregated})
    return NormalQuery(
        partition,
        kind,
        branches,
        terms,
        projection,
        keys_only=projected == (KEY,),
        distinct=distinct,
        aggregated=aggregated,
        mask=None if mask is None else tuple(mask),
        start=message.start_cursor,
        end=message.end_cursor,
        offset=message.offset,
        limit=message.limit.value if message.HasField("limit") else None,
    )


def _read_kind(message: m.Query) -> str | None:
    if len(message.kind) > 1:
        raise invalid("multiple kinds not supported")
    if not message.kind:
        return None
    name = message.kind[0].name
    keys.check_name("kind", name)
    return name


def _check_projection(
    kind: str | None, branches: Sequence[Conjunction], projected: Sequence[str], distinct: Sequence[str]
) -> None:
    if not projected and not distinct:
        return
    equal = {name for branch in branches for name, _ in branch.equals}
    if len(set(projected)) < len(projected):
        raise invalid("cannot project a property multiple times")
    for name in (*projected, *distinct):
        keys.check_name("property.name", name)
        if name in equal:
            raise invalid("Cannot use projection on a property with an equality filter.")
        if kind is None and name != KEY:
            raise invalid(f"kind is required for projection: {name}")


class _RequestedOrder(NamedTuple):
    """The order in the message up to the key, which decides alone; by name, whether it is descending."""

    terms: dict[str, bool]
    last_descending: bool
    after_key: list[str]
    """Properties that the message names after the key: results need not be ordered by them, but must have them."""


def _read_order(message: m.Query, kind: str | None, equal: set[str]) -> _RequestedOrder:
    terms: dict[str, bool] = {}
    last = False
    after_key: list[str] = []
    for order in message.order:
        name, descending = order.property.name, order.direction == m.PropertyOrder.DESCENDING
        keys.check_name("property.name", name)
        if kind is None and (name != KEY or descending):
            raise invalid(f"kind is required for all orders except {KEY} ascending")
        if KEY in terms:
            after_key.append(name)
            continue
        last = descending
        if name not in equal:
            terms.setdefault(name, descending)
    return _RequestedOrder(terms, last, [name for name in after_key if name not in terms and name not in equal])


def _complete_order(
    message: m.Query,
    kind: str | None,
    branches: tuple[Conjunction, ...],
    distinct: tuple[str, ...],
    required: set[str],
) -> tuple[tuple[Term, ...], tuple[Conjunction, ...]]:
    """Return the total order, and the branches with the ranges that the order adds to them.

    `required` are properties whose values each result must have.
    """
    equal = _equal_in_all(branches)
    terms, descending, after_key = _read_order(message, kind, equal)
    if terms and not set(distinct).issuperset(list(terms)[: len(set(distinct))]):
        raise invalid("must specify all group by orderings before any non group by orderings")
    # Ties are broken by what inequalities, projections and aggregations name, each sorted, as if an index had those
    # columns too, and last by the key, all in the direction of the last order. Firestore in Datastore mode does so
    # (the older Datastore emulator always ascends).
    inequalities = sorted({name for branch in branches for name in branch.ranges} - equal)
    unordered: list[str] = []
    if KEY in terms:
        # Nothing is left to order by, but a result must have what the query names, whatever branch finds it.
        unordered = [*inequalities, *after_key]
        inequalities = []
    elif any(branch.compares_keys for branch in branches):
        inequalities.append(KEY)
    for name in (*distinct, *inequalities, *sorted(required)):
        terms.setdefault(name, descending)
    terms.setdefault(KEY, descending)
    return (
        tuple(Term(name, down) for name, down in terms.items()),
        tuple(_with_ranges(branch, unordered, terms) for branch in branches),
    )


def _with_ranges(branch: Conjunction, unordered: list[str], terms: Iterable[str]) -> Conjunction:
    """Return the branch with a range for each property that a result must have, or that has one value in the order."""
    ranges = dict(branch.ranges)
    for name in unordered:
        ranges.setdefault(name, ANY)
    for name, value in branch.equals:
        # An entity with several values takes the position of the one that the filter names.
        if name in terms:
            ranges.setdefault(name, Range(value, value))
    return replace(branch, ranges=ranges) if len(ranges) > len(branch.ranges) else branch


def _equal_in_all(branches: tuple[Conjunction, ...]) -> set[str]:
    """Return the properties that have the same values in every result, so that an order by them changes nothing."""
    common = set(branches[0].equals).intersection(*(branch.equals for branch in branches[1:]))
    other = {name for branch in branches for name, value in branch.equals if (name, value) not in common}
    return {name for name, _ in common} - other
