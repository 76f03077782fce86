"""Commands that run for a while: watch, and Ctrl-C while apps run."""

from __future__ import annotations

import pexpect
import psutil
import pytest

from tests.codelab.learner.hand import Delete, Write
from tests.codelab.learner.terminal import Learner, answer_of

PROCFILE = Write("Procfile", "web: gunicorn -b :$PORT --threads 8 --timeout 0 main:app\n")
# Seconds; it takes two on a quiet machine.
TICK = 20


def test_watch_reports_step_when_saved(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 0)
    child = learner.begin("watch", "--no-run")
    child.expect_exact("0 of 3 steps are done.")
    learner.edits("mod5-buildpacks", PROCFILE)
    child.expect_exact("1 of 3 steps are done.", timeout=TICK)
    learner.edits("mod5-buildpacks", Write(".python-version", "3.14\n"))
    child.expect_exact("2 of 3 steps are done.", timeout=TICK)
    child.sendintr()
    child.expect(pexpect.EOF)
    answer = answer_of(child)
    answer.is_no_traceback()
    assert answer.code == 0


def test_watch_continues_after_unreadable_file(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    child = learner.begin("watch", "--no-run")
    child.expect_exact("1 of 3 steps are done.")
    learner.edits("mod5-buildpacks", Write("main.py", "def (\n"))
    child.expect_exact("main.py:1: not valid Python", timeout=TICK)
    child.sendintr()
    child.expect(pexpect.EOF)
    assert answer_of(child).code == 0


def test_watch_ends_when_finished(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 2)
    child = learner.begin("watch")
    child.expect_exact("Next is step 3 of 3")
    learner.edits("mod5-buildpacks", Delete("app.yaml"))
    child.expect(pexpect.EOF)
    answer = answer_of(child)
    answer.says("3 of 3 steps are done.", "Well done!")
    assert answer.code == 0


def test_watch_reports_missing_copy(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 0)
    child = learner.begin("watch", "--no-run")
    child.expect_exact("0 of 3 steps are done.")
    learner.copy("mod5-buildpacks").rename(learner.course / "elsewhere")
    child.expect_exact("work/mod5-buildpacks: your copy is not there", timeout=TICK)
    child.expect(pexpect.EOF)
    answer = answer_of(child)
    answer.is_no_traceback()
    assert answer.code == 1


@pytest.mark.parametrize("command", ["check", "watch"])
def test_interrupted_run_leaves_no_process_and_no_traceback(learner: Learner, command: str) -> None:
    learner.has_done("mod5-buildpacks", 1)
    child = learner.begin(command)
    child.expect_exact("sending both the same requests ...")
    started = psutil.Process(child.pid)
    begun: list[psutil.Process] = []
    while not begun and started.is_running():
        begun = started.children(recursive=True)
    child.sendintr()
    child.expect(pexpect.EOF)
    answer = answer_of(child)
    answer.is_no_traceback()
    assert answer.code == (130 if command == "check" else 0)
    _, alive = psutil.wait_procs(begun, timeout=TICK)
    assert not alive
