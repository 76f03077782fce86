"""Checks that the app works after each step that says so."""

from __future__ import annotations

from pathlib import Path

from codelab.check import Checker
from codelab.check.cache import find_cache
from codelab.compare.comparison import ComparedFolder, Comparison
from codelab.compare.scenario import select
from codelab.compare.scenarios import SCENARIOS
from codelab.errors import Problem
from codelab.readme.trees import write_tree
from datastore_emulator.errors import UserError
from datastore_emulator.scratch import Scratch


def run_track(checker: Checker) -> tuple[list[Problem], int]:
    """Run START and the app after each working step.

    Returns a problem for each step whose output is not START's, and the number of apps after steps that were run.
    """
    codelab, track = checker.ref.codelab, checker.ref.track
    with Scratch("codelab-") as scratch:
        working = [step for step in track.steps if step.works]
        folders = []
        for step in working:
            path = Path(scratch) / f"step-{step.number}"
            write_tree(checker.trees[step.number], path)
            cache = find_cache(checker.trees[step.number])
            folders.append(ComparedFolder(f"the app after step {step.number}", path, cache))
        start = ComparedFolder("START", checker.ref.start, find_cache(checker.trees[0]))
        comparison = Comparison(start, folders, codelab.function)
        problems = []
        try:
            with comparison:
                for step, folder in zip(working, folders, strict=True):
                    if difference := comparison.first_difference(folder, select(SCENARIOS, quick_only=True)):
                        text = f"in the scenario “{difference.scenario}”, {difference.text}"
                        problems.append(Problem(codelab.page.name, step.line, _with_error(text, difference.error)))
        except UserError as error:
            reasons = [reason for folder in folders if (reason := comparison.error_of(folder))]
            text = f"an app does not run after a step with “Works: yes”: {error}"
            problems.append(Problem(codelab.page.name, track.line, _with_error(text, *reasons)))
        return problems, len(folders)


def _with_error(text: str, *errors: str | None) -> str:
    return "; ".join([text, *(error for error in errors if error)])
