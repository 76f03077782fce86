"""The scenarios that run after a step and at the end of a track, and the backend that they run on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from codelab.compare import app_log
from codelab.compare.comparison import ComparedFolder, Comparison
from codelab.compare.local_backend import LocalBackend
from codelab.compare.scenario import Scenario, select
from codelab.compare.scenarios import CACHES, SCENARIOS
from datastore_emulator.errors import UserError
from localcloud import Cloud

# These need neither a restart nor an outage, so they cost a learner seconds.
QUICK = {
    "first_visit_to_an_empty_store",
    "twelve_visitors",
    "the_same_visitor_thrice",
    "two_visitors_alternating",
    "user_agents_of_every_kind",
    "user_agents_around_the_limit_of_an_indexed_string",
    "visitors_on_other_addresses",
    "forged_addresses",
    "headers_of_every_kind",
    "other_methods_and_paths",
}


class ReadOnlyEnvironment(dict[str, str]):
    """Environment variables that cannot be changed."""

    def __setitem__(self, name: str, value: str) -> None:
        raise AssertionError(f"{name} was set")

    def __delitem__(self, name: str) -> None:
        raise AssertionError(f"{name} was deleted")

    def update(self, *changes: Any, **more: Any) -> None:
        """Refuse the change."""
        raise AssertionError("variables were changed")


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    """A local cloud without apps."""
    with Cloud() as cloud:
        yield cloud


@pytest.mark.parametrize("order", [SCENARIOS, SCENARIOS[::-1]], ids=["as written", "reversed"])
def test_order_does_not_change_the_quick_scenarios(order: tuple[Scenario, ...]) -> None:
    assert {scenario.name for scenario in select(order, cache="Redis", quick_only=True)} == QUICK


@pytest.mark.parametrize(
    ("cache", "others"),
    [(None, {CACHES, ("Redis",)}), ("Memcache", {(None,), ("Redis",)}), ("Redis", {(None,)})],
)
def test_app_gets_no_scenario_for_another_cache(cache: str | None, others: set[tuple[str | None, ...]]) -> None:
    assert set(SCENARIOS) - set(select(SCENARIOS, cache=cache)) == {one for one in SCENARIOS if one.caches in others}


@pytest.mark.parametrize("other", [None, "127.0.0.1:1"])
def test_backend_uses_its_own_datastore(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, other: str | None) -> None:
    monkeypatch.delenv("DATASTORE_EMULATOR_HOST", raising=False)
    if other:
        monkeypatch.setenv("DATASTORE_EMULATOR_HOST", other)
    backend = LocalBackend(cloud, app=None)  # type: ignore[arg-type]  # no app is needed to store a visit
    backend.store_as_older_version("127.0.0.1: Ann")
    assert backend.count_visits() == 1


def test_backend_changes_no_environment_variable(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, "environ", ReadOnlyEnvironment(os.environ))
        LocalBackend(cloud, app=None)  # type: ignore[arg-type]


def test_log_of_ended_apps_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ComparedFolder("START", tmp_path, None)
    comparison = Comparison(folder, [], None)
    with pytest.raises(UserError), comparison:
        pass
    monkeypatch.setattr(app_log.time, "sleep", lambda _: pytest.fail("it waits for a line that cannot come"))
    assert comparison.error_of(folder) is None
