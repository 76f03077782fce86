"""The pairs in each lane, each started once and shared by all its tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest

from codelab.compare import lanes
from codelab.compare.local_cloud import LocalWorld, fresh_side, local_sides
from codelab.compare.side import Side
from localcloud.cloud import App
from localcloud.lanes import LANES
from tests.lanes import HAS_PYTHON27, not_run
from tests.pairs.course import (
    CACHES,
    FAILS_ON_GENUINE_PYTHON27,
    FUNCTION,
    IN_LANE,
    PAIRS,
    WITHOUT_DATASTORE,
    Pair,
    folder_name,
    on_genuine_python27,
)

RunningPair = tuple[Pair, dict[str, tuple[App, LocalWorld]]]
NOT_RUN = {lane.name for lane in LANES if not_run(lane)}
# These share one server among all their pairs, so one worker has them all.
SHARING = {"google-emulator", "firestore-emulator"}


def _cases() -> Iterator[object]:
    for lane in LANES:
        for pair in PAIRS if lane.name in IN_LANE and lane.name not in NOT_RUN else ():
            if IN_LANE[lane.name](pair):
                case = f"{lane.name}-{pair}"
                group = lane.name if lane.name in SHARING else case
                marks = [pytest.mark.xdist_group(group), pytest.mark.lane(lane.name, *map(folder_name, pair.folders))]
                yield pytest.param((lane.name, pair), id=case, marks=marks)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out of the emulators' lanes what has nothing to do with a Datastore."""
    idle = [item for item in items if _lane_of(item) in SHARING and _name_of(item) in WITHOUT_DATASTORE]
    if idle:
        config.hook.pytest_deselected(items=idle)
        items[:] = [item for item in items if item not in set(idle)]


def _lane_of(item: pytest.Item) -> str | None:
    lane, _ = _params(item).get("running_pair", (None, None))
    return lane


def _name_of(item: pytest.Item) -> str:
    """Return the scenario's name if the test takes one, else the test's own."""
    scenario = _params(item).get("scenario")
    return scenario.__name__ if scenario else getattr(item, "originalname", item.name)


def _params(item: pytest.Item) -> Mapping[str, Any]:
    callspec = getattr(item, "callspec", None)
    return callspec.params if callspec else {}


class Surroundings(dict[str, lanes.Surroundings]):
    """What each lane puts around its apps; a lane is entered when it is first asked for."""

    def __init__(self, stack: ExitStack) -> None:
        super().__init__()
        self._stack = stack

    def __missing__(self, lane: str) -> lanes.Surroundings:
        self[lane] = self._stack.enter_context(lanes.WORLDS[lane]())
        return self[lane]


@pytest.fixture(scope="session")
def surroundings() -> Iterator[Surroundings]:
    """The lanes' surroundings that are shared."""
    with ExitStack() as stack:
        yield Surroundings(stack)


@pytest.fixture(scope="module", params=list(_cases()))
def running_pair(request: pytest.FixtureRequest, surroundings: Surroundings) -> Iterator[RunningPair]:
    """Both sides of a pair, started on one local cloud, in a lane."""
    lane, pair = request.param
    if _is_genuine(lane):
        pair = on_genuine_python27(pair)
    folders = {folder_name(folder): folder for folder in pair.folders}
    if lane in SHARING:
        world = surroundings[lane]
        with local_sides(folders, FUNCTION, world) as sides:
            yield pair, sides
    else:
        with lanes.WORLDS[lane]() as world, local_sides(folders, FUNCTION, world) as sides:
            yield pair, sides


@pytest.fixture
def genuine(request: pytest.FixtureRequest) -> bool:
    """Whether python27 folders run on CPython 2.7 in this lane."""
    return _is_genuine(request.node.callspec.params["running_pair"][0])


def _is_genuine(lane: str) -> bool:
    return lane == "python27" or (lane in ("google-emulator", "containers") and HAS_PYTHON27)


@pytest.fixture(autouse=True)
def _known_on_genuine_python27(request: pytest.FixtureRequest) -> None:
    """Expect the failures that 2.7's own packages cause; one that passes is a failure, so the list stays true."""
    lane = _lane_of(request.node)
    if lane and _is_genuine(lane):
        pair = str(_params(request.node)["running_pair"][1])
        if reason := FAILS_ON_GENUINE_PYTHON27.get((pair, _name_of(request.node))):
            request.applymarker(pytest.mark.xfail(strict=True, reason=reason))


def fresh(name: str, app: App, world: LocalWorld) -> AbstractContextManager[Side]:
    """Return the side in an empty world, with the cache that its text declares."""
    return fresh_side(name, app, world, CACHES.get(name))
