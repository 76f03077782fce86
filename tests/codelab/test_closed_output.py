"""A reader that leaves early, as `head` does, and a full disk, for all programs of the packages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from datastore_emulator.stopping import CLOSED_OUTPUT
from tests.codelab.learner.learner import Learner
from tests.support.deadline import DEADLINE

MODULE = "mod5-buildpacks"
# Each program, and what writes in a way of its own: as it works, through a pager, or until it is stopped.
COMMANDS = [
    "codelab --help",
    "codelab list",
    "codelab check --no-run",
    "codelab apply",
    "codelab diff",
    "codelab watch --no-run",
    "codelab verify mod5 --no-run",
    "codelab serve --port 0",
    "localcloud --help",
    "localcloud doctor",
    "localcloud datastore --host-port 127.0.0.1:0 --data :memory:",
    "datastore_emulator --host-port 127.0.0.1:0",
]


@pytest.fixture
def course(shared_course: Path) -> Path:
    Learner(shared_course).has_done(MODULE, 1)
    return shared_course


def run(course: Path, command: str, output: int, **environment: str) -> tuple[str, int]:
    """Run a command with this output; return what it writes to stderr, and its exit code."""
    program, *words = command.split()
    where = ["--course", str(course)] if program == "codelab" else []
    done = subprocess.run(
        [sys.executable, "-m", program, *where, *words],
        cwd=course / "work",
        env={**os.environ, "PYTHONUNBUFFERED": "", **environment},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    return done.stderr, done.returncode


def run_without_reader(course: Path, command: str, **environment: str) -> tuple[str, int]:
    """Run a command with a pipe that its reader has closed."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        return run(course, command, writing, **environment)
    finally:
        os.close(writing)


@pytest.mark.parametrize("command", COMMANDS)
def test_command_ends_silently_without_a_reader(course: Path, command: str) -> None:
    assert run_without_reader(course, command) == ("", CLOSED_OUTPUT)


@pytest.mark.parametrize("settings", [{"PYTHONUNBUFFERED": "1"}, {"FORCE_COLOR": "1"}], ids=str)
def test_command_ends_silently_with_other_settings(course: Path, settings: dict[str, str]) -> None:
    assert run_without_reader(course, "codelab list", **settings) == ("", CLOSED_OUTPUT)


def test_closed_output_is_no_error_of_make(course: Path) -> None:
    assert run_without_reader(course, "codelab list", CODELAB_CALLED_BY="make") == ("", 0)


def test_error_without_a_reader_of_either_stream_is_silent(course: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", '{ "$@"; echo "exit code $?" >&3; } 3>&1 >&- 2>&-', "sh", sys.executable, "-m", "codelab", "show"],
        cwd=course.parent,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    assert done.stdout.startswith("exit code ")
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "command", ["codelab list", "codelab diff", "localcloud doctor", "datastore_emulator --host-port 127.0.0.1:0"]
)
def test_full_disk_is_reported_in_one_line(course: Path, command: str) -> None:
    with open("/dev/full", "wb") as full:
        error, code = run(course, command, full.fileno())
    program = command.split(maxsplit=1)[0].replace("_", "-")
    assert (error, code) == (f"{program}: cannot write: no space left on device\n", 1)
