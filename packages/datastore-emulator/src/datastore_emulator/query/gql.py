"""GQL: from the text of a query, with its bindings, to the Query message that says the same.

https://cloud.google.com/datastore/docs/reference/gql_reference
"""

from __future__ import annotations

import base64
import binascii
import datetime
from collections.abc import Callable, Iterator
from typing import TypeAlias, TypeVar

from google.protobuf.struct_pb2 import NULL_VALUE

from datastore_emulator import messages as m
from datastore_emulator.encoding.keys import Partition, fill_partition
from datastore_emulator.errors import invalid
from datastore_emulator.query.gql_tokens import BINDING, DOUBLE, END, INTEGER, NAME, STRING, Token, Tokens

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

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def parse_query(query: m.GqlQuery, partition: Partition) -> m.Query:
    """Return the query; DatastoreError if the text is not GQL, or wants a binding that is not there."""
    parser = _Parser(query, partition)
    if parser.is_aggregation():
        raise invalid("Aggregations are not supported by RunQuery; use RunAggregationQuery.")
    return _whole(parser, parser.query)


def parse_aggregation_query(query: m.GqlQuery, partition: Partition) -> m.AggregationQuery:
    """Return the aggregation query; DatastoreError if the text is not one."""
    parser = _Parser(query, partition)
    if not parser.is_aggregation():
        raise invalid("The GQL query has no aggregation; use RunQuery.")
    return _whole(parser, parser.aggregation_query)


def _whole(parser: _Parser, rule: Callable[[], _Message]) -> _Message:
    """Return what the rule makes of the whole text."""
    try:
        parsed = rule()
    except RecursionError as error:
        raise invalid("The GQL query is nested too deeply.") from error
    parser.expect_end()
    return parsed


