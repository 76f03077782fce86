"""The pairs, each started once and shared by all its tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localcloud.cloud import App
from tests.pairs.course import PAIRS, Pair
from tests.pairs.local_world import LocalWorld, folder_name, local_sides

RunningPair = tuple[Pair, dict[str, tuple[App, LocalWorld]]]


@pytest.fixture(
    scope="module",
    # One worker runs all of a pair's tests, so that its apps start once.
    params=[pytest.param(pair, id=str(pair), marks=pytest.mark.xdist_group(str(pair))) for pair in PAIRS],
)
def running_pair(request: pytest.FixtureRequest) -> Iterator[RunningPair]:
    """Both sides of a pair, started on one local cloud."""
    pair: Pair = request.param
    with local_sides({folder_name(folder): folder for folder in pair.folders}) as sides:
        yield pair, sides
