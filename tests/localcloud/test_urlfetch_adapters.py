"""Only apps that name requests, requests-toolbelt or urllib3 get the last versions with adapters for urlfetch."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.runtimes.python27_on_3.command import _packages


def pins(tmp_path: Path, named: str) -> list[str]:
    file = tmp_path / "requirements.txt"
    file.write_text(f"{named}\n")
    plan = LaunchPlan(tmp_path / "app.yaml", Platform.APP_ENGINE_PYTHON27, tmp_path, requirements=(file,), python="2.7")
    return [package for package in _packages(plan) if "==" in package]


@pytest.mark.parametrize(
    ("named", "pinned"),
    [
        ("Flask==1.1.4", []),
        ("google-cloud-ndb==1.11.2", []),
        ("urllib3==1.24", ["urllib3==1.26.20"]),
        ("requests==2.18.4", ["requests==2.31.0", "urllib3==1.26.20"]),
        ("requests_toolbelt==0.8.0", ["requests-toolbelt==0.10.1", "requests==2.31.0", "urllib3==1.26.20"]),
    ],
)
def test_versions_are_pinned_for_apps_that_name_them(tmp_path: Path, named: str, pinned: list[str]) -> None:
    assert pins(tmp_path, named) == pinned
