"""`python -m tests.support.lanes` lists the lanes, and a run checks its selection of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.course import PAIRS
from tests.support.lanes import BY_NAME, LANES, Lane, selection
from tests.support.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine without tools."""
    return Machine(tmp_path)


def line_of(lane: str, machine: Machine) -> str:
    """Run the command and return its line about this lane; lines about tools come before it."""
    return [line for line in machine.run("tests.support.lanes") if line.split(" ")[0] == lane][-1]


def names(machine: Machine) -> list[str]:
    """Return the lanes that can run."""
    return " ".join(machine.run("tests.support.lanes", "--names")).split()


def test_lane_without_a_tool_names_the_command_that_installs_it(machine: Machine) -> None:
    machine.add_program("redis-server", 'echo "Redis server v=7.2.4"')
    assert re.search(r"no openssl; to enable it: (apt|brew) install openssl ", line_of("redis-server", machine))


def test_tools_of_one_package_manager_need_one_command(machine: Machine) -> None:
    line = line_of("redis-server", machine)
    assert re.search(r"no redis-server, no openssl; to enable it: \w+ install \S+ openssl ", line)


def test_lane_with_all_its_tools_can_run(machine: Machine) -> None:
    machine.add_program("redis-server", 'echo "Redis server v=7.2.4"')
    machine.add_program("openssl", 'echo "OpenSSL 3.0.19"')
    assert names(machine) == ["python3", "redis-server"]


def test_only_python3_runs_without_tools(machine: Machine) -> None:
    assert names(machine) == ["python3"]


def test_lane_of_an_emulator_needs_its_component_of_gcloud(machine: Machine) -> None:
    machine.add_program("gcloud", 'echo "Google Cloud SDK 528.0.0"')
    (machine.directory / "VERSION").write_text("528.0.0\n")
    (machine.directory / "platform" / "cloud-datastore-emulator").mkdir(parents=True)
    machine.add_program("java", 'echo "openjdk 21.0.5" >&2')
    printed = machine.run("tests.support.lanes")
    lines = {line.split(" ")[0]: line for line in printed[-len(LANES) :]}
    assert list(lines) == [lane.name for lane in LANES]
    assert "can run" in lines["google-emulator"]
    assert "no cloud-firestore-emulator" in lines["firestore-emulator"]


def test_unknown_lane_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "WANTED", ["python4"])
    error = selection.selection_error()
    assert error
    assert error.startswith("LANES: there is no lane python4; use some of python3, ")


@pytest.mark.parametrize(("wanted", "reason"), [(["all"], None), (["python3"], "not selected (LANES=python3)")])
def test_lane_with_its_tools_runs_if_selected(wanted: list[str], reason: str | None, monkeypatch) -> None:
    monkeypatch.setattr(selection, "WANTED", wanted)
    monkeypatch.setattr(Lane, "missing", None)
    assert selection.why_not_run("browser") == reason


def test_required_lane_that_is_not_selected_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "WANTED", ["python3"])
    monkeypatch.setattr(selection, "REQUIRED", ["browser"])
    assert selection.selection_error() == "REQUIRED_LANES: browser: not selected (LANES=python3)"


def test_redis_lane_has_every_pair_that_uses_redis() -> None:
    pairs = [str(pair) for pair in PAIRS if BY_NAME["redis-server"].takes(pair)]
    assert pairs
    assert pairs == [str(pair) for pair in PAIRS if pair.module == "mod13-memorystore"]
