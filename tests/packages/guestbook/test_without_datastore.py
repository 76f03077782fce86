"""Tests that use no Datastore, to be run alone: the plugin has then imported nothing heavy and started nothing."""

from __future__ import annotations

import os
import sys
import threading


def test_nothing_heavy_is_imported() -> None:
    assert {"grpc", "google.cloud.datastore", "sqlite3", "asyncio", "h11"} & sys.modules.keys() == set()


def test_nothing_runs() -> None:
    assert threading.active_count() == 1


def test_nothing_is_set() -> None:
    assert "DATASTORE_EMULATOR_HOST" not in os.environ
