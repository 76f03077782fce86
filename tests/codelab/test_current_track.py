"""The course and the track that a command finds, by where the user is and what he types."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codelab.commands.current_track import find_track
from codelab.errors import CodelabError
from codelab.readme.course import Course, find_course
from codelab.workspace import Workspace
from tests.codelab.learner.learner import Learner
from tests.support.deadline import DEADLINE

CURRENT = "mod5-buildpacks"
TRACK = "mod1-flask/FINISH"
COPY = "work/mod1-flask-FINISH"


@pytest.fixture
def root(shared_course: Path) -> Path:
    """Return a course with a copy of each of two tracks, and one that has the name of its module."""
    learner = Learner(shared_course)
    for name in ("mod1-flask", TRACK, CURRENT):
        learner.has_done(name, 1)
    (shared_course / "work" / "notes").mkdir()
    return shared_course


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (".", CURRENT),
        ("mod1-flask", CURRENT),
        ("mod1-flask/START", CURRENT),
        ("docs", CURRENT),
        ("work", CURRENT),
        ("work/notes", CURRENT),
        ("work/mod1-flask", "mod1-flask"),
        ("work/mod1-flask/templates", "mod1-flask"),
        (COPY, TRACK),
    ],
)
def test_course_and_track_are_found_from_any_folder(root: Path, place: str, name: str) -> None:
    course = find_course(root / place)
    assert course.root == root
    found = find_track(course, Workspace(root), root / place, None)
    assert found
    assert found.name == name


@pytest.mark.parametrize(
    ("place", "typed"),
    [
        (".", TRACK),
        (".", COPY),
        (".", f"{COPY}/"),
        (".", f"{COPY}/templates/index.html"),
        ("work", "mod1-flask-FINISH"),
        ("work/mod5-buildpacks", "../mod1-flask-FINISH"),
        (COPY, "."),
        (f"{COPY}/templates", ".."),
        ("work/mod5-buildpacks", TRACK),
    ],
)
def test_track_is_named_by_its_name_or_by_a_path_of_its_copy(root: Path, place: str, typed: str) -> None:
    found = find_track(Course(root), Workspace(root), root / place, typed)
    assert found
    assert found.name == TRACK


@pytest.mark.parametrize("typed", ["work", "work/notes", "nowhere", "..", "\0", "x" * 5000])
def test_path_of_no_copy_is_refused(root: Path, typed: str) -> None:
    with pytest.raises(CodelabError, match="no such module"):
        find_track(Course(root), Workspace(root), root, typed)


def test_name_beats_path_in_another_copy(root: Path) -> None:
    found = find_track(Course(root), Workspace(root), root / COPY, CURRENT)
    assert found
    assert found.name == CURRENT


def test_no_track_without_a_copy(shared_course: Path) -> None:
    assert find_track(Course(shared_course), Workspace(shared_course), shared_course, None) is None


def test_check_in_a_copy_checks_that_copy(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "codelab", "check", "--no-run"],
        cwd=root / COPY,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert (done.stderr, done.returncode) == ("", 0)
    assert done.stdout.startswith(f"{TRACK}: 1 of ")
