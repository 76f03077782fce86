"""The judgement of copies whose app decides, as `codelab grade` gives it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from codelab.check import RunResult
from codelab.commands.grade import Grade, describe, grade
from codelab.compare import scenarios
from codelab.compare.session import Session
from codelab.readme.trees import write_tree
from tests.codelab.judge.app_cases import DONE, NOT_DONE, UNDECIDED
from tests.codelab.judge.right_cases import Case
from tests.codelab.learner.hand import edit
from tests.codelab.learner.learner import checker_of
from tests.codelab.learner.running import FEW
from tests.support.course import ROOT

pytestmark = [pytest.mark.app, pytest.mark.xdist_group("judge")]


# Without time-outs, Redis is not stalled: that would take minutes.
IN_ALL_SCENARIOS = {"no time-outs"}


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    with Session() as session:
        yield session


@pytest.fixture(autouse=True)
def _few_scenarios(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.callspec.params["name"] not in IN_ALL_SCENARIOS:
        monkeypatch.setattr(scenarios, "SCENARIOS", FEW)


def judge(case: Case, folder: Path, session: Session) -> Grade:
    place, done, edits = case
    checker = checker_of(ROOT, place)
    write_tree(checker.trees[done], folder)
    edit(folder, edits)
    return grade(checker.ref, folder, checker=checker, session=session)


@pytest.mark.parametrize("name", DONE)
def test_right_copy_is_done(name: str, session: Session, tmp_path: Path) -> None:
    case, steps = DONE[name]
    judged = judge(case, tmp_path, session)
    assert judged.progress.reached == steps, "\n".join(describe(judged))
    assert judged.finished is (steps == len(judged.progress.steps))


@pytest.mark.parametrize("name", NOT_DONE)
def test_wrong_copy_is_not_done(name: str, session: Session, tmp_path: Path) -> None:
    case, steps, words = NOT_DONE[name]
    judged = judge(case, tmp_path, session)
    text = "\n".join(describe(judged))
    assert (judged.progress.reached, judged.finished) == (steps, False), text
    assert words in text


@pytest.mark.parametrize("name", UNDECIDED)
def test_copy_that_cannot_be_decided_here_is_neither_right_nor_wrong(
    name: str, session: Session, tmp_path: Path
) -> None:
    case, words = UNDECIDED[name]
    judged = judge(case, tmp_path, session)
    assert judged.outcome
    assert judged.outcome.result is RunResult.UNDECIDED, "\n".join(describe(judged))
    assert words in judged.outcome.text
    assert not judged.finished
    assert not [line for line in describe(judged) if "misses" in line]
    assert [status.app_works for status in judged.progress.steps if status.app_works is not None] == []
