"""Parse GQL: from the text of a query and its bindings to a Query message.

https://cloud.google.com/datastore/docs/reference/gql_reference
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from google.protobuf.struct_pb2 import NULL_VALUE

from datastore_emulator import messages as m
from datastore_emulator.encoding.keys import Partition
from datastore_emulator.errors import invalid
from datastore_emulator.query.gql_tokens import BINDING, END, INTEGER
from datastore_emulator.query.gql_values import ValueParser

_Operator: TypeAlias = "m.PropertyFilter.Operator.ValueType"
_Combination: TypeAlias = "m.CompositeFilter.Operator.ValueType"

_COMPARISONS: dict[str, _Operator] = {
    "<": m.PropertyFilter.LESS_THAN,
    "<=": m.PropertyFilter.LESS_THAN_OR_EQUAL,
    ">": m.PropertyFilter.GREATER_THAN,
    ">=": m.PropertyFilter.GREATER_THAN_OR_EQUAL,
    "=": m.PropertyFilter.EQUAL,
    "!=": m.PropertyFilter.NOT_EQUAL,
}
_EXCHANGED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}
_COMPARISONS_FROM_RIGHT = {sign: _COMPARISONS[exchanged] for sign, exchanged in _EXCHANGED.items()}
"""The same for a value on the left and a property on the right."""
_AGGREGATIONS = ("COUNT", "COUNT_UP_TO", "SUM", "AVG")
_Message = TypeVar("_Message")


def parse_query(query: m.GqlQuery, partition: Partition) -> m.Query:
    """Return the query; DatastoreError if the text is not GQL, or a binding is missing."""
    parser = _Parser(query, partition)
    if parser.is_aggregation():
        raise invalid("Aggregations are not supported by RunQuery; use RunAggregationQuery.")
    return _parse_all(parser, parser.query)


def parse_aggregation_query(query: m.GqlQuery, partition: Partition) -> m.AggregationQuery:
    """Return the aggregation query; DatastoreError if the text is not an aggregation query."""
    parser = _Parser(query, partition)
    if not parser.is_aggregation():
        raise invalid("The GQL query has no aggregation; use RunQuery.")
    return _parse_all(parser, parser.aggregation_query)


def _parse_all(parser: _Parser, rule: Callable[[], _Message]) -> _Message:
    """Return what the rule parses; DatastoreError if it does not take the whole text."""
    try:
        parsed = rule()
    except RecursionError as error:
        raise invalid("The GQL query is nested too deeply.") from error
    parser.expect_end()
    return parsed


class _Parser(ValueParser):
    """Parses one query by recursive descent."""

    def is_aggregation(self) -> bool:
        """Return whether the text begins as an aggregation query."""
        tokens = self.tokens
        if tokens.sees("AGGREGATE"):
            return True
        return (
            tokens.sees("SELECT")
            and any(tokens.peek(1).text.upper() == name for name in _AGGREGATIONS)
            and (tokens.peek(2).text == "(")
        )

    def expect_end(self) -> None:
        """Raise DatastoreError if the text is longer."""
        if self.tokens.peek().kind != END:
            raise self.tokens.unexpected("<EOF>")

    def aggregation_query(self) -> m.AggregationQuery:
        tokens = self.tokens
        query = m.AggregationQuery()
        if tokens.accept("AGGREGATE"):
            self._aggregations(query)
            tokens.expect("OVER", "(")
            query.nested_query.CopyFrom(self.query())
            tokens.expect(")")
        else:
            tokens.expect("SELECT")
            self._aggregations(query)
            query.nested_query.SetInParent()
            self._clauses(query.nested_query)
        return query

    def _aggregations(self, query: m.AggregationQuery) -> None:
        for _ in self.items():
            tokens = self.tokens
            name = tokens.take().text.upper()
            aggregation = query.aggregations.add()
            tokens.expect("(")
            if name == "COUNT":
                tokens.expect("*")
                aggregation.count.SetInParent()
            elif name == "COUNT_UP_TO":
                aggregation.count.up_to.value = self._count("limit")
            elif name in ("SUM", "AVG"):
                getattr(aggregation, name.lower()).property.name = self._property()
            else:
                raise tokens.unexpected(", ".join(_AGGREGATIONS))
            tokens.expect(")")
            if tokens.accept("AS"):
                aggregation.alias = self.name()

    def query(self) -> m.Query:
        tokens = self.tokens
        query = m.Query()
        tokens.expect("SELECT")
        if not tokens.accept("*"):
            distinct = tokens.accept("DISTINCT")
            listed = distinct and tokens.accept("ON")
            if listed:
                tokens.expect("(")
                for _ in self.items():
                    query.distinct_on.add().name = self._property()
                tokens.expect(")")
            if not (listed and tokens.accept("*")):
                for _ in self.items():
                    query.projection.add().property.name = self._property()
            if distinct and not listed:
                for projection in query.projection:
                    query.distinct_on.add().name = projection.property.name
        self._clauses(query)
        return query

    def _clauses(self, query: m.Query) -> None:
        tokens = self.tokens
        if tokens.accept("FROM"):
            query.kind.add().name = self.name()
        if tokens.accept("WHERE"):
            query.filter.CopyFrom(self._filter())
        if tokens.accept("ORDER"):
            tokens.expect("BY")
            for _ in self.items():
                order = query.order.add()
                order.property.name = self._property()
                order.direction = m.PropertyOrder.DESCENDING if tokens.accept("DESC") else m.PropertyOrder.ASCENDING
                if order.direction == m.PropertyOrder.ASCENDING:
                    tokens.accept("ASC")
        if tokens.accept("LIMIT"):
            self._limit(query)
        if tokens.accept("OFFSET"):
            self._offset(query)

    def _limit(self, query: m.Query) -> None:
        tokens = self.tokens
        if not tokens.accept("FIRST", "("):
            self._end(query)
            return
        # Both a number of results and a cursor, and the first that is reached ends the query.
        self._end(query)
        tokens.expect(",")
        self._end(query)
        tokens.expect(")")
        if not (query.end_cursor and query.HasField("limit")):
            raise invalid("LIMIT FIRST expects one number and one cursor.")

    def _end(self, query: m.Query) -> None:
        """Parse one end of the results: a cursor, or a number."""
        cursor = self._cursor_binding()
        if cursor is None:
            query.limit.value = self._count("limit")
        else:
            query.end_cursor = cursor

    def _offset(self, query: m.Query) -> None:
        tokens = self.tokens
        binding = self._cursor_binding()
        if binding is None:
            query.offset = self._count("offset")
            return
        query.start_cursor = binding
        if tokens.accept("+") or (tokens.peek().kind == INTEGER and tokens.peek().text.startswith("+")):
            query.offset = self._count("offset")

    def _cursor_binding(self) -> bytes | None:
        token = self.tokens.peek()
        if token.kind != BINDING:
            return None
        parameter = self.binding(token)
        if parameter.WhichOneof("parameter_type") != "cursor":
            return None
        self.tokens.take()
        return bytes(parameter.cursor)

    def _count(self, what: str) -> int:
        value = self.value()
        if value.WhichOneof("value_type") != "integer_value":
            raise invalid(f"The {what} must be an integer.")
        if value.integer_value < 0:
            raise invalid(f"The {what} {value.integer_value} is < 0.")
        if value.integer_value >= 1 << 31:
            raise invalid(f"The {what} {value.integer_value} is too large.")
        return int(value.integer_value)

    def _filter(self) -> m.Filter:
        return self._joined(
            "OR", m.CompositeFilter.OR, lambda: self._joined("AND", m.CompositeFilter.AND, self._condition)
        )

    def _joined(self, word: str, operator: _Combination, part: Callable[[], m.Filter]) -> m.Filter:
        parts = [part()]
        while self.tokens.accept(word):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        joined = m.Filter()
        joined.composite_filter.op = operator
        joined.composite_filter.filters.extend(parts)
        return joined

    def _condition(self) -> m.Filter:
        tokens = self.tokens
        if tokens.accept("("):
            inner = self._filter()
            tokens.expect(")")
            return inner
        condition = m.Filter()
        target = condition.property_filter
        if self.begins_value():
            value = self.value()
            if tokens.accept("HAS", "DESCENDANT"):
                operator = m.PropertyFilter.HAS_ANCESTOR
            elif tokens.accept("IN"):
                operator = m.PropertyFilter.EQUAL
            else:
                operator = self._comparison(_COMPARISONS_FROM_RIGHT)
            target.property.name = self._property()
        else:
            target.property.name = self._property()
            if tokens.accept("IS", "NULL"):
                operator, value = m.PropertyFilter.EQUAL, m.Value(null_value=NULL_VALUE)
            else:
                operator = self._operator()
                value = self.value()
        target.op = operator
        target.value.CopyFrom(value)
        return condition

    def _operator(self) -> _Operator:
        tokens = self.tokens
        if tokens.accept("CONTAINS"):
            return m.PropertyFilter.EQUAL
        if tokens.accept("HAS", "ANCESTOR"):
            return m.PropertyFilter.HAS_ANCESTOR
        if tokens.accept("IN"):
            return m.PropertyFilter.IN
        if tokens.accept("NOT", "IN"):
            return m.PropertyFilter.NOT_IN
        return self._comparison(_COMPARISONS)

    def _comparison(self, operators: dict[str, _Operator]) -> _Operator:
        operator = operators.get(self.tokens.peek().text)
        if operator is None:
            raise self.tokens.unexpected(", ".join(operators))
        self.tokens.take()
        return operator

    def _property(self) -> str:
        names = [self.name()]
        while self.tokens.accept("."):
            names.append(self.name())
        return ".".join(names)
