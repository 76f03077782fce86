"""The server and the variables, as a test can see them."""

from __future__ import annotations

import os
from typing import Any

import pytest

VARIABLES = ("DATASTORE_EMULATOR_HOST", "DATASTORE_DATASET", "DATASTORE_PROJECT_ID", "GOOGLE_CLOUD_PROJECT")


def test_variables_during_a_test(datastore_emulator: Any, datastore_project: str) -> None:
    assert [os.environ[name] for name in VARIABLES] == [datastore_emulator.address, *[datastore_project] * 3]


def test_no_variables_after_it() -> None:
    assert [name for name in VARIABLES if name in os.environ] == []


def test_server_is_on_loopback(datastore_emulator: Any, record_property: pytest.FixtureRequest) -> None:
    assert datastore_emulator.address == f"127.0.0.1:{datastore_emulator.port}"
    record_property("server", datastore_emulator.address)
