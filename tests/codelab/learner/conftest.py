"""A course of one's own for each test, so that no copy and no progress meets another's."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codelab.learner.terminal import Learner


@pytest.fixture
def learner(course: Path) -> Learner:
    """Return a learner who has not begun."""
    return Learner(course)
