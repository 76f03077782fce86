"""A course of one's own for each test, so that no copy and no progress meets another's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codelab.learner.terminal import Learner

ROOT = Path(__file__).parents[3]


@pytest.fixture
def learner(tmp_path: Path) -> Learner:
    """Return a learner whose course has this one's modules, and an empty work/."""
    course = tmp_path / "course"
    course.mkdir()
    for module in ROOT.glob("mod*-*"):
        (course / module.name).symlink_to(module, target_is_directory=True)
    return Learner(course)
