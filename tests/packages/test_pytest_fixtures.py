"""A user's project with the fixtures, in an environment with the wheel, pytest and Google's clients only."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.packages.conftest import STRICT
from tests.packages.wheels import Environment

pytestmark = [pytest.mark.wheel, pytest.mark.xdist_group("wheels")]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project, so that it is outside of this repository."""
    return shutil.copytree(Path(__file__).parent / "guestbook", tmp_path / "guestbook")


def run_pytest(environment: Environment, project: Path, *arguments: str) -> dict[str, int]:
    """Run the project's tests and return how many there were of each outcome; the test fails if one of them does."""
    ended = environment.run(environment.command("pytest"), *STRICT, *arguments, cwd=project)
    return {outcome: int(count) for count, outcome in re.findall(r"(\d+) (passed|failed|error)", ended.stdout)}


def test_suite_passes_with_nothing_started_and_a_proxy_set(
    guest_environment: Environment, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")  # nothing listens there
    (project / "test_without_datastore.py").unlink()
    assert run_pytest(guest_environment, project) == {"passed": 13}


def test_each_xdist_worker_has_a_server_of_its_own(guest_environment: Environment, project: Path) -> None:
    # With "each", every worker runs every test.
    arguments = ["test_emulator.py", "--tx", "2*popen", "--dist", "each", "--junitxml", "report.xml"]
    assert run_pytest(guest_environment, project, *arguments) == {"passed": 6}
    properties = ElementTree.parse(project / "report.xml").iter("property")
    assert len({found.get("value") for found in properties if found.get("name") == "server"}) == 2


def test_suite_without_fixtures_is_left_alone(guest_environment: Environment, project: Path) -> None:
    assert run_pytest(guest_environment, project, "test_without_datastore.py") == {"passed": 4}


def test_fixtures_are_from_the_plugin(guest_environment: Environment, project: Path) -> None:
    with pytest.raises(AssertionError, match="fixture 'datastore_emulator' not found"):
        run_pytest(guest_environment, project, "-p", "no:datastore_emulator", "test_emulator.py")


def test_pytest_is_no_dependency(guest_environment: Environment) -> None:
    assert "pytest" not in guest_environment.dependencies("datastore-emulator")
