"""The judgement of copies without their app, where it would show what the app of another case shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from codelab.check import Progress, will_run
from codelab.commands.grade import describe, grade
from codelab.readme.trees import read_tree, write_tree
from tests.codelab.judge.app_cases import LIKE_OTHERS, NOT_DONE_BY_FILES
from tests.codelab.judge.right_cases import Case
from tests.codelab.learner.hand import edit
from tests.codelab.learner.learner import checker_of
from tests.support.course import ROOT


def make(case: Case, folder: Path) -> Progress:
    place, done, edits = case
    checker = checker_of(ROOT, place)
    write_tree(checker.trees[done], folder)
    edit(folder, edits)
    return checker.progress(read_tree(folder))


@pytest.mark.parametrize("name", LIKE_OTHERS)
def test_copy_is_done_once_its_app_has_shown_it(name: str, tmp_path: Path) -> None:
    case, steps = LIKE_OTHERS[name]
    progress = make(case, tmp_path)
    assert will_run(checker_of(ROOT, case[0]).ref, progress)
    assert progress.claimed == steps
    assert progress.accept(steps).reached == steps


@pytest.mark.parametrize("name", NOT_DONE_BY_FILES)
def test_files_show_that_copy_is_not_done(name: str, tmp_path: Path) -> None:
    case, steps, words = NOT_DONE_BY_FILES[name]
    progress = make(case, tmp_path)
    checker = checker_of(ROOT, case[0])
    judged = grade(checker.ref, tmp_path, run=False, checker=checker)
    assert (progress.reached, judged.finished) == (steps, False)
    assert words in "\n".join(describe(judged))
