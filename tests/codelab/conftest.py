"""Fixtures: a course that a test may change, one that tests share, and the `codelab` command on the test's course."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.codelab.command import Answer, run_codelab
from tests.support.course import ROOT

Run = Callable[..., Answer]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Make a copy of the course: all modules, and the other pages."""
    return copy_course(tmp_path / "course")


@pytest.fixture(scope="session")
def session_course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make one copy of the course for all tests that change nothing in it; see `shared_course`."""
    copy = copy_course(tmp_path_factory.mktemp("shared") / "course")
    before = read_files(copy)
    yield copy
    changed = {path for path, _ in before.items() ^ read_files(copy).items()}
    assert not changed, f"a test has changed the course that all share: {sorted(changed)}"


@pytest.fixture
def shared_course(session_course: Path) -> Iterator[Path]:
    """Return a course in which a test may change work/ alone; that is removed after the test."""
    yield session_course
    work = session_course / "work"
    if work.is_dir():
        shutil.rmtree(work)
    else:
        work.unlink(missing_ok=True)


@pytest.fixture
def codelab(course: Path) -> Run:
    """Run the command on the test's course, in this process."""
    return partial(run_codelab, course)


def copy_course(copy: Path) -> Path:
    """Copy the course into this new folder, and return it."""
    copy.mkdir()
    for path in [*ROOT.glob("mod*"), ROOT / "docs", ROOT / "examples", ROOT / "one-app"]:
        shutil.copytree(path, copy / path.name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "LICENSE"]:
        shutil.copy(path, copy)
    return copy


def read_files(folder: Path) -> dict[str, bytes]:
    """Return the content of each file below a folder, by its path."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
