"""The wheels of all packages, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packages.wheels import Environment, build_wheel

# A project of its own, run by test_pytest_fixtures.py.
collect_ignore = ["guestbook"]
# Warnings are errors, except two of Google's clients: about each Python that is past its end, and about utcnow().
STRICT = [
    *("-W", "error"),
    *("-W", "ignore:You are using a:FutureWarning"),
    *("-W", "ignore::DeprecationWarning:google.cloud.ndb.model"),
]
PACKAGES = ("datastore-emulator", "localcloud", "codelab")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each package's wheel by its folder in packages/, the lowest package first."""
    directory = tmp_path_factory.mktemp("built")
    return {package: build_wheel(package, directory) for package in PACKAGES}


@pytest.fixture(scope="session")
def guest_environment(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment of a user: the Datastore's wheel, pytest and google-cloud-ndb."""
    packages = ["pytest", "pytest-xdist", "google-cloud-ndb"]
    return Environment(tmp_path_factory.mktemp("environments") / "guest", [wheels["datastore-emulator"]], packages)
