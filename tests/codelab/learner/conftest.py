"""Fixtures: a learner with a course of their own, so that tests share no copy and no progress."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codelab.learner.terminal import Learner


@pytest.fixture
def learner(course: Path) -> Learner:
    """Return a learner who has started nothing."""
    return Learner(course)
