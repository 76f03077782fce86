"""What only a real terminal shows: a track from start to end, questions, Ctrl-C, `watch`, and the end of a command."""

from __future__ import annotations

import psutil
import pytest

from tests.codelab.learner import by_hand_mod5
from tests.codelab.learner.hand import Write
from tests.codelab.learner.learner import Learner
from tests.codelab.learner.terminal import begin, end_of, type_command
from tests.support.deadline import DEADLINE

PROCFILE = Write("Procfile", "web: gunicorn -b :$PORT --threads 8 --timeout 0 main:app\n")


@pytest.mark.app
def test_track_is_finished_at_terminal(learner: Learner) -> None:
    walk = by_hand_mod5.MAIN
    answer = type_command(learner.course, "start", walk.place)
    answer.says(f"work/{walk.place} is your copy of {walk.place}/START", f"Next is step 1 of 3, {walk.steps[0].title}")
    for number, step in enumerate(walk.steps, 1):
        learner.edits(walk.place, *step.edits)
        answer = type_command(learner.course, "check", *(["--no-run"] if number < len(walk.steps) else []))
        answer.says(f"{walk.place}: {number} of 3 steps are done.")
        assert answer.code == 0
    answer.says("output is the same as START's", f"Well done! {walk.place} is finished", walk.leads_to)


@pytest.mark.parametrize(("typed", "goes"), [("y\n", True), ("n\n", False), ("\x04", False)], ids=["y", "n", "Ctrl-D"])
def test_reset_asks_at_terminal(learner: Learner, typed: str, goes: bool) -> None:
    learner.has_done("mod5-buildpacks", 1)
    child = begin(learner.course, "reset")
    child.expect_exact("Reset? [y/N] ")
    child.send(typed)
    answer = end_of(child)
    answer.says("Your copy is the same as START now." if goes else "Nothing was reset.")
    assert answer.code == (0 if goes else 1)
    assert ("Procfile" in learner.files("mod5-buildpacks")) != goes


def test_error_is_one_line_at_terminal(learner: Learner) -> None:
    type_command(learner.course, "check").is_one_line("you have not started a codelab")


def test_watch_reports_step_when_saved_until_ctrl_c(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 0)
    child = begin(learner.course, "watch", "--no-run")
    child.expect_exact("0 of 3 steps are done.")
    learner.edits("mod5-buildpacks", PROCFILE)
    child.expect_exact("1 of 3 steps are done.")
    learner.edits("mod5-buildpacks", Write(".python-version", "3.14\n"))
    child.expect_exact("2 of 3 steps are done.")
    child.sendintr()
    answer = end_of(child)
    answer.says()  # no traceback
    assert answer.code == 0


@pytest.mark.app
@pytest.mark.parametrize("command", ["check", "watch"])
def test_interrupted_run_leaves_no_process_and_no_traceback(learner: Learner, command: str) -> None:
    learner.has_done("mod5-buildpacks", 1)
    child = begin(learner.course, command)
    child.expect_exact("sending both the same requests ...")
    started = psutil.Process(child.pid)
    begun: list[psutil.Process] = []
    while not begun and started.is_running():
        begun = started.children(recursive=True)
    child.sendintr()
    answer = end_of(child)
    answer.says()  # no traceback
    assert answer.code == (130 if command == "check" else 0)
    _, alive = psutil.wait_procs(begun, timeout=DEADLINE)
    assert not alive
