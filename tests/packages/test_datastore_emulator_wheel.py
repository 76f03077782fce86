"""The wheel of datastore-emulator, alone in an environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packages.servers import serving
from tests.packages.wheels import Environment

NAME = "datastore-emulator"
EXPORT = r"export (DATASTORE_EMULATOR_HOST=\S+)"
VISIT = """
from google.cloud import datastore

client = datastore.Client(project="demo")
with client.transaction():
    visit = datastore.Entity(client.key("Visit", 1))
    visit["visitor"] = "ann"
    client.put(visit)
print([visit["visitor"] for visit in client.query(kind="Visit").fetch()])
"""

pytestmark = [pytest.mark.wheel, pytest.mark.xdist_group("wheels")]


@pytest.fixture(scope="module")
def environment(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and nothing else."""
    return Environment(tmp_path_factory.mktemp("environments") / "alone", [wheels[NAME]])


def test_wheel_has_at_most_four_direct_dependencies(environment: Environment) -> None:
    assert environment.dependencies(NAME) == {"filelock", "google-cloud-datastore", "grpcio", "h11"}


def test_command_serves_googles_client(environment: Environment, tmp_path: Path) -> None:
    argv = [environment.command("datastore-emulator"), "--host-port", "127.0.0.1:0"]
    with serving(*argv, cwd=tmp_path, pattern=EXPORT) as variable:
        printed = environment.run("/usr/bin/env", variable, environment.command("python"), "-c", VISIT).stdout
    assert printed == "['ann']\n"
