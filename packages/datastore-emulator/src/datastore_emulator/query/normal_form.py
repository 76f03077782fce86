"""The normal form of a Query message: what it asks for, checked, with its total order spelled out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys
from datastore_emulator.encoding.keys import KEY, Partition
from datastore_emulator.encoding.masks import PropertyPath
from datastore_emulator.errors import invalid, unimplemented
from datastore_emulator.query.filters import Conjunction, Range, normalize_filter


class Term(NamedTuple):
    """One step of the order: a property, or KEY."""

    name: str
    descending: bool


@dataclass(slots=True)
class NormalQuery:
    """A query in normal form. `kind` is None for a kindless one.

    A result satisfies one of the `branches` at least. `terms` is a total order: what was asked for, then what breaks
    ties, the key among them. `wanted` are the properties, or parts of embedded entities, that a full result is cut
    down to, None for all of them; `aggregated` are those that aggregations need the values of.
    """

    partition: Partition
    kind: str | None
    branches: list[Conjunction]
    terms: list[Term] = field(default_factory=list)
    keys_only: bool = False
    projection: list[str] = field(default_factory=list)
    distinct: list[str] = field(default_factory=list)
    aggregated: list[str] = field(default_factory=list)
    wanted: list[PropertyPath] | None = None
    start: bytes = b""
    end: bytes = b""
    offset: int = 0
    limit: int | None = None

    @property
    def expanded(self) -> bool:
        """Whether an entity gives one result for each combination of its values, rather than one."""
        return bool(self.projection or self.distinct or self.aggregated)

    @property
    def ancestor(self) -> bytes | None:
        """The ancestor that all results have."""
        return self.branches[0].ancestor


def normalize_query(partition: Partition, message: m.Query, aggregated: Iterable[str] = ()) -> NormalQuery:
    """Return what the message asks for; DatastoreError for what no query may ask, or this engine does not do."""
    if message.HasField("find_nearest"):
        raise unimplemented("Query.find_nearest")
    if message.offset < 0:
        raise invalid("Offset must be non-negative.")
    if message.limit.value < 0:
        raise invalid("Limit must be non-negative.")
    kind = _kind(message)
    query = NormalQuery(
        partition,
        kind,
        normalize_filter(message.filter if message.HasField("filter") else None, partition, kind),
        start=message.start_cursor,
        end=message.end_cursor,
        offset=message.offset,
        limit=message.limit.value if message.HasField("limit") else None,
        aggregated=list(dict.fromkeys(aggregated)),
    )
    _add_projection(query, message)
    _add_order(query, message)
    return query


def _kind(message: m.Query) -> str | None:
    if len(message.kind) > 1:
        raise invalid("multiple kinds not supported")
    if not message.kind:
        return None
    name: str = message.kind[0].name
    keys.check_name("kind", name)
    return name


def _add_projection(query: NormalQuery, message: m.Query) -> None:
    equal = {name for branch in query.branches for name, _ in branch.equals}
    names = [projection.property.name for projection in message.projection]
    if len(set(names)) < len(names):
        raise invalid("cannot project a property multiple times")
    query.keys_only = names == [KEY]
    query.projection = [name for name in names if name != KEY]
    query.distinct = [reference.name for reference in message.distinct_on]
    for name in (*names, *query.distinct):
        keys.check_name("property.name", name)
        if name in equal:
            raise invalid("Cannot use projection on a property with an equality filter.")
        if query.kind is None and name != KEY:
            raise invalid(f"kind is required for projection: {name}")
    if query.kind is None and query.aggregated:
        raise invalid(f"kind is required for aggregation: {query.aggregated[0]}")


def _asked_order(query: NormalQuery, message: m.Query, equal: set[str]) -> tuple[dict[str, bool], bool, list[str]]:
    """Return the order that the message asks for, True for descending; its last direction; what it names after the key.

    The key decides alone, so that nothing is left to order by the last.
    """
    terms: dict[str, bool] = {}
    last = False
    after_key: list[str] = []
    for order in message.order:
        name, descending = order.property.name, order.direction == m.PropertyOrder.DESCENDING
        keys.check_name("property.name", name)
        if query.kind is None and (name != KEY or descending):
            raise invalid(f"kind is required for all orders except {KEY} ascending")
        if KEY in terms:
            after_key.append(name)
            continue
        last = descending
        if name not in equal:
            terms.setdefault(name, descending)
    return terms, last, [name for name in after_key if name not in terms and name not in equal]


def _add_order(query: NormalQuery, message: m.Query) -> None:
    equal = _equal_in_all(query.branches)
    ranged = {name for branch in query.branches for name in branch.ranges}
    terms, descending, after_key = _asked_order(query, message, equal)
    wanted = set(query.distinct)
    leading = list(terms)[: len(wanted)]
    if terms and not wanted.issuperset(leading):
        raise invalid("must specify all group by orderings before any non group by orderings")
    # Ties are broken by what inequalities, projections and aggregations name, each sorted, as if an index had those
    # columns too, and last by the key, all in the direction of the last order: so does Firestore in Datastore mode
    # (the older Datastore emulator always goes up).
    inequalities = sorted(ranged - equal)
    if KEY in terms:
        # Nothing is left to order by, but what the query names a result must have, whatever branch finds it.
        for branch in query.branches:
            for name in (*inequalities, *after_key):
                branch.ranges.setdefault(name, Range())
        inequalities = []
    elif any(branch.compares_keys for branch in query.branches):
        inequalities.append(KEY)
    for name in (*query.distinct, *inequalities, *sorted({*query.projection, *query.aggregated})):
        terms.setdefault(name, descending)
    terms.setdefault(KEY, descending)
    query.terms = [Term(name, down) for name, down in terms.items()]
    for branch in query.branches:
        # Where the order counts, an entity stands where the value that was asked for puts it.
        for name, value in branch.equals:
            if name in terms and name not in branch.ranges:
                branch.ranges[name] = Range(value, value)


def _equal_in_all(branches: list[Conjunction]) -> set[str]:
    """Return the properties that have the same values in every result, so that an order by them says nothing."""
    common = set(branches[0].equals).intersection(*(branch.equals for branch in branches[1:]))
    other = {name for branch in branches for name, value in branch.equals if (name, value) not in common}
    return {name for name, _ in common} - other
