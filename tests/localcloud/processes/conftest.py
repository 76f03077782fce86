"""Fixtures: a process that runs a program of Python, and the lines that it prints."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localcloud.processes.process import Process
from tests.localcloud.processes.programs import Lines


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def run(lines: Lines, tmp_path: Path) -> Iterator[Callable[..., Process]]:
    started = []

    def run(code: str, **env: str) -> Process:
        process = Process("web", [sys.executable, "-u", "-c", code], {**os.environ, **env}, tmp_path, lines)
        started.append(process)
        return process

    yield run
    for process in started:
        process.stop()