class _Parser:
    """Reads one text by recursive descent."""

    def __init__(self, query: m.GqlQuery, partition: Partition) -> None:
        self._tokens = Tokens(query.query_string)
        self._literals = query.allow_literals
        self._named = query.named_bindings
        self._positional = query.positional_bindings
        self._partition = partition

    def is_aggregation(self) -> bool:
        """Whether the text begins as an aggregation query."""
        tokens = self._tokens
        if tokens.sees("AGGREGATE"):
            return True
        return (
            tokens.sees("SELECT")
            and any(tokens.peek(1).text.upper() == name for name in _AGGREGATIONS)
            and (tokens.peek(2).text == "(")
        )

    def expect_end(self) -> None:
        """Raise DatastoreError if the text goes on."""
        if self._tokens.peek().kind != END:
            raise self._tokens.unexpected("<EOF>")

    def aggregation_query(self) -> m.AggregationQuery:
        tokens = self._tokens
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
        for _ in self._list():
            tokens = self._tokens
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
                aggregation.alias = self._name()

    def query(self) -> m.Query:
        tokens = self._tokens
        query = m.Query()
        tokens.expect("SELECT")
        if not tokens.accept("*"):
            distinct = tokens.accept("DISTINCT")
            listed = distinct and tokens.accept("ON")
            if listed:
                tokens.expect("(")
                for _ in self._list():
                    query.distinct_on.add().name = self._property()
                tokens.expect(")")
            if not (listed and tokens.accept("*")):
                for _ in self._list():
                    query.projection.add().property.name = self._property()
            if distinct and not listed:
                for projection in query.projection:
                    query.distinct_on.add().name = projection.property.name
        self._clauses(query)
        return query

    def _clauses(self, query: m.Query) -> None:
        tokens = self._tokens
        if tokens.accept("FROM"):
            query.kind.add().name = self._name()
        if tokens.accept("WHERE"):
            query.filter.CopyFrom(self._filter())
        if tokens.accept("ORDER"):
            tokens.expect("BY")
            for _ in self._list():
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
        tokens = self._tokens
        if not tokens.accept("FIRST", "("):
            self._end(query)
            return
        # Whichever comes first: so many results, or a cursor.
        self._end(query)
        tokens.expect(",")
        self._end(query)
        tokens.expect(")")
        if not (query.end_cursor and query.HasField("limit")):
            raise invalid("LIMIT FIRST expects one number and one cursor.")

    def _end(self, query: m.Query) -> None:
        """Read one bound of the results: a cursor, or how many."""
        cursor = self._cursor_binding()
        if cursor is None:
            query.limit.value = self._count("limit")
        else:
            query.end_cursor = cursor

    def _offset(self, query: m.Query) -> None:
        tokens = self._tokens
        binding = self._cursor_binding()
        if binding is None:
            query.offset = self._count("offset")
            return
        query.start_cursor = binding
        if tokens.accept("+") or (tokens.peek().kind == INTEGER and tokens.peek().text.startswith("+")):
            query.offset = self._count("offset")

    def _cursor_binding(self) -> bytes | None:
        token = self._tokens.peek()
        if token.kind != BINDING:
            return None
        parameter = self._binding(token)
        if parameter.WhichOneof("parameter_type") != "cursor":
            return None
        self._tokens.take()
        return bytes(parameter.cursor)

    def _count(self, what: str) -> int:
        value = self._value()
        if value.WhichOneof("value_type") != "integer_value":
            raise invalid(f"Expected an integer as {what}.")
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
        while self._tokens.accept(word):
            parts.append(part())
        if len(parts) == 1:
            return parts[0]
        joined = m.Filter()
        joined.composite_filter.op = operator
        joined.composite_filter.filters.extend(parts)
        return joined

    def _condition(self) -> m.Filter:
        tokens = self._tokens
        if tokens.accept("("):
            inner = self._filter()
            tokens.expect(")")
            return inner
        condition = m.Filter()
        target = condition.property_filter
        if self._begins_value():
            value = self._value()
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
                value = self._value()
        target.op = operator
        target.value.CopyFrom(value)
        return condition

    def _operator(self) -> _Operator:
        tokens = self._tokens
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
        operator = operators.get(self._tokens.peek().text)
        if operator is None:
            raise self._tokens.unexpected(", ".join(operators))
        self._tokens.take()
        return operator

    def _begins_value(self) -> bool:
        token = self._tokens.peek()
        if token.kind in (STRING, INTEGER, DOUBLE, BINDING):
            return True
        word = token.text.upper() if token.kind == NAME else ""
        called = self._tokens.peek(1).text == "("
        return word in ("TRUE", "FALSE", "NULL") or (word in ("KEY", "BLOB", "DATETIME", "ARRAY") and called)

    def _value(self) -> m.Value:
        token = self._tokens.peek()
        if not self._begins_value():
            raise self._tokens.unexpected("a value")
        self._tokens.take()
        if token.kind == BINDING:
            parameter = self._binding(token)
            if parameter.WhichOneof("parameter_type") != "value":
                raise invalid(f"Expected a value, found a cursor in binding: {token.text[1:]}.")
            bound = m.Value()
            bound.CopyFrom(parameter.value)
            return bound
        if not self._literals:
            raise invalid(f"Disallowed literal: {token.text}.")
        return self._literal(token)

    def _literal(self, token: Token) -> m.Value:
        if token.kind == STRING:
            return m.Value(string_value=token.text)
        if token.kind == DOUBLE:
            return m.Value(double_value=float(token.text))
        if token.kind == INTEGER:
            try:
                return m.Value(integer_value=int(token.text))
            except ValueError as error:
                raise invalid(f"The integer {token.text} does not fit 64 bits.") from error
        word = token.text.upper()
        if word == "NULL":
            return m.Value(null_value=NULL_VALUE)
        if word in ("TRUE", "FALSE"):
            return m.Value(boolean_value=word == "TRUE")
        self._tokens.expect("(")
        value = m.Value()
        if word == "KEY":
            self._key(value.key_value)
        elif word == "ARRAY":
            value.array_value.SetInParent()
            for _ in self._list():
                value.array_value.values.append(self._value())
        elif word == "BLOB":
            value.blob_value = _decode_blob(self._string())
        else:
            value.timestamp_value.FromMicroseconds(_decode_time(self._string()))
        self._tokens.expect(")")
        return value

    def _key(self, key: m.Key) -> None:
        fill_partition(key.partition_id, self._partition)
        tokens = self._tokens
        for field in ("project", "namespace"):
            if tokens.accept(field.upper(), "("):
                setattr(key.partition_id, f"{field}_id", self._string())
                tokens.expect(")", ",")
        for _ in self._list():
            element = key.path.add(kind=self._name())
            tokens.expect(",")
            identity = self._value()
            if identity.WhichOneof("value_type") == "integer_value":
                element.id = identity.integer_value
            elif identity.WhichOneof("value_type") == "string_value":
                element.name = identity.string_value
            else:
                raise invalid("Expected an integer or a string as a key's id or name.")

    def _binding(self, token: Token) -> m.GqlQueryParameter:
        name = token.text[1:]
        if name.isdigit():
            # No longer than a count of bindings ever is.
            number = int(name[:10])
            if not 1 <= number <= len(self._positional):
                raise invalid(f"Absent positional binding: {name}.")
            return self._positional[number - 1]
        if name not in self._named:
            raise invalid(f"Absent named binding: {name}.")
        return self._named[name]

    def _list(self) -> Iterator[None]:
        """Come round once for each part of a list with commas."""
        yield
        while self._tokens.accept(","):
            yield

    def _name(self) -> str:
        if not self._tokens.peek().is_name:
            raise self._tokens.unexpected("a name")
        return self._tokens.take().text

    def _property(self) -> str:
        names = [self._name()]
        while self._tokens.accept("."):
            names.append(self._name())
        return ".".join(names)

    def _string(self) -> str:
        if self._tokens.peek().kind != STRING:
            raise self._tokens.unexpected("a string")
        return self._tokens.take().text


def _decode_blob(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise invalid(f'Invalid blob literal "{text}": expected URL-safe base64.') from error


def _decode_time(text: str) -> int:
    try:
        moment = datetime.datetime.fromisoformat(text.replace("Z", "+00:00").replace("z", "+00:00"))
    except ValueError as error:
        raise invalid(
            f'Invalid datetime literal "{text}": expected RFC 3339, as 2013-09-29T09:30:20.00002-08:00.'
        ) from error
    if moment.tzinfo is None:
        raise invalid(f'Invalid datetime literal "{text}": expected an offset from UTC, as Z or -08:00.')
    return (moment - _EPOCH) // datetime.timedelta(microseconds=1)
