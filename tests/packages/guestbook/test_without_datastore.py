"""Tests that use no Datastore, to be run alone: the plugin has then imported nothing heavy and started nothing."""

from __future__ import annotations

import os
import sys
import threading


def test_nothing_heavy_is_imported() -> None:
    assert {"grpc", "google.cloud.datastore", "sqlite3", "asyncio", "h11"} & sys.modules.keys() == set()


def test_plugin_is_all_that_is_imported_of_the_emulator() -> None:
    imported = {name for name in sys.modules if name.partition(".")[0] == "datastore_emulator"}
    assert imported == {"datastore_emulator", "datastore_emulator.pytest_plugin"}


def test_nothing_runs() -> None:
    assert threading.active_count() == 1


def test_nothing_is_set() -> None:
    assert "DATASTORE_EMULATOR_HOST" not in os.environ
