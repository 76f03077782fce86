"""What counts as done also runs: apps that learners wrote in another way show what START shows.

`codelab verify` and tests/pairs run the apps that the codelabs' own diffs make.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from codelab.compare.scenario import select
from codelab.compare.scenarios import foreign_values_in_the_cache, redis_never_answering
from tests.codelab.learner.hand import Edit
from tests.codelab.learner.own_ways import OWN_WAYS
from tests.codelab.learner.running import FEW, RunningCopies, run_copies
from tests.codelab.learner.walks import WALKS

pytestmark = [pytest.mark.app, pytest.mark.xdist_group("own-ways")]

# The main track of each module. test_walks.py has all of them, by their files.
MAIN_WALKS = [walk for walk in WALKS if "/" not in walk.place]
COPIES: dict[str, tuple[str, int, list[Edit]]] = {
    **{walk.place: (walk.place, 0, [one for step in walk.steps for one in step.edits]) for walk in MAIN_WALKS},
    **{name: (way.place, way.after, list(way.edits)) for name, way in OWN_WAYS.items()},
}
# What the learners' own ways to read a cache may get wrong.
OF_A_CACHE = (foreign_values_in_the_cache, redis_never_answering)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCopies]:
    with run_copies(tmp_path_factory.mktemp("copies"), COPIES) as running:
        yield running


@pytest.mark.parametrize("name", COPIES)
def test_own_way_shows_what_start_shows(running: RunningCopies, name: str) -> None:
    scenarios = select([*FEW, *OF_A_CACHE], cache=running.cache_of(name))
    assert running.first_difference(name, scenarios) is None
