"""The pairs, each started once and shared by all its tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest

from codelab.sameness.local import LocalWorld, fresh_side, local_sides
from codelab.sameness.side import Side
from localcloud.cloud import App
from tests.pairs.course import CACHES, FUNCTION, PAIRS, Pair, folder_name

RunningPair = tuple[Pair, dict[str, tuple[App, LocalWorld]]]


@pytest.fixture(
    scope="module",
    # One worker runs all of a pair's tests, so that its apps start once.
    params=[pytest.param(pair, id=str(pair), marks=pytest.mark.xdist_group(str(pair))) for pair in PAIRS],
)
def running_pair(request: pytest.FixtureRequest) -> Iterator[RunningPair]:
    """Both sides of a pair, started on one local cloud."""
    pair: Pair = request.param
    with local_sides({folder_name(folder): folder for folder in pair.folders}, FUNCTION) as sides:
        yield pair, sides


def fresh(name: str, app: App, world: LocalWorld) -> AbstractContextManager[Side]:
    """Return the side in an empty world, with the cache that its text declares."""
    return fresh_side(name, app, world, CACHES.get(name))
