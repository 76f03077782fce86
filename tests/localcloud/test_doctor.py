"""`localcloud doctor`: what this machine has, which lanes that enables, and how to get what is missing."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Doctor = Callable[..., list[str]]


@pytest.fixture
def tool(tmp_path: Path) -> Callable[[str, str], Path]:
    """Put a program on the PATH of `doctor`: a shell script with this text."""

    def make(name: str, text: str) -> Path:
        program = tmp_path / "programs" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        return program

    return make


@pytest.fixture
def doctor(tmp_path: Path) -> Doctor:
    """Run the command on a machine that has nothing but what `tool` made; return its lines."""

    def run(*arguments: str) -> list[str]:
        environment = {"PATH": str(tmp_path / "programs"), "HOME": str(tmp_path), "PYENV_ROOT": str(tmp_path)}
        command = [sys.executable, "-m", "localcloud", "doctor", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout.splitlines()

    return run


def line_of(name: str, lines: list[str]) -> str:
    """Return the last line about it: tools come first, lanes after them."""
    return [line for line in lines if line.split(" ")[0] == name][-1]


def test_found_tool_is_named_with_its_version_and_path(doctor, tool):
    program = tool("redis-server", 'echo "Redis server v=7.2.4 sha=0:0"')
    line = next(line for line in doctor() if line.startswith("redis-server "))
    assert line.split() == ["redis-server", "7.2.4", "at", str(program)]


def test_missing_tool_comes_with_the_command_that_installs_it(doctor):
    assert re.search(
        r"not found; to get it: (apt install default-jre-headless|brew install openjdk)$", line_of("java", doctor())
    )


def test_tool_that_does_not_start_counts_as_missing(doctor, tool):
    tool("java", "exit 1")
    assert "not found" in line_of("java", doctor())


def test_a_lane_that_lacks_something_says_what_and_the_command_that_gets_it(doctor, tool):
    tool("redis-server", 'echo "Redis server v=7.2.4"')
    assert re.search(r"no openssl; to enable it: (apt|brew) install openssl ", line_of("redis-server", doctor()))


def test_what_one_command_gets_is_one_command(doctor):
    assert re.search(
        r"no redis-server, no openssl; to enable it: \w+ install \S+ openssl ", line_of("redis-server", doctor())
    )


def test_a_lane_that_has_all_it_needs_can_run(doctor, tool):
    tool("redis-server", 'echo "Redis server v=7.2.4"')
    tool("openssl", 'echo "OpenSSL 3.0.19"')
    assert "can run" in line_of("redis-server", doctor())
    assert "redis-server" in doctor("--lanes")[0].split()


def test_without_any_tool_the_lane_of_python_3_is_left(doctor):
    assert doctor("--lanes") == ["python3"]


def test_an_emulator_is_looked_for_beside_gcloud(doctor, tool, tmp_path):
    tool("gcloud", 'echo "Google Cloud SDK 528.0.0"')
    (tmp_path / "VERSION").write_text("528.0.0\n")
    (tmp_path / "platform" / "cloud-datastore-emulator").mkdir(parents=True)
    tool("java", 'echo "openjdk 21.0.5" >&2')
    lanes = doctor("--lanes")[0].split()
    assert "google-emulator" in lanes
    assert "firestore-emulator" not in lanes
    assert "gcloud components install beta cloud-firestore-emulator" in line_of("firestore-emulator", doctor())


def test_where_apt_brought_gcloud_apt_brings_its_components(doctor, tool, tmp_path):
    tool("gcloud", 'echo "Google Cloud SDK 528.0.0"')
    (tmp_path / "VERSION").write_text("528.0.0\n")
    config = tmp_path / "lib" / "googlecloudsdk" / "core" / "config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"disable_updater": true}')
    assert "install default-jre-headless google-cloud-cli-firestore-emulator" in line_of("firestore-emulator", doctor())
