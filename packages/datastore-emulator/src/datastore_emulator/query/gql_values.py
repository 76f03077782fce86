"""The values of a GQL query: literals, bindings and names.

https://cloud.google.com/datastore/docs/reference/gql_reference
"""

from __future__ import annotations

import base64
import binascii
import datetime
from collections.abc import Iterator

from google.protobuf.struct_pb2 import NULL_VALUE

from datastore_emulator import messages as m
from datastore_emulator.encoding.keys import Partition, fill_partition
from datastore_emulator.errors import invalid
from datastore_emulator.query.gql_tokens import BINDING, DOUBLE, INTEGER, NAME, STRING, Token, Tokens

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


class ValueParser:
    """Parses the values and names of one query, whose next words are `tokens`."""

    def __init__(self, query: m.GqlQuery, partition: Partition) -> None:
        self.tokens = Tokens(query.query_string)
        self._literals = query.allow_literals
        self._named = query.named_bindings
        self._positional = query.positional_bindings
        self._partition = partition

    def begins_value(self) -> bool:
        """Return whether a value comes next."""
        token = self.tokens.peek()
        if token.kind in (STRING, INTEGER, DOUBLE, BINDING):
            return True
        word = token.text.upper() if token.kind == NAME else ""
        called = self.tokens.peek(1).text == "("
        return word in ("TRUE", "FALSE", "NULL") or (word in ("KEY", "BLOB", "DATETIME", "ARRAY") and called)

    def value(self) -> m.Value:
        """Parse a literal or a binding."""
        token = self.tokens.peek()
        if not self.begins_value():
            raise self.tokens.unexpected("a value")
        self.tokens.take()
        if token.kind == BINDING:
            parameter = self.binding(token)
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
        self.tokens.expect("(")
        value = m.Value()
        if word == "KEY":
            self._key(value.key_value)
        elif word == "ARRAY":
            value.array_value.SetInParent()
            for _ in self.items():
                value.array_value.values.append(self.value())
        elif word == "BLOB":
            value.blob_value = _decode_blob(self._string())
        else:
            value.timestamp_value.FromMicroseconds(_decode_time(self._string()))
        self.tokens.expect(")")
        return value

    def _key(self, key: m.Key) -> None:
        fill_partition(key.partition_id, self._partition)
        tokens = self.tokens
        for field in ("project", "namespace"):
            if tokens.accept(field.upper(), "("):
                setattr(key.partition_id, f"{field}_id", self._string())
                tokens.expect(")", ",")
        for _ in self.items():
            element = key.path.add(kind=self.name())
            tokens.expect(",")
            identity = self.value()
            if identity.WhichOneof("value_type") == "integer_value":
                element.id = identity.integer_value
            elif identity.WhichOneof("value_type") == "string_value":
                element.name = identity.string_value
            else:
                raise invalid("Expected an integer or a string as a key's id or name.")

    def binding(self, token: Token) -> m.GqlQueryParameter:
        """Return the parameter that is bound to the token; DatastoreError if there is none."""
        name = token.text[1:]
        if name.isdigit():
            # Cut to more digits than any number of bindings has.
            number = int(name[:10])
            if not 1 <= number <= len(self._positional):
                raise invalid(f"Absent positional binding: {name}.")
            return self._positional[number - 1]
        if name not in self._named:
            raise invalid(f"Absent named binding: {name}.")
        return self._named[name]

    def items(self) -> Iterator[None]:
        """Yield once for each item of a list with commas; the caller parses the item."""
        yield
        while self.tokens.accept(","):
            yield

    def name(self) -> str:
        """Parse the name of a kind or of a part of a property."""
        if not self.tokens.peek().is_name:
            raise self.tokens.unexpected("a name")
        return self.tokens.take().text

    def _string(self) -> str:
        if self.tokens.peek().kind != STRING:
            raise self.tokens.unexpected("a string")
        return self.tokens.take().text


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
