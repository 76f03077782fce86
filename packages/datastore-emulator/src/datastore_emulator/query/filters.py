"""Bring a query's filter into disjunctive normal form: conjunctions, of which a result satisfies at least one.

OR and IN become several conjunctions, each with a scan of its own. `!=` and NOT_IN become values that an interval
excludes, so that they stay one scan in the order of the index.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys, values
from datastore_emulator.encoding.keys import KEY, Partition
from datastore_emulator.errors import DatastoreError, invalid

_Operator: TypeAlias = "m.PropertyFilter.Operator.ValueType"
_AND, _OR = m.CompositeFilter.AND, m.CompositeFilter.OR
_Op = m.PropertyFilter
_LESS, _LESS_OR_EQUAL = _Op.LESS_THAN, _Op.LESS_THAN_OR_EQUAL
_GREATER, _GREATER_OR_EQUAL = _Op.GREATER_THAN, _Op.GREATER_THAN_OR_EQUAL
_EQUAL, _NOT_EQUAL, _IN, _NOT_IN = _Op.EQUAL, _Op.NOT_EQUAL, _Op.IN, _Op.NOT_IN
_HAS_ANCESTOR = _Op.HAS_ANCESTOR
_OPERATORS = frozenset(
    (_LESS, _LESS_OR_EQUAL, _GREATER, _GREATER_OR_EQUAL, _EQUAL, _NOT_EQUAL, _IN, _NOT_IN, _HAS_ANCESTOR)
)

# https://cloud.google.com/datastore/docs/concepts/queries#limitations_2
_MAX_CONJUNCTIONS = 30
_MAX_IN, _MAX_NOT_IN = 30, 10


@dataclass(frozen=True, slots=True)
class Range:
    """An interval of encoded values or keys without those that are `excluded`; None is an open end."""

    low: bytes | None = None
    high: bytes | None = None
    low_included: bool = True
    high_included: bool = True
    excluded: frozenset[bytes] = frozenset()

    def above(self, bound: bytes, included: bool) -> Range:
        """Return the part of the interval above the bound."""
        if self.low is None or bound > self.low or (bound == self.low and not included):
            return replace(self, low=bound, low_included=included)
        return self

    def below(self, bound: bytes, included: bool) -> Range:
        """Return the part of the interval below the bound."""
        if self.high is None or bound < self.high or (bound == self.high and not included):
            return replace(self, high=bound, high_included=included)
        return self

    def __bool__(self) -> bool:
        return self.low is not None or self.high is not None or bool(self.excluded)

    def __contains__(self, value: bytes) -> bool:
        return (
            (self.low is None or value > self.low or (self.low_included and value == self.low))
            and (self.high is None or value < self.high or (self.high_included and value == self.high))
            and value not in self.excluded
        )


ANY = Range()
"""The interval of all values."""


@dataclass(frozen=True, slots=True)
class Conjunction:
    """Conditions that must all hold.

    Any one of a property's values must satisfy an equality. One and the same value must be in a property's range.
    """

    equals: tuple[tuple[str, bytes], ...] = ()
    ranges: Mapping[str, Range] = field(default_factory=dict)
    keys: Range = ANY
    compares_keys: bool = False
    """Whether `keys` comes from an inequality."""
    ancestor: bytes | None = None


class _Condition(NamedTuple):
    """One filter on one property. An IN has become one condition for each value; a NOT_IN has several values."""

    name: str
    operator: _Operator
    values: tuple[m.Value, ...]


def normalize_filter(condition: m.Filter | None, partition: Partition, kind: str | None) -> tuple[Conjunction, ...]:
    """Return the conjunctions of a query's filter, one without conditions if there is no filter.

    Raises DatastoreError for a filter that no query may have.
    """
    if condition is None:
        return (Conjunction(),)
    _check_combination(condition)
    count = _count(condition)
    if count > _MAX_CONJUNCTIONS:
        raise invalid(
            f"Too many disjunctions after normalization. Result had {count} disjunctions which is more than "
            f"the maximum of {_MAX_CONJUNCTIONS}"
        )
    found: list[Conjunction] = []
    for conditions in _expand(condition):
        conjunction = _join(conditions, partition, kind)
        if conjunction not in found:
            found.append(conjunction)
    if len({conjunction.ancestor for conjunction in found}) > 1:
        raise _no_common_ancestor()
    return tuple(found)


def _no_common_ancestor() -> DatastoreError:
    return invalid("All disjunctions must have a common and unique ancestor constraint.")


def _walk(condition: m.Filter) -> Iterator[m.Filter]:
    todo = [condition]
    while todo:
        one = todo.pop()
        yield one
        todo.extend(one.composite_filter.filters)


def _check_combination(condition: m.Filter) -> None:
    """Raise DatastoreError for operators that may not come together in one query."""
    negative: list[_Operator] = []
    alternatives = False
    for one in _walk(condition):
        if one.HasField("property_filter"):
            operator = one.property_filter.op
            if operator in (_NOT_EQUAL, _NOT_IN):
                negative.append(operator)
            alternatives |= operator == _IN
            _check_list(one.property_filter)
        else:
            composite = one.composite_filter
            alternatives |= composite.op == _OR and len(composite.filters) > 1
    if len(negative) > 1:
        raise invalid("Only a single 'NOT_EQUAL' or 'NOT_IN' is allowed per query.")
    if _NOT_IN in negative and alternatives:
        raise invalid("'NOT_IN' cannot be used in the same query with 'IN' or 'OR'.")


def _check_list(condition: m.PropertyFilter) -> None:
    """Raise DatastoreError if an IN or NOT_IN does not have a list, or one of the wrong length."""
    if condition.op not in (_IN, _NOT_IN):
        return
    word = "IN" if condition.op == _IN else "NOT_IN"
    if condition.value.WhichOneof("value_type") != "array_value":
        raise invalid(f"{word} requires an ArrayValue.")
    count = len(condition.value.array_value.values)
    if not count:
        raise invalid(f"{word} requires an non-empty ArrayValue.")
    if condition.op == _IN and count > _MAX_IN:
        raise invalid(f"IN supports up to {_MAX_IN} values. There are {count} values in the IN filter in your query.")
    if condition.op == _NOT_IN and count > _MAX_NOT_IN:
        raise invalid(f"NOT_IN supports up to {_MAX_NOT_IN} values.")


def _count(condition: m.Filter) -> int:
    """Return how many conjunctions the filter expands to."""
    if condition.HasField("property_filter"):
        one = condition.property_filter
        return len(one.value.array_value.values) if one.op == _IN else 1
    counts = [_count(one) for one in condition.composite_filter.filters]
    return sum(counts) if condition.composite_filter.op == _OR else math.prod(counts)


def _expand(condition: m.Filter) -> list[list[_Condition]]:
    """Return the filter's disjunctive normal form."""
    which = condition.WhichOneof("filter_type")
    if which == "property_filter":
        return _expand_property(condition.property_filter)
    if which != "composite_filter":
        raise invalid("A filter must have a type.")
    composite = condition.composite_filter
    if composite.op not in (_AND, _OR):
        raise invalid("a composite filter must specify an operator")
    if not composite.filters:
        raise invalid("A composite filter must have at least one sub-filter.")
    expanded: list[list[_Condition]] = [[]] if composite.op == _AND else []
    for one in composite.filters:
        further = _expand(one)
        if composite.op == _AND:
            expanded = [[*before, *after] for before in expanded for after in further]
        else:
            expanded += further
    return expanded


