"""Aggregate the results of a query, from the indexes alone: count, sum and average."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from google.protobuf.struct_pb2 import NULL_VALUE

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys, values
from datastore_emulator.encoding.damage import DECODE_ERRORS, damaged_entity
from datastore_emulator.encoding.keys import KEY
from datastore_emulator.errors import invalid
from datastore_emulator.query.executor import QueryExecutor

_MAX_AGGREGATIONS = 5
_MIN_INTEGER, _MAX_INTEGER = -(1 << 63), (1 << 63) - 1


class NormalAggregation(NamedTuple):
    """One aggregation: "count", "sum" or "avg", its property, and the number up to which a count counts."""

    alias: str
    operator: str
    name: str = ""
    up_to: int | None = None


def read_aggregations(query: m.AggregationQuery) -> tuple[NormalAggregation, ...]:
    """Return the query's aggregations with their aliases; DatastoreError if one is invalid."""
    messages = query.aggregations
    if not messages:
        raise invalid("Aggregations can not be empty.")
    if len(messages) > _MAX_AGGREGATIONS:
        raise invalid(
            f"The maximum number of aggregations allowed in an aggregation query is {_MAX_AGGREGATIONS}. "
            f"Received: {len(messages)}"
        )
    found: list[NormalAggregation] = []
    unnamed = 0
    for message in messages:
        alias = message.alias
        if not alias:
            unnamed += 1
            alias = f"property_{unnamed}"
        keys.check_name("property.name", alias)
        keys.check_not_reserved("property.name", alias)
        if any(alias == other.alias for other in found):
            raise invalid(f"Aggregation aliases contain duplicate alias: {alias}.")
        found.append(_read_aggregation(alias, message))
    projected = [projection.property.name for projection in query.nested_query.projection]
    if projected == [KEY] and any(one.name for one in found):
        raise invalid("Aggregation over non-key properties is not supported for base query that only returns keys.")
    return tuple(found)


def _read_aggregation(alias: str, message: m.Aggregation) -> NormalAggregation:
    operator = message.WhichOneof("operator")
    if operator is None:
        raise invalid("Operator field in Aggregation is not set.")
    if operator == "count":
        up_to = message.count.up_to.value if message.count.HasField("up_to") else None
        if up_to is not None and up_to < 0:
            raise invalid("The `up_to` value in a COUNT aggregation must be greater than or equal to zero.")
        return NormalAggregation(alias, operator, up_to=up_to)
    name = getattr(message, operator).property.name
    keys.check_name("property.name", name)
    if name == KEY:
        raise invalid(f"Aggregations are not supported for the property: {KEY}")
    return NormalAggregation(alias, operator, name)


def aggregate(executor: QueryExecutor, aggregations: Sequence[NormalAggregation]) -> m.AggregationResult:
    """Return the aggregations of the query's results. The query must have a term for each property that they name.

    An entity without one of those properties does not count, and one with several values counts for each, as in an
    index over those properties.
    """
    names = list(dict.fromkeys(one.name for one in aggregations if one.name))
    sums = {name: _Sum() for name in names}
    count = 0
    if names:
        for row in executor.values(names):
            count += 1
            for name, encoded in zip(names, row, strict=True):
                try:
                    number = values.decode_number(encoded)
                except DECODE_ERRORS as error:
                    raise damaged_entity(b"") from error
                sums[name].add(number)
    else:
        # Only as far as the one that counts furthest.
        limits = [one.up_to for one in aggregations]
        count = executor.count(None if None in limits else max(limit for limit in limits if limit is not None))
    result = m.AggregationResult()
    for one in aggregations:
        value = result.aggregate_properties[one.alias]
        if one.operator == "count":
            value.integer_value = count if one.up_to is None else min(count, one.up_to)
        elif one.operator == "sum":
            sums[one.name].fill_sum(value)
        else:
            sums[one.name].fill_average(value)
    return result


class _Sum:
    """Adds up one property. The sum is an integer as long as all numbers are integers, and it fits 64 bits."""

    def __init__(self) -> None:
        self._integers = 0
        self._doubles: list[float] = []
        self._count = 0

    def add(self, number: int | float | None) -> None:
        """Add a number; None, a value of another type, does not count."""
        if number is None:
            return
        self._count += 1
        if isinstance(number, int):
            self._integers += number
        else:
            self._doubles.append(number)

    def fill_sum(self, value: m.Value) -> None:
        """Write the sum into the value."""
        if not self._doubles and _MIN_INTEGER <= self._integers <= _MAX_INTEGER:
            value.integer_value = self._integers
        else:
            value.double_value = self._total()

    def fill_average(self, value: m.Value) -> None:
        """Write the average into the value, null if there was no number."""
        if self._count:
            value.double_value = self._total() / self._count
        else:
            value.null_value = NULL_VALUE

    def _total(self) -> float:
        if all(map(math.isfinite, self._doubles)):
            return math.fsum([*self._doubles, self._integers])
        return sum(self._doubles) + self._integers
