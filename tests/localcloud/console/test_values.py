"""The values of entities as the text of a form, and back."""

from __future__ import annotations

import html

import pytest
from hypothesis import HealthCheck, example, given, settings

from datastore_emulator import messages as m
from localcloud.console.form_text import plain_ends
from localcloud.console.values import ValueTextError, make_control, read_text, show
from localcloud.effects.values import name_type
from tests.localcloud.random_messages import messages


def text_value(text: str) -> m.Value:
    return m.Value(string_value=text, exclude_from_indexes=True, meaning=15)


def typed(kind: str, *change: object) -> m.Value:
    """Return a value of each type, and the same with one change."""
    value = m.Value()
    if kind == "point":
        value.geo_point_value.latitude, value.geo_point_value.longitude = change or (52.5, 13.4)  # type: ignore[misc]
    elif kind == "timestamp":
        value.timestamp_value.FromMicroseconds(*(change or (1_000_000,)))  # type: ignore[arg-type]
    else:
        setattr(value, f"{kind}_value", *change)
    return value


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(messages(m.Value, {}))
@example(text_value("a\nb"))
@example(text_value("a\r\nb\r\n"))
@example(text_value("a\rb"))
@example(text_value("\n\na\0"))
def test_form_that_nobody_edits_changes_no_value(value: m.Value) -> None:
    control = make_control(value)
    assert bool(control.kind) != bool(control.refusal)
    # What a browser sends for what it has read.
    sent = plain_ends(html.unescape(html.escape(control.text))).replace("\n", "\r\n")
    assert read_text(value, sent) is value


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(messages(m.Value, {}))
def test_shown_value_is_short_and_leaves_the_message_alone(value: m.Value) -> None:
    before = value.SerializeToString(deterministic=True)
    assert len(show(value)) <= 101
    assert value.SerializeToString(deterministic=True) == before


@pytest.mark.parametrize(
    ("before", "text", "after"),
    [
        (typed("integer", 5), " 7 ", typed("integer", 7)),
        (typed("double", 1.5), "inf", typed("double", float("inf"))),
        (typed("boolean", True), "false", typed("boolean", False)),
        (typed("timestamp"), "1970-01-01T01:00:02+01:00", typed("timestamp", 2_000_000)),
        (typed("point"), "-1,2.5", typed("point", -1.0, 2.5)),
        (text_value("a\r\nb"), "c\r\nd", text_value("c\r\nd")),
        (text_value("a\nb"), "c\r\nd", text_value("c\nd")),
        (text_value("a\0b"), '{"stringValue": "c\\u0000", "meaning": 15}', m.Value(string_value="c\0", meaning=15)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_changed_text_keeps_type_flags_and_line_ends(before: m.Value, text: str, after: m.Value) -> None:
    assert read_text(before, text) == after


def test_list_is_edited_as_json_with_its_flags() -> None:
    value = m.Value()
    value.array_value.values.add(integer_value=1, exclude_from_indexes=True)
    value.array_value.values.add(null_value=0)  # type: ignore[arg-type]
    control = make_control(value)
    assert control.kind == "json"
    changed = read_text(value, control.text.replace('"1"', '"2"'))
    assert changed.array_value.values[0] == m.Value(integer_value=2, exclude_from_indexes=True)
    assert changed.array_value.values[1].WhichOneof("value_type") == "null_value"


@pytest.mark.parametrize(
    ("value", "text", "problem"),
    [
        (typed("integer", 5), "1.5", "'1.5' is not an integer of 64 bits"),
        (typed("integer", 5), "9" * 20, "is not an integer of 64 bits"),
        (typed("integer", 5), "9" * 5000, "is not an integer of 64 bits"),
        (typed("double", 1.5), "many", "'many' is not a number of 64 bits"),
        (typed("double", 1.5), "-1e400", "'-1e400' is not a number of 64 bits"),
        (typed("boolean", True), "maybe", "'maybe' is not true or false"),
        (typed("timestamp"), "yesterday", "'yesterday' is not a time such as 2026-"),
        (typed("point"), "52.5", "'52.5' is not a latitude and a longitude"),
        (text_value("a\0"), "b", "this is not the JSON of a value: "),
        (text_value("a\0"), "[" * 100_000, "this is not the JSON of a value: "),
        (text_value("a\0"), '{"integerValue": "5"}', "the type must stay string, but this is integer"),
        (text_value("a\0"), "{}", "the type must stay string, but this is nothing"),
    ],
    ids=lambda value: value[:12] if isinstance(value, str) else "",
)
def test_text_of_another_type_is_refused_in_one_line(value: m.Value, text: str, problem: str) -> None:
    with pytest.raises(ValueTextError) as refused:
        read_text(value, text)
    assert problem in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("value", "text", "refusal"),
    [
        (m.Value(null_value=0), "null", "null has no type here"),  # type: ignore[arg-type]
        (m.Value(blob_value=b"\xff\0"), "2 bytes: ff 00", "it is bytes"),
        (m.Value(string_value="x" * 300_001), "x" * 1000 + "…", "too long to edit here: 300,001 characters"),
    ],
    ids=["null", "bytes", "long"],
)
def test_value_that_cannot_be_edited_says_why(value: m.Value, text: str, refusal: str) -> None:
    control = make_control(value)
    assert (control.kind, control.text) == ("", text)
    assert refusal in control.refusal


def test_user_of_the_bundled_service_is_shown_by_address() -> None:
    value = m.Value(meaning=20)
    value.entity_value.properties["email"].string_value = "ann@example.com"
    assert (name_type(value), show(value)) == ("user", "ann@example.com")