def _expand_property(condition: m.PropertyFilter) -> list[list[_Condition]]:
    name, operator, value = condition.property.name, condition.op, condition.value
    keys.check_name("property.name", name)
    if operator not in _OPERATORS:
        raise invalid("a property filter must specify an operator")
    if operator not in (_IN, _NOT_IN):
        return [[_Condition(name, operator, (value,))]]
    listed = tuple(value.array_value.values)
    if operator == _NOT_IN:
        return [[_Condition(name, operator, listed)]]
    return [[_Condition(name, _EQUAL, (one,))] for one in listed]


def _join(conditions: Iterable[_Condition], partition: Partition, kind: str | None) -> Conjunction:
    """Return the conjunction of the conditions."""
    equals: dict[tuple[str, bytes], None] = {}
    ranges: dict[str, Range] = {}
    key_range, compares_keys, ancestor = ANY, False, None
    for name, operator, operands in conditions:
        if operator == _HAS_ANCESTOR:
            path = _encode_ancestor(name, operands[0], partition)
            if ancestor not in (None, path):
                raise _no_common_ancestor()
            ancestor = path
            key_range = key_range.above(path, included=True).below(path + keys.AFTER_DESCENDANTS, included=False)
        elif name == KEY:
            compares_keys |= operator != _EQUAL
            key_range = _narrow(key_range, operator, [_encode_key(operand, partition) for operand in operands])
        elif kind is None:
            raise invalid(f"kind is required for filter: {name}")
        else:
            encoded = [values.encode(name, operand) for operand in operands]
            if operator == _EQUAL:
                equals[name, encoded[0]] = None
            else:
                ranges[name] = _narrow(ranges.get(name, ANY), operator, encoded)
    return Conjunction(tuple(equals), ranges, key_range, compares_keys, ancestor)


def _narrow(interval: Range, operator: _Operator, bounds: list[bytes]) -> Range:
    if operator in (_NOT_EQUAL, _NOT_IN):
        return replace(interval, excluded=interval.excluded | frozenset(bounds))
    if operator in (_GREATER, _GREATER_OR_EQUAL, _EQUAL):
        interval = interval.above(bounds[0], included=operator != _GREATER)
    if operator in (_LESS, _LESS_OR_EQUAL, _EQUAL):
        interval = interval.below(bounds[0], included=operator != _LESS)
    return interval


def _encode_ancestor(name: str, value: m.Value, partition: Partition) -> bytes:
    if name != KEY:
        raise invalid(f"property must be {KEY}")
    if value.WhichOneof("value_type") != "key_value":
        raise invalid("HAS_ANCESTOR requires a key value")
    return _encode_key(value, partition)


def _encode_key(value: m.Value, partition: Partition) -> bytes:
    if value.WhichOneof("value_type") != "key_value":
        raise invalid(f"{KEY} filter value must be a Key")
    found = keys.read_partition(partition.project, partition.database, value.key_value.partition_id)
    if found.namespace != partition.namespace:
        raise invalid(f"{KEY} filter namespace is {found.namespace} but query namespace is {partition.namespace}")
    return keys.encode_path(value.key_value)
