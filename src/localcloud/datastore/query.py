"""The normal form of a Query message: what it asks for, checked, with its total order spelled out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from localcloud.datastore import keys, values
from localcloud.datastore import messages as m
from localcloud.datastore.errors import invalid, unimplemented
from localcloud.datastore.keys import Partition

KEY = "__key__"

_AND = 1
_OR = 2
_LESS, _LESS_OR_EQUAL, _GREATER, _GREATER_OR_EQUAL, _EQUAL, _HAS_ANCESTOR = 1, 2, 3, 4, 5, 11
_UNWRITTEN = {
    6: "The filter operator IN",
    9: "The filter operator NOT_EQUAL",
    13: "The filter operator NOT_IN",
}
_DESCENDING = 2


@dataclass(slots=True)
class Range:
    """An interval of encoded values or keys; None is an open end."""

    low: bytes | None = None
    high: bytes | None = None
    low_included: bool = True
    high_included: bool = True

    def above(self, bound: bytes, included: bool) -> None:
        """Narrow the interval from below."""
        if self.low is None or bound > self.low or (bound == self.low and not included):
            self.low, self.low_included = bound, included

    def below(self, bound: bytes, included: bool) -> None:
        """Narrow the interval from above."""
        if self.high is None or bound < self.high or (bound == self.high and not included):
            self.high, self.high_included = bound, included

    def __bool__(self) -> bool:
        return self.low is not None or self.high is not None


class Term(NamedTuple):
    """One step of the order: a property, or KEY."""

    name: str
    descending: bool


@dataclass(slots=True)
class Query:
    """A query in normal form. `kind` is None for a kindless one.

    `terms` is a total order: what was asked for, then what breaks ties, the key among them. `equals` hold for any
    one of a property's values; a Range holds for one value as a whole.
    """

    partition: Partition
    kind: str | None
    equals: list[tuple[str, bytes]] = field(default_factory=list)
    ranges: dict[str, Range] = field(default_factory=dict)
    keys: Range = field(default_factory=Range)
    terms: list[Term] = field(default_factory=list)
    keys_only: bool = False
    projection: list[str] = field(default_factory=list)
    distinct: list[str] = field(default_factory=list)
    start: bytes = b""
    end: bytes = b""
    offset: int = 0
    limit: int | None = None

    @property
    def expanded(self) -> bool:
        """Whether an entity gives one result for each combination of its values, rather than one."""
        return bool(self.projection or self.distinct)


def parse(project: str, database: str, request: m.RunQueryRequest) -> Query:
    """Return what the request asks for; DatastoreError for what no query may ask, or this engine does not do."""
    partition = keys.partition_of(project, database, request.partition_id)
    which = request.WhichOneof("query_type")
    if which == "gql_query":
        raise unimplemented("GQL (RunQueryRequest.gql_query)")
    if which is None:
        raise invalid("one of fields Query.query and Query.gql_query must be set")
    if request.HasField("property_mask"):
        raise unimplemented("RunQueryRequest.property_mask")
    if request.HasField("explain_options"):
        raise unimplemented("Query explain (RunQueryRequest.explain_options)")
    message = request.query
    if message.HasField("find_nearest"):
        raise unimplemented("Query.find_nearest")
    if message.offset < 0:
        raise invalid("Offset must be non-negative.")
    if message.limit.value < 0:
        raise invalid("Limit must be non-negative.")
    query = Query(
        partition,
        _kind(message),
        start=message.start_cursor,
        end=message.end_cursor,
        offset=message.offset,
        limit=message.limit.value if message.HasField("limit") else None,
    )
    ancestors: set[bytes] = set()
    for condition in _conditions(message):
        _add_filter(query, condition, ancestors)
    if len(ancestors) > 1:
        raise invalid("All disjunctions must have a common and unique ancestor constraint.")
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
    if name in ("__kind__", "__namespace__", "__property__"):
        raise unimplemented(f"The metadata kind {name}")
    return name


def _conditions(message: m.Query) -> Iterator[m.PropertyFilter]:
    if not message.HasField("filter"):
        return
    todo = [message.filter]
    while todo:
        condition = todo.pop()
        which = condition.WhichOneof("filter_type")
        if which == "property_filter":
            yield condition.property_filter
        elif which == "composite_filter":
            composite = condition.composite_filter
            if composite.op == _OR and len(composite.filters) > 1:
                raise unimplemented("The composite filter OR")
            if composite.op not in (_AND, _OR):
                raise invalid("a composite filter must specify an operator")
            if not composite.filters:
                raise invalid("A composite filter must have at least one sub-filter.")
            todo.extend(composite.filters)
        else:
            raise invalid("A filter must have a type.")


def _add_filter(query: Query, condition: m.PropertyFilter, ancestors: set[bytes]) -> None:
    name = condition.property.name
    operator = condition.op
    keys.check_name("property.name", name)
    if operator in _UNWRITTEN:
        raise unimplemented(_UNWRITTEN[operator])
    if operator not in (_LESS, _LESS_OR_EQUAL, _GREATER, _GREATER_OR_EQUAL, _EQUAL, _HAS_ANCESTOR):
        raise invalid("a property filter must specify an operator")
    if operator == _HAS_ANCESTOR:
        if name != KEY:
            raise invalid(f"property must be {KEY}")
        if condition.value.WhichOneof("value_type") != "key_value":
            raise invalid("HAS_ANCESTOR requires a key value")
    if name == KEY:
        path = _key_filter(query, condition.value)
        if operator == _HAS_ANCESTOR:
            ancestors.add(path)
            query.keys.above(path, included=True)
            query.keys.below(path + keys.AFTER_DESCENDANTS, included=False)
        else:
            _narrow(query.keys, operator, path)
        return
    if query.kind is None:
        raise invalid(f"kind is required for filter: {name}")
    value = values.encode(name, condition.value)
    if operator == _EQUAL:
        if (name, value) not in query.equals:
            query.equals.append((name, value))
    else:
        _narrow(query.ranges.setdefault(name, Range()), operator, value)


def _narrow(interval: Range, operator: int, bound: bytes) -> None:
    if operator in (_GREATER, _GREATER_OR_EQUAL, _EQUAL):
        interval.above(bound, included=operator != _GREATER)
    if operator in (_LESS, _LESS_OR_EQUAL, _EQUAL):
        interval.below(bound, included=operator != _LESS)


def _key_filter(query: Query, value: m.Value) -> bytes:
    if value.WhichOneof("value_type") != "key_value":
        raise invalid(f"{KEY} filter value must be a Key")
    partition = keys.partition_of(query.partition.project, query.partition.database, value.key_value.partition_id)
    if partition.namespace != query.partition.namespace:
        raise invalid(
            f"{KEY} filter namespace is {partition.namespace} but query namespace is {query.partition.namespace}"
        )
    return keys.encode_path(value.key_value)


def _add_projection(query: Query, message: m.Query) -> None:
    equal = {name for name, _ in query.equals}
    names = [projection.property.name for projection in message.projection]
    if len(set(names)) < len(names):
        raise invalid("cannot project a property multiple times")
    query.keys_only = names == [KEY]
    query.projection = [name for name in names if name != KEY]
    query.distinct = [reference.name for reference in message.distinct_on]
    for name in (*names, *query.distinct):
        keys.check_name("property.name", name)
        if name in equal:
            raise invalid("cannot use projection on a property with an equality filter")
        if query.kind is None and name != KEY:
            raise invalid(f"kind is required for projection: {name}")


def _add_order(query: Query, message: m.Query) -> None:
    equal = {name for name, _ in query.equals}
    terms: dict[str, bool] = {}
    descending = False
    for order in message.order:
        name = order.property.name
        keys.check_name("property.name", name)
        if KEY in terms:
            # The key decides alone: nothing is left to order by.
            break
        descending = order.direction == _DESCENDING
        if query.kind is None and (name != KEY or descending):
            raise invalid(f"kind is required for all orders except {KEY} ascending")
        if name not in equal:
            terms.setdefault(name, descending)
    wanted = set(query.distinct)
    leading = list(terms)[: len(wanted)]
    if terms and not wanted.issuperset(leading):
        raise invalid("must specify all group by orderings before any non group by orderings")
    # Ties are broken by what inequalities and projections name, as if an index had those columns too, and last by
    # the key, in the direction of the last order: so does Firestore in Datastore mode (the older Datastore
    # emulator always goes up).
    inequalities = [] if KEY in terms else sorted(query.ranges.keys() - equal)
    for name in (*query.distinct, *inequalities, *query.projection):
        terms.setdefault(name, descending and name in query.ranges)
    terms.setdefault(KEY, descending)
    query.terms = [Term(name, down) for name, down in terms.items()]
