"""The generated types of the messages are those of the library that is installed."""

from __future__ import annotations

from tests.datastore.message_types import STUB, generate


def test_message_types_are_up_to_date():
    assert STUB.read_text() == generate(), "run `python -m tests.datastore.message_types`"
