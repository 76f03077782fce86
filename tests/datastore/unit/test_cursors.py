"""Cursors: positions as bytes, in the order that they were encoded for and in its opposite."""

from __future__ import annotations

import pytest

from datastore_emulator.errors import DatastoreError
from datastore_emulator.query.cursors import Cursors, Position
from datastore_emulator.query.normal_form import Term

UP, DOWN = Term("a", False), Term("a", True)
KEY_UP, KEY_DOWN = Term("__key__", False), Term("__key__", True)
VALUES = (b"value", b"")


@pytest.mark.parametrize("values", [VALUES, (b"\0" * 300, b"\xff"), ()])
def test_decoded_cursor_is_right_after_its_result(values):
    cursors = Cursors([UP, KEY_UP])
    assert cursors.decode(cursors.encode(values)) == Position(values, after=True)


def test_cursor_in_the_opposite_order_is_right_before_its_result():
    cursor = Cursors([UP, KEY_DOWN]).encode(VALUES)
    assert Cursors([DOWN, KEY_UP]).decode(cursor) == Position(VALUES, after=False)


@pytest.mark.parametrize("terms", [[KEY_UP], [UP, KEY_DOWN], [Term("b", False), KEY_UP], [KEY_UP, UP]])
def test_cursor_of_another_order_is_refused(terms):
    cursor = Cursors([UP, KEY_UP]).encode(VALUES)
    with pytest.raises(DatastoreError, match="cursor does not match query"):
        Cursors(terms).decode(cursor)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda cursor: cursor[:-1], id="a byte is missing"),
        pytest.param(lambda cursor: cursor + b"\0", id="a byte too many"),
        pytest.param(lambda cursor: cursor + b"\0\0\0\1x", id="a value too many"),
        pytest.param(lambda cursor: cursor[:14], id="a value is missing"),
    ],
)
def test_damaged_cursor_is_refused(change):
    cursors = Cursors([UP, KEY_UP])
    cursor = cursors.encode(VALUES)
    assert len(cursor) == 18
    with pytest.raises(DatastoreError, match="Error parsing cursor"):
        cursors.decode(change(cursor))
