"""Fixtures: the `codelab` command as a process, and a course that a test may change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.course import ROOT

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Make a copy of the course: all modules, and the other pages."""
    copy = tmp_path / "course"
    copy.mkdir()
    for path in [*ROOT.glob("mod*"), ROOT / "docs", ROOT / "one-app"]:
        shutil.copytree(path, copy / path.name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "LICENSE"]:
        shutil.copy(path, copy)
    return copy


@pytest.fixture
def codelab(course: Path) -> Run:
    """Run the command on the copy; return its output, with both streams in stdout."""

    def run(*arguments: str, deadline: float = 240) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "codelab", "--course", str(course), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=deadline,
            env={**os.environ, "COLUMNS": "200"},
            check=False,
        )

    return run
