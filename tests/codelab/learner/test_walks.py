"""A learner goes through every track, from `start` to its end, and writes everything in another way.

test_own_ways_that_run.py runs the app that this leads to.
"""

from __future__ import annotations

import pytest

from tests.codelab.learner.hand import Walk
from tests.codelab.learner.learner import Learner
from tests.codelab.learner.walks import WALKS


@pytest.mark.parametrize("walk", WALKS, ids=[walk.place for walk in WALKS])
def test_steps_written_in_another_way_count(learner: Learner, walk: Walk) -> None:
    answer = learner.codelab("start", walk.place)
    answer.says(f"is your copy of {walk.start}", f"Next is step 1 of {len(walk.steps)}, {walk.steps[0].title}")
    assert answer.code == 0

    for number, step in enumerate(walk.steps, 1):
        learner.edits(walk.place, *step.edits)
        answer = learner.codelab("check", *(["--no-run"] if step.works else []))
        answer.says(f"{walk.place}: {number} of {len(walk.steps)} steps are done.")
        if number < len(walk.steps):
            answer.says(f"Step {number + 1}, {walk.steps[number].title}, is not complete yet:\n  ")
        if not step.works:
            answer.says("The app does not work yet after this step")
        assert answer.code == 0, answer.text
    learner.codelab("next").says(f"All steps of {walk.place} are done.", walk.leads_to)


def test_every_track_has_a_walk(learner: Learner) -> None:
    listed = learner.codelab("list").text
    for walk in WALKS:
        assert f" {walk.place} " in listed
    assert listed.count(" min ") == len(WALKS)
