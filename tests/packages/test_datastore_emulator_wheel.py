"""The wheel of datastore-emulator, alone in an environment."""

from __future__ import annotations

import pytest

from tests.packages.wheels import Environment, build_wheel

NAME = "datastore-emulator"

pytestmark = pytest.mark.xdist_group("wheels")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with the wheel and nothing else."""
    wheel = build_wheel(NAME, tmp_path_factory.mktemp("wheels"))
    return Environment(tmp_path_factory.mktemp("environments") / "alone", [wheel])


def test_wheel_has_at_most_four_direct_dependencies(environment: Environment) -> None:
    assert environment.dependencies(NAME) == {"filelock", "google-cloud-datastore", "grpcio", "h11"}
