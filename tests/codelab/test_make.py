"""The targets of the Makefile, called as a person calls them: their exit codes, and what they pass on."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from codelab.readme.course import Course
from codelab.workspace import make_diff_command
from tests.codelab.command import Answer
from tests.codelab.learner.learner import Learner
from tests.support.course import COURSE, ROOT
from tests.support.deadline import DEADLINE


@pytest.fixture
def course(shared_course: Path) -> Path:
    """Share a course that has the tool's environment: a test here changes work/ alone."""
    environment = shared_course / ".venv"
    if not environment.is_symlink():
        environment.symlink_to(ROOT / ".venv")
    return shared_course


def make(course: Path, command: str, **environment: str) -> Answer:
    """Type a command of make at the top of the course, and return its answer."""
    program, *words = shlex.split(command)
    # The environment is there, and is not to be made anew for the copy.
    done = subprocess.run(
        [program, "--no-print-directory", "--old-file=.venv/.ready", *words],
        cwd=course,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))},
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    return Answer(done.stdout, done.returncode)


def test_clone_may_have_any_name_in_the_c_locale(course: Path) -> None:
    database = make(course, "make --print-data-base --dry-run help", LC_ALL="C").text
    assert "\nLC_ALL := C.UTF-8\n" in database


# A command of make after step 1 of mod5 is done, and its exit code: make has 2 for every error. The tests of
# the commands have the other errors of each.
EXIT_CODES = {
    "make start MOD=mod1-flask": 0,
    "make start": 2,
    "make check": 0,
    "make check MOD=mod5": 0,
    "make check MOD=mod1": 2,
    "make next": 0,
    "make show": 0,
    "make show STEP=4": 2,
    "make hint": 0,
    "make hint STEP=4": 2,
    "make apply": 2,  # the step and an edit are in conflict
    "make apply OVERWRITE=1": 0,
    "make reset": 2,  # there is no terminal to ask at
    "make reset YES=1": 0,
    "make reset STEP=4": 2,
    "make watch MOD=mod1": 2,
    "make list": 0,
    "make diff": 0,
    "make diff FROM=2 TO=work": 0,
    "make diff FROM=nowhere": 2,
    "make run SIDE=nowhere": 2,
    "make run PORT=65536": 2,
    "make deploy": 2,
    "make deploy PROJECT=a-project DRY_RUN=1": 0,
    "make deploy MOD=mod9 DRY_RUN=1": 2,
    "make probe": 2,
}


@pytest.mark.parametrize("command", EXIT_CODES)
def test_exit_code_of_make(course: Path, command: str) -> None:
    learner = Learner(course)
    # In mid-step, so that a check runs no app.
    learner.has_done("mod5-buildpacks", 1)
    (learner.copy("mod5-buildpacks") / ".python-version").write_text("2.7\n")
    answer = make(course, command)
    answer.says()  # no traceback
    assert answer.code == EXIT_CODES[command], answer.text
    if answer.code:
        assert re.search(r"^(codelab|make): ", answer.text, re.MULTILINE)
        assert "usage:" not in answer.text


def test_error_of_make_recommends_commands_of_make(course: Path) -> None:
    answer = make(course, "make start MOD=mod2-cloudndb/FINISH")
    answer = make(course, "make start MOD=mod2-cloudndb/FINISH/")  # as a shell completes it
    answer.says("go on with `make check MOD=mod2-cloudndb/FINISH`", "`make reset MOD=mod2-cloudndb/FINISH`")


# Spellings of another meaning of the same word, which these commands had once.
OLD_SPELLINGS = {
    "make start MOD=mod2-cloudndb FROM=FINISH": "FROM is for make diff alone; write MOD=mod2-cloudndb/FINISH",
    "make run MOD=mod12-memcache SIDE=work-START-py3": 'mod12-memcache has no folder "work-START-py3"; choose one of',
    "make diff MOD=mod2-cloudndb TRACK=FINISH": "there is no variable TRACK; write MOD=mod2-cloudndb/FINISH",
}


@pytest.mark.parametrize("command", OLD_SPELLINGS)
def test_word_with_two_meanings_is_refused_with_the_right_one(course: Path, command: str) -> None:
    answer = make(course, command)
    answer.says(OLD_SPELLINGS[command])
    assert answer.code == 2


@pytest.mark.parametrize("track", ["mod5-buildpacks", "mod2-cloudndb/FINISH", "mod4-cloudrun/START-py2"])
def test_suggested_diff_with_finish_shows_own_changes_only(course: Path, track: str) -> None:
    ref = Course(course).track(track)
    Learner(course).has_done(track, len(ref.track.steps))
    (ref.copy / "notes.txt").write_text("mine\n")
    answer = make(course, make_diff_command(ref, ref.track.finish, "work"))
    assert answer.text == "--- /dev/null\n+++ work/notes.txt\n@@ -0,0 +1 @@\n+mine\n"


def test_variables_of_the_environment_change_nothing(course: Path) -> None:
    learner = Learner(course)
    learner.has_done("mod5-buildpacks", 1)
    before = learner.files("mod5-buildpacks")
    make(course, "make reset", YES="1", PORT="x", OVERWRITE="1").says("reset needs confirmation")
    assert learner.files("mod5-buildpacks") == before


DEPLOYS = sorted(
    {
        line.removeprefix("$ ")
        for page in [*COURSE.other_pages(), *(COURSE.codelab(name).page for name in COURSE.modules)]
        for fence in page.consoles
        for _, line in fence.numbered_lines()
        if line.startswith("$ make deploy ") and "DRY_RUN=1" in line
    }
)


@pytest.mark.parametrize("command", [*DEPLOYS, "make deploy MOD=mod4-cloudrun REGION=REGION DRY_RUN=1"])
def test_dry_run_of_the_texts_prints_commands_with_placeholders(course: Path, command: str) -> None:
    answer = make(course, command)
    answer.says("# To deploy:", "gcloud ", "--project=PROJECT_ID")
    assert answer.code == 0


def test_texts_have_a_dry_run() -> None:
    assert DEPLOYS


def test_deployment_with_placeholder_is_refused_with_commands_that_work(course: Path) -> None:
    make(course, "make deploy MOD=mod4-cloudrun PROJECT=PROJECT_ID").says(
        "codelab: PROJECT_ID is a placeholder; give your own value, as in "
        "`make deploy MOD=mod4-cloudrun PROJECT=my-project`; `make deploy MOD=mod4-cloudrun DRY_RUN=1` only prints"
    )
