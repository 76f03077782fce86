"""Fixtures: `codelab verify` on a copy of the course."""

from __future__ import annotations

from pathlib import Path

import pytest

from codelab.readme import Course
from codelab.verify.proof import verify
from tests.codelab.verify.verifying import PARSERS, Verified, VerifyTexts


@pytest.fixture
def verify_texts(course: Path, capsys: pytest.CaptureFixture[str]) -> VerifyTexts:
    """Run `codelab verify --no-run` on modules of the copied course, in this process."""

    def run(*modules: str) -> Verified:
        found = Course(course)
        ok = verify(found, list(modules) or found.modules, parsers=PARSERS, run=False)
        return Verified(ok, capsys.readouterr().out)

    return run
