"""The wheels of all packages, built once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.packages.wheels import build_wheel

# A project of its own, run by test_pytest_fixtures.py.
collect_ignore = ["guestbook"]
PACKAGES = ("datastore-emulator", "localcloud", "codelab")


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each package's wheel by its folder in packages/, the lowest package first."""
    directory = tmp_path_factory.mktemp("built")
    return {package: build_wheel(package, directory) for package in PACKAGES}
