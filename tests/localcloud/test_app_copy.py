"""The copy of an app that the legacy SDK serves."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.runtimes.python27_real.app_copy import AppCopy, copy_app


@pytest.fixture
def copied(tmp_path: Path):
    def copied(app_yaml: str, *other_files: str) -> AppCopy:
        directory = tmp_path / "app"
        directory.mkdir()
        for name in other_files:
            (directory / name).touch()
        source = directory / "app.yaml"
        source.write_text(app_yaml)
        plan = LaunchPlan(source, Platform.APP_ENGINE_PYTHON27, directory, python="2.7")
        return copy_app(plan, tmp_path / "packages", tmp_path / "copy")

    return copied


@pytest.mark.parametrize(
    ("app_yaml", "one"),
    [
        ("threadsafe: true\n", True),
        ("threadsafe: yes\n", True),
        ("runtime: python\n", False),
        ("threadsafe: false\n", False),
        ("threadsafe: true\nmanual_scaling:\n  instances: 2\n", False),
        ("threadsafe: true\nbasic_scaling:\n  max_instances: 2\n", False),
    ],
)
def test_only_an_app_that_is_threadsafe_and_scales_automatically_has_one_instance(copied, app_yaml, one) -> None:
    assert copied(app_yaml).one_instance == one


def test_keys_that_the_sdk_refuses_are_blanked_in_their_lines(copied) -> None:
    text = "application: <id>\nversion: A B\nruntime: python27\nvpc_access_connector:\n  name: x\nthreadsafe: true\n"
    copy = copied(text)
    assert copy.configurations[0].read_text() == "\n\nruntime: python27\n\n\nthreadsafe: true\n"


def test_sdk_is_started_with_backends(copied) -> None:
    assert [file.name for file in copied("runtime: python\n", "backends.yaml").configurations] == [
        "app.yaml",
        "backends.yaml",
    ]
