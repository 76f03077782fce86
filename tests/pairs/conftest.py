"""The pairs in each lane, each started once and shared by all its tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import pytest

from codelab.compare.local_backend import LocalBackend
from tests.support.apps import SharedApps, run_cloud, run_folders
from tests.support.course import PAIRS, Pair, one_pair_per_client
from tests.support.lanes import BY_NAME, LANES, Lane, runs
from tests.support.lanes.python27 import on_python27
from tests.support.lanes.setups import Setup

RunningPair = tuple[Pair, dict[str, LocalBackend]]


def _cases() -> Iterator[object]:
    for lane in filter(runs, LANES):
        for pair in filter(lane.takes, PAIRS):
            case = f"{lane.name}-{pair}"
            # A lane whose pairs share a server or apps has one worker for them all.
            group = lane.name if lane.shares or lane.shares_apps else case
            marks = [pytest.mark.xdist_group(group), pytest.mark.lane(lane.name, *(one.name for one in pair.folders))]
            yield pytest.param((lane.name, pair), id=case, marks=marks)


# These take long, and what they show depends on the client of the Datastore or of the cache, and on the lane.
ONCE_PER_CLIENT: dict[str, Callable[[Pair], set[str]]] = {
    "test_start_and_finish_recover_from_datastore_outage": lambda pair: pair.datastore_clients,
    "restart_between_visits": lambda pair: pair.datastore_clients,
    "restart_without_the_cache": lambda pair: pair.cache_clients,
    "foreign_values_in_the_cache": lambda pair: pair.cache_clients,
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what another pair of the lane shows, what is for other caches, and what shows nothing in the lane."""
    chosen = {
        (lane.name, check): one_pair_per_client(filter(lane.takes, PAIRS), clients)
        for lane in LANES
        for check, clients in ONCE_PER_CLIENT.items()
    }
    idle = {
        item
        for item in items
        if (lane := _lane_of(item)) and _is_idle(item, lane, chosen.get((lane.name, _check_name(item))))
    }
    if idle:
        config.hook.pytest_deselected(items=list(idle))
        items[:] = [item for item in items if item not in idle]


def _is_idle(item: pytest.Item, lane: Lane, chosen: Sequence[Pair] | None) -> bool:
    _, pair = _params(item)["running_pair"]
    scenario = _params(item).get("scenario")
    return (
        (lane.shares and not _needs_datastore(item))
        or (chosen is not None and pair not in chosen)
        or (scenario and not any(scenario.suits(folder.cache) for folder in pair.folders))
    )


def _needs_datastore(item: pytest.Item) -> bool:
    scenario = _params(item).get("scenario")
    return scenario.needs_datastore if scenario else not item.get_closest_marker("no_datastore")


def _lane_of(item: pytest.Item) -> Lane | None:
    name, _ = _params(item).get("running_pair", (None, None))
    return BY_NAME.get(name)


def _check_name(item: pytest.Item) -> str:
    """Return the scenario's name if the test takes one, else the test's own."""
    scenario = _params(item).get("scenario")
    return scenario.name if scenario else getattr(item, "originalname", item.name)


def _params(item: pytest.Item) -> Mapping[str, Any]:
    callspec = getattr(item, "callspec", None)
    return callspec.params if callspec else {}


class SharedSetups(dict[str, Setup]):
    """The setups that all pairs of a lane share; each is started when it is first used."""

    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, lane: str) -> Setup:
        start = BY_NAME[lane].setup
        assert start
        self[lane] = self._stack.enter_context(start())
        return self[lane]


@pytest.fixture(scope="session")
def shared_setups() -> Iterator[SharedSetups]:
    """The lanes' setups that all pairs share."""
    with ExitStack() as stack:
        yield SharedSetups(stack)


@pytest.fixture(scope="session")
def shared_apps() -> Iterator[SharedApps]:
    """The apps of the lane that shares them, on one local cloud."""
    with run_cloud(Setup(), lambda name, line: print(f"{name} | {line}")) as cloud:
        yield SharedApps(cloud)


@pytest.fixture(scope="module", params=list(_cases()))
def running_pair(
    request: pytest.FixtureRequest, shared_setups: SharedSetups, shared_apps: SharedApps
) -> Iterator[RunningPair]:
    """Both folders of a pair, started on one local cloud, in a lane."""
    name, pair = request.param
    lane = BY_NAME[name]
    if lane.has_python27:
        pair = on_python27(pair)
    if lane.shares_apps:
        yield pair, shared_apps.run(pair.folders)
        return
    with ExitStack() as stack:
        assert lane.setup
        setup = shared_setups[name] if lane.shares else stack.enter_context(lane.setup())
        folders = {folder.name: folder.path for folder in pair.folders}
        yield pair, stack.enter_context(run_folders(folders, setup))


@pytest.fixture(autouse=True)
def _known_failures_on_python27(request: pytest.FixtureRequest) -> None:
    """Expect the failures that 2.7's own packages cause. A check that passes fails the run, so the list stays true."""
    lane = _lane_of(request.node)
    if lane and lane.has_python27:
        pair = _params(request.node)["running_pair"][1]
        if reason := pair.fails_on_python27.get(_check_name(request.node)):
            request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
