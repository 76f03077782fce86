"""`localcloud doctor` lists the tools of this machine, and how to get the others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without tools."""
    return Machine(tmp_path)


def line_of(tool: str, machine: Machine) -> str:
    """Run the command and return its line about this tool."""
    (line,) = (line for line in machine.run("localcloud", "doctor") if line.split(" ")[0] == tool)
    return line


def test_found_tool_is_named_with_its_version_and_path(machine: Machine) -> None:
    program = machine.add_program("redis-server", 'echo "Redis server v=7.2.4 sha=0:0"')
    assert line_of("redis-server", machine).split() == ["redis-server", "7.2.4", "at", str(program)]


def test_missing_tool_comes_with_the_command_that_installs_it(machine: Machine) -> None:
    assert re.search(
        r"not found; to get it: (apt install default-jre-headless|brew install openjdk)$", line_of("java", machine)
    )


def test_tool_that_does_not_start_counts_as_missing(machine: Machine) -> None:
    machine.add_program("java", "exit 1")
    assert "not found" in line_of("java", machine)


def test_emulator_is_found_beside_gcloud(machine: Machine) -> None:
    machine.add_program("gcloud", 'echo "Google Cloud SDK 528.0.0"')
    (machine.directory / "VERSION").write_text("528.0.0\n")
    emulator = machine.directory / "platform" / "cloud-datastore-emulator"
    emulator.mkdir(parents=True)
    assert line_of("cloud-datastore-emulator", machine).split() == [
        "cloud-datastore-emulator",
        "installed",
        "at",
        str(emulator),
    ]
    assert "gcloud components install beta cloud-firestore-emulator" in line_of("cloud-firestore-emulator", machine)


def test_apt_installs_components_of_gcloud_from_apt(machine: Machine) -> None:
    machine.add_program("gcloud", 'echo "Google Cloud SDK 528.0.0"')
    (machine.directory / "VERSION").write_text("528.0.0\n")
    config = machine.directory / "lib" / "googlecloudsdk" / "core" / "config.json"
    config.parent.mkdir(parents=True)
    config.write_text('{"disable_updater": true}')
    assert "install google-cloud-cli-firestore-emulator" in line_of("cloud-firestore-emulator", machine)
