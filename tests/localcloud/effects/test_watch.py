"""The watch: what it waits for, and what it forgets."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest

from datastore_emulator.errors import UserError
from localcloud.cloud import Cloud
from localcloud.effects import Effects, EffectsWatch
from tests.localcloud.effects.watched import Watched
from tests.support.deadline import DEADLINE


def test_request_that_is_being_answered_is_waited_for(watched: Watched) -> None:
    requests = watched.cloud.requests
    begun, answered = threading.Event(), threading.Event()

    def answer() -> None:
        with requests.record(watched.app.name, "GET", "/slow", "127.0.0.1"):
            begun.set()
            answered.wait(DEADLINE)
            requests.note("Datastore Lookup")

    thread = threading.Thread(target=answer)
    thread.start()
    begun.wait(DEADLINE)
    assert watched.watch.read(patience=0) == Effects(unfinished="GET /slow is still being answered")
    threading.Timer(0.05, answered.set).start()
    assert watched.watch.read(DEADLINE) == Effects(calls=Counter(["Datastore Lookup"]))
    thread.join()


def test_idle_app_is_not_waited_for(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: pytest.fail("it has slept"))
    assert watched.watch.read() == Effects()


def test_what_was_before_is_forgotten(watched: Watched) -> None:
    watched.cloud.requests.note("Datastore Lookup")
    watched.watch.begin()
    assert watched.watch.read() == Effects()


def test_datastore_of_others_cannot_be_watched(watched: Watched) -> None:
    with (
        Cloud(datastore=watched.cloud.datastore.address) as cloud,
        pytest.raises(UserError, match="leave --datastore out"),
    ):
        EffectsWatch(cloud, watched.app)
