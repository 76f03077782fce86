"""A query's filter in normal form: a choice of conjunctions, and a result satisfies at least one of them.

OR and IN become several conjunctions, each of which a scan of its own finds; `!=` and NOT_IN become what an interval
leaves out, so that they stay one scan in the order of the index.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys, values
from datastore_emulator.encoding.keys import KEY, Partition
from datastore_emulator.errors import invalid

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


@dataclass(slots=True)
class Range:
    """An interval of encoded values or keys; None is an open end. `excluded` are left out of it."""

    low: bytes | None = None
    high: bytes | None = None
    low_included: bool = True
    high_included: bool = True
    excluded: frozenset[bytes] = frozenset()

    def above(self, bound: bytes, included: bool) -> None:
        """Narrow the interval from below."""
        if self.low is None or bound > self.low or (bound == self.low and not included):
            self.low, self.low_included = bound, included

    def below(self, bound: bytes, included: bool) -> None:
        """Narrow the interval from above."""
        if self.high is None or bound < self.high or (bound == self.high and not included):
            self.high, self.high_included = bound, included

    def __bool__(self) -> bool:
        return self.low is not None or self.high is not None or bool(self.excluded)

    def __contains__(self, value: bytes) -> bool:
        return (
            (self.low is None or value > self.low or (self.low_included and value == self.low))
            and (self.high is None or value < self.high or (self.high_included and value == self.high))
            and value not in self.excluded
        )


@dataclass(slots=True)
class Conjunction:
    """What all must hold at once: `equals` for any one of a property's values, a Range for one value as a whole."""

    equals: list[tuple[str, bytes]] = field(default_factory=list)
    ranges: dict[str, Range] = field(default_factory=dict)
    keys: Range = field(default_factory=Range)
    compares_keys: bool = False
    """Whether `keys` comes from an inequality."""
    ancestor: bytes | None = None


class _Condition(NamedTuple):
    """One filter on one property; those of IN have been taken apart, NOT_IN has several values."""

    name: str
    operator: m.PropertyFilter.Operator.ValueType
    values: tuple[m.Value, ...]


def normalize_filter(condition: m.Filter | None, partition: Partition, kind: str | None) -> list[Conjunction]:
    """Return the conjunctions of a query's filter, one without conditions if there is no filter.

    Raises DatastoreError for a filter that no query may have.
    """
    if condition is None:
        return [Conjunction()]
    _check_combination(condition)
    count = _count(condition)
    if count > _MAX_CONJUNCTIONS:
        raise invalid(
            f"Too many disjunctions after normalization. Result had {count} disjunctions which is more than "
            f"the maximum of {_MAX_CONJUNCTIONS}"
        )
    found: list[Conjunction] = []
    for conditions in _expand(condition):
        conjunction = Conjunction()
        for one in conditions:
            _add(conjunction, one, partition, kind)
        if conjunction not in found:
            found.append(conjunction)
    if len({conjunction.ancestor for conjunction in found}) > 1:
        raise _no_common_ancestor()
    return found


def _no_common_ancestor() -> Exception:
    return invalid("All disjunctions must have a common and unique ancestor constraint.")


def _walk(condition: m.Filter) -> Iterator[m.Filter]:
    todo = [condition]
    while todo:
        one = todo.pop()
        yield one
        todo.extend(one.composite_filter.filters)


def _check_combination(condition: m.Filter) -> None:
    """Raise DatastoreError for operators that may not come together in one query."""
    negative: list[m.PropertyFilter.Operator.ValueType] = []
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
    """Raise DatastoreError if an IN or NOT_IN has not the list that it must have."""
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
    """Return into how many conjunctions the filter will be taken apart."""
    if condition.HasField("property_filter"):
        one = condition.property_filter
        return len(one.value.array_value.values) if one.op == _IN else 1
    counts = [_count(one) for one in condition.composite_filter.filters]
    return sum(counts) if condition.composite_filter.op == _OR else math.prod(counts)


def _expand(condition: m.Filter) -> list[list[_Condition]]:
    """Return the filter as a choice of conjunctions (its disjunctive normal form)."""
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


def _add(conjunction: Conjunction, condition: _Condition, partition: Partition, kind: str | None) -> None:
    name, operator, operands = condition
    if operator == _HAS_ANCESTOR:
        if name != KEY:
            raise invalid(f"property must be {KEY}")
        if operands[0].WhichOneof("value_type") != "key_value":
            raise invalid("HAS_ANCESTOR requires a key value")
    if name == KEY:
        paths = [_encode_key(operand, partition) for operand in operands]
        if operator == _HAS_ANCESTOR:
            if conjunction.ancestor not in (None, paths[0]):
                raise _no_common_ancestor()
            conjunction.ancestor = paths[0]
            conjunction.keys.above(paths[0], included=True)
            conjunction.keys.below(paths[0] + keys.AFTER_DESCENDANTS, included=False)
        else:
            conjunction.compares_keys |= operator != _EQUAL
            _narrow(conjunction.keys, operator, paths)
        return
    if kind is None:
        raise invalid(f"kind is required for filter: {name}")
    encoded = [values.encode(name, operand) for operand in operands]
    if operator != _EQUAL:
        _narrow(conjunction.ranges.setdefault(name, Range()), operator, encoded)
    elif (name, encoded[0]) not in conjunction.equals:
        conjunction.equals.append((name, encoded[0]))


def _narrow(interval: Range, operator: m.PropertyFilter.Operator.ValueType, bounds: list[bytes]) -> None:
    if operator in (_NOT_EQUAL, _NOT_IN):
        interval.excluded |= frozenset(bounds)
    if operator in (_GREATER, _GREATER_OR_EQUAL, _EQUAL):
        interval.above(bounds[0], included=operator != _GREATER)
    if operator in (_LESS, _LESS_OR_EQUAL, _EQUAL):
        interval.below(bounds[0], included=operator != _LESS)


def _encode_key(value: m.Value, partition: Partition) -> bytes:
    if value.WhichOneof("value_type") != "key_value":
        raise invalid(f"{KEY} filter value must be a Key")
    theirs = keys.read_partition(partition.project, partition.database, value.key_value.partition_id)
    if theirs.namespace != partition.namespace:
        raise invalid(f"{KEY} filter namespace is {theirs.namespace} but query namespace is {partition.namespace}")
    return keys.encode_path(value.key_value)
