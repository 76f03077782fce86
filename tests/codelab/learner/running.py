"""Runs many copies of the course's tracks beside one START."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from codelab.check.cache import find_cache
from codelab.compare import scenarios
from codelab.compare.comparison import ComparedFolder, Comparison, Difference
from codelab.compare.scenario import Scenario
from codelab.readme.trees import read_tree, write_tree
from tests.codelab.learner.hand import Edit, edit
from tests.codelab.learner.learner import checker_of
from tests.support.course import FUNCTION, ROOT

# Enough to see that an app that is written in another way works, keeps and orders its visits, and uses its services.
# tests/pairs runs all scenarios on the course's own apps.
FEW = (
    scenarios.first_visit_to_an_empty_store,
    scenarios.the_same_visitor_thrice,
    scenarios.two_visitors_alternating,
    scenarios.user_agents_around_the_limit_of_an_indexed_string,
    scenarios.forged_addresses,
    scenarios.other_methods_and_paths,
    scenarios.an_hour_passing,
    scenarios.cache_gone_during_visits,
)

# All tracks start from apps that show the same; tests/pairs proves it.
START = ROOT / "mod5-buildpacks" / "START"


class RunningCopies:
    """The apps of some copies by name, and START's."""

    def __init__(self, comparison: Comparison, folders: Mapping[str, ComparedFolder]) -> None:
        self._comparison = comparison
        self._folders = folders

    def cache_of(self, name: str) -> str | None:
        """Return the cache that a copy's app answers from."""
        return self._folders[name].cache

    def first_difference(self, name: str, scenarios: Sequence[Scenario]) -> Difference | None:
        """Run the scenarios on a copy and on START; return the first difference."""
        return self._comparison.first_difference(self._folders[name], scenarios)


@contextmanager
def run_copies(root: Path, copies: Mapping[str, tuple[str, int, Sequence[Edit]]]) -> Iterator[RunningCopies]:
    """Make copies below a folder and run them. Each has its track, the steps that are done, and edits after them."""
    folders = {}
    for number, (name, (place, done, edits)) in enumerate(copies.items()):
        checker = checker_of(ROOT, place)
        path = root / str(number)
        write_tree(checker.trees[done], path)
        edit(path, edits)
        reached = checker.progress(read_tree(path)).reached
        folders[name] = ComparedFolder(name, path, find_cache(checker.trees[max(done, reached)]))
    with Comparison(ComparedFolder("START", START, None), list(folders.values()), FUNCTION) as comparison:
        yield RunningCopies(comparison, folders)
