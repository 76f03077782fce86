"""Whether the app works after each step that says so."""

from __future__ import annotations

from pathlib import Path

from codelab.check import Checker
from codelab.check.cache import find_cache
from codelab.compare.comparison import ComparedFolder, Comparison
from codelab.compare.scenario import select
from codelab.compare.scenarios import SCENARIOS
from codelab.errors import Problem
from codelab.readme.trees import write_tree
from codelab.verify.text import readme_of
from datastore_emulator.errors import UserError
from datastore_emulator.scratch import Scratch


def run_track(checker: Checker) -> tuple[list[Problem], int]:
    """Run START and the app after each working step; return the steps whose output is not START's, and their number."""
    codelab, track = checker.ref.codelab, checker.ref.track
    with Scratch("codelab-") as scratch:
        working = [step for step in track.steps if step.works]
        sites = []
        for step in working:
            folder = Path(scratch) / f"step-{step.number}"
            write_tree(checker.trees[step.number], folder)
            cache = find_cache(checker.trees[step.number])
            sites.append(ComparedFolder(f"the app after step {step.number}", folder, cache))
        start = ComparedFolder("START", checker.ref.start, find_cache(checker.trees[0]))
        comparison = Comparison(start, sites, codelab.function)
        problems = []
        try:
            with comparison:
                for step, site in zip(working, sites, strict=True):
                    if difference := comparison.first_difference(site, select(SCENARIOS, quick_only=True)):
                        text = f"in the scenario “{difference.scenario}”, {difference.text}"
                        problems.append(Problem(readme_of(codelab), step.line, _with_error(text, difference.error)))
        except UserError as error:
            reasons = [reason for site in sites if (reason := comparison.error_of(site))]
            text = f"expected the app to run after each step with “Works: yes”, found: {error}"
            problems.append(Problem(readme_of(codelab), track.line, _with_error(text, *reasons)))
        return problems, len(sites)


def _with_error(text: str, *errors: str | None) -> str:
    return "; ".join([text, *(error for error in errors if error)])
