"""Messages with random values: of the right types, but seldom meaningful."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from google.protobuf.descriptor import FieldDescriptor as Field
from hypothesis import strategies as st

LIKELY_TEXTS = ["Visit", "visitor", "timestamp", "tags", "a.b", "__key__", "__kind__", "__x__", "", "*", "a\0b", "é"]
LONG_TEXT = "x" * 1501

TEXTS = st.sampled_from([*LIKELY_TEXTS, LONG_TEXT]) | st.text(max_size=6)
BYTES = st.sampled_from([b"", b"\0", b"\xff\xff", b"txn\0" + bytes(12)]) | st.binary(max_size=24)
DOUBLES = st.sampled_from([0.0, -0.0, 1.5, 91.0, 1e308]) | st.floats()

Strategies = Mapping[str, st.SearchStrategy[Any]]
"""What to draw for the fields of these names, where other values would end the journey at once."""


def _integers(bits: int, signed: bool) -> st.SearchStrategy[int]:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return st.integers(0, 12) | st.sampled_from([low, high, max(low, -1)]) | st.integers(low, high)


_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    Field.TYPE_BOOL: st.booleans(),
    Field.TYPE_STRING: TEXTS,
    Field.TYPE_BYTES: BYTES,
    Field.TYPE_DOUBLE: DOUBLES,
    Field.TYPE_FLOAT: st.floats(width=32),
    **dict.fromkeys([Field.TYPE_INT32, Field.TYPE_SINT32, Field.TYPE_SFIXED32], _integers(32, True)),
    **dict.fromkeys([Field.TYPE_INT64, Field.TYPE_SINT64, Field.TYPE_SFIXED64], _integers(64, True)),
    **dict.fromkeys([Field.TYPE_UINT32, Field.TYPE_FIXED32], _integers(32, False)),
    **dict.fromkeys([Field.TYPE_UINT64, Field.TYPE_FIXED64], _integers(64, False)),
}


def messages(make: Callable[[], Any], known: Strategies, depth: int = 6) -> st.SearchStrategy[Any]:
    """Return a strategy of messages that `make` makes empty, filled to this depth; `known` fields are always set."""

    @st.composite
    def build(draw: st.DrawFn) -> Any:
        message = make()
        _fill(draw, message, known, depth)
        return message

    return build()


def _fill(draw: st.DrawFn, message: Any, known: Strategies, depth: int) -> None:
    fields = message.DESCRIPTOR.fields
    if not fields:
        return
    chosen = draw(st.lists(st.sampled_from(range(len(fields))), max_size=4, unique=True))
    for place, field in enumerate(fields):
        expected = field.name in known and not field.containing_oneof
        # A required field is left out at times.
        if place in chosen or expected or (field.is_required and draw(st.integers(0, 9))):
            _set(draw, message, field, known, depth)


def _set(draw: st.DrawFn, message: Any, field: Any, known: Strategies, depth: int) -> None:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        entries = getattr(message, field.name)
        for name in draw(st.lists(TEXTS, max_size=2)):
            _fill(draw, entries[name], known, depth - 1)
    elif field.message_type is not None:
        if depth == 0:
            return
        if field.is_repeated:
            for _ in range(draw(st.integers(1, 3))):
                _fill(draw, getattr(message, field.name).add(), known, depth - 1)
        else:
            inner = getattr(message, field.name)
            inner.SetInParent()
            _fill(draw, inner, known, depth - 1)
    else:
        values = _values(field, known)
        if field.is_repeated:
            getattr(message, field.name).extend(draw(st.lists(values, max_size=3)))
        else:
            setattr(message, field.name, draw(values))


def _values(field: Any, known: Strategies) -> st.SearchStrategy[Any]:
    if field.name in known:
        return known[field.name]
    if field.type == Field.TYPE_ENUM:
        return st.sampled_from([value.number for value in field.enum_type.values])
    return _SCALARS[field.type]


def damaged(texts: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Return a strategy of those bytes with a piece cut out, doubled or replaced."""

    @st.composite
    def build(draw: st.DrawFn) -> bytes:
        text = draw(texts)
        start = draw(st.integers(0, len(text)))
        stop = draw(st.integers(start, len(text)))
        middle = draw(st.sampled_from([b"", text[start:stop] * 2, b"\xff" * 5]) | st.binary(max_size=8))
        return text[:start] + middle + text[stop:]

    return build()
