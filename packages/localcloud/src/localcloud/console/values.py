"""The values of entities as text: to show them, and to edit them in a form.

A changed text becomes a value of the same type. Keys, lists and embedded entities are edited as the JSON of the
Datastore's REST API, which has every type and flag: https://cloud.google.com/datastore/docs/reference/data/rest/v1/Value
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from google.protobuf import json_format

from datastore_emulator import messages as m
from localcloud.console.form_text import Control, clip, plain_ends, restore_ends, show_bytes, survives_form
from localcloud.effects.values import TYPE_NAMES, format_key, format_point, format_scalar, name_type

# Longer than any text of Datastore's 1,500 indexed bytes, and short enough for a form.
_LONGEST_EDITED = 300_000
_SHOWN_TEXT = 1000
_SHOWN_ITEMS = 10


class ValueTextError(Exception):
    """A text that is not a value of the property's type; the message is one line."""


def show(value: m.Value) -> str:
    """Return a value as a short text, for a table."""
    return clip(_show(value))


def _show(value: m.Value) -> str:
    return _SHOWERS.get(value.WhichOneof("value_type") or "", format_scalar)(value)


def _show_list(value: m.Value) -> str:
    found = value.array_value.values
    return f"[{_join(map(_show, found[:_SHOWN_ITEMS]), len(found))}]"


def _show_entity(value: m.Value) -> str:
    found = value.entity_value.properties
    if name_type(value) == "user" and "email" in found:
        return found["email"].string_value
    names = sorted(found)[:_SHOWN_ITEMS]
    return f"{{{_join((f'{name}: {_show(found[name])}' for name in names), len(found))}}}"


def _join(items: Iterable[str], count: int) -> str:
    return ", ".join([*items, *(["…"] if count > _SHOWN_ITEMS else [])])


_SHOWERS: dict[str, Callable[[m.Value], str]] = {
    "string_value": lambda value: value.string_value[:_SHOWN_TEXT],
    "blob_value": lambda value: show_bytes(value.blob_value),
    "key_value": lambda value: format_key(value.key_value),
    "geo_point_value": format_point,
    "array_value": _show_list,
    "entity_value": _show_entity,
}


def make_control(value: m.Value) -> Control:
    """Return the control that edits a value, with the value's text."""
    which = value.WhichOneof("value_type")
    if which is None or which == "null_value":
        return Control("", "null", "null has no type here; only the app can put a value in its place")
    if which == "blob_value":
        return Control("", show_bytes(value.blob_value), "it is bytes")
    control = _make_control(value, which)
    if len(control.text) > _LONGEST_EDITED:
        return Control("", clip(control.text, _SHOWN_TEXT), f"too long to edit here: {len(control.text):,} characters")
    if not _survives(value, control):
        return Control("", show(value), "this value cannot be written as text")
    return control


def _make_control(value: m.Value, which: str) -> Control:
    if which == "boolean_value":
        return Control("choice", format_scalar(value))
    if which in _READERS:
        return Control("line", _show(value))
    if which == "string_value" and survives_form(value.string_value):
        return Control("text", value.string_value)
    try:
        return Control("json", json_format.MessageToJson(value, indent=2, sort_keys=True, ensure_ascii=False))
    except (json_format.SerializeToJsonError, ValueError):  # such a time in a list or an entity
        return Control("json", "")


def _survives(value: m.Value, control: Control) -> bool:
    """Return whether the text of a control has all of the value."""
    try:
        parsed = _parse(value, control.kind, control.text)
    except ValueTextError:
        return False
    # As bytes, since a NaN is not equal to itself.
    return parsed.SerializeToString(deterministic=True) == value.SerializeToString(deterministic=True)


def read_text(value: m.Value, text: str) -> m.Value:
    """Return the value that the text of a control means: of the type of `value`, and with its flags.

    A text that the user has not changed means `value` itself. Raises ValueTextError.
    """
    control = make_control(value)
    if not control.kind or plain_ends(text) == plain_ends(control.text):
        return value
    return _parse(value, control.kind, text)


def _parse(value: m.Value, kind: str, text: str) -> m.Value:
    which = value.WhichOneof("value_type") or ""
    if kind == "json":
        return _read_json(which, text)
    result = m.Value()
    result.CopyFrom(value)
    if kind == "text":
        result.string_value = restore_ends(text, value.string_value)
        return result
    try:
        _READERS[which](result, text.strip())
    except (ValueError, KeyError) as error:
        raise ValueTextError(f"{clip(text.strip(), 40)!r} is not {_WANTED[which]}") from error
    return result


def _read_boolean(value: m.Value, text: str) -> None:
    value.boolean_value = {"true": True, "false": False}[text]


def _read_integer(value: m.Value, text: str) -> None:
    value.integer_value = int(text)


def _read_double(value: m.Value, text: str) -> None:
    number = float(text)
    if math.isinf(number) and any(digit in text for digit in "0123456789"):
        raise ValueError("too large for 64 bits")
    value.double_value = number


def _read_timestamp(value: m.Value, text: str) -> None:
    value.timestamp_value.FromJsonString(text)


def _read_point(value: m.Value, text: str) -> None:
    latitude, longitude = map(float, text.split(","))
    value.geo_point_value.latitude, value.geo_point_value.longitude = latitude, longitude


_READERS = {
    "boolean_value": _read_boolean,
    "integer_value": _read_integer,
    "double_value": _read_double,
    "timestamp_value": _read_timestamp,
    "geo_point_value": _read_point,
}
_WANTED = {
    "boolean_value": "true or false",
    "integer_value": "an integer of 64 bits",
    "double_value": "a number of 64 bits",
    "timestamp_value": "a time such as 2026-11-27T15:00:00Z",
    "geo_point_value": "a latitude and a longitude such as 52.5, 13.4",
}


def _read_json(which: str, text: str) -> m.Value:
    try:
        result = json_format.Parse(text, m.Value())
    except (json_format.ParseError, ValueError, RecursionError) as error:
        raise ValueTextError(f"this is not the JSON of a value: {' '.join(str(error).split())}") from error
    found = result.WhichOneof("value_type")
    if found != which:
        given = TYPE_NAMES.get(found or "", "nothing")
        raise ValueTextError(f"the type must stay {TYPE_NAMES[which]}, but this is {given}")
    return result
