"""Fixtures: a learner who has started nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codelab.learner.learner import Learner


@pytest.fixture
def learner(shared_course: Path) -> Learner:
    """Return a learner who has started nothing, in a course of which a test may change work/ alone."""
    return Learner(shared_course)
