"""A learner goes through every track, from `start` to "Well done!", and writes everything in another way.

`codelab verify` proves that the app works after each step of the codelab. Here it runs after each step of one track,
and at the end of all.
"""

from __future__ import annotations

import pytest

from tests.codelab.learner import (
    by_hand_mod1,
    by_hand_mod2,
    by_hand_mod4,
    by_hand_mod5,
    by_hand_mod11,
    by_hand_mod12,
    by_hand_mod13,
)
from tests.codelab.learner.hand import Walk
from tests.codelab.learner.terminal import Learner

WALKS = [
    by_hand_mod1.MAIN,
    by_hand_mod1.PORT,
    by_hand_mod2.MAIN,
    by_hand_mod2.PORT,
    by_hand_mod4.MAIN,
    by_hand_mod4.PYTHON_2,
    by_hand_mod5.MAIN,
    by_hand_mod11.MAIN,
    by_hand_mod12.MAIN,
    by_hand_mod12.PYTHON_3,
    by_hand_mod13.MAIN,
    by_hand_mod13.PYTHON_3,
    by_hand_mod13.PORT,
]


@pytest.mark.parametrize("walk", WALKS, ids=[walk.place for walk in WALKS])
def test_track_written_in_another_way_is_finished(learner: Learner, walk: Walk) -> None:
    answer = learner.codelab("start", walk.place)
    answer.says(f"is your copy of {walk.start}", f"Next is step 1 of {len(walk.steps)}, {walk.steps[0].title}")
    assert answer.code == 0

    for number, step in enumerate(walk.steps, 1):
        learner.edits(walk.place, *step.edits)
        last = number == len(walk.steps)
        runs = last or walk.runs_each_step or not step.works
        answer = learner.codelab("check", *([] if runs else ["--no-run"]))
        answer.says(f"{walk.place}: {number} of {len(walk.steps)} steps are done.")
        if not last:
            answer.says(f"Step {number + 1}, {walk.steps[number].title}, is not complete yet:\n  ")
        if runs:
            answer.says("output is the same as START's" if step.works else "The app does not work yet after this step")
        assert answer.code == 0, answer.text
    answer.says(f"Well done! {walk.place} is finished", f"All steps of {walk.place} are done.", walk.leads_to)
    assert "in your own way" not in answer.text, answer.text


def test_every_track_has_a_walk(learner: Learner) -> None:
    listed = learner.codelab("list").text
    for walk in WALKS:
        assert f" {walk.place} " in listed
    assert listed.count(" min ") == len(WALKS)
