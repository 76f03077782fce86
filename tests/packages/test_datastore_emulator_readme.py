"""The code and the commands in the README of datastore-emulator do what it says."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from datastore_emulator import __all__ as public_names
from datastore_emulator import pytest_plugin
from datastore_emulator.cli import parser
from datastore_emulator.net.ports import free_port
from tests.packages.conftest import STRICT
from tests.packages.servers import serving
from tests.packages.wheels import ROOT, Environment

README = (ROOT / "packages" / "datastore-emulator" / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
TESTS = [block for block in BLOCKS if "def test_" in block]
PROGRAMS = [block for block in BLOCKS if "def test_" not in block]

pytestmark = [pytest.mark.wheel, pytest.mark.xdist_group("wheels")]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda text: re.findall(r"import (\w+)", text)[-1])
def test_program_prints_what_its_comment_says(guest_environment: Environment, program: str) -> None:
    comments = re.findall(r"print\(.*\)  # (.*)", program)
    assert comments
    assert guest_environment.run(guest_environment.command("python"), "-c", program).stdout.splitlines() == comments


def test_tests_pass(guest_environment: Environment, tmp_path: Path) -> None:
    for number, tests in enumerate(TESTS):
        (tmp_path / f"test_readme_{number}.py").write_text(tests, encoding="utf-8")
    printed = guest_environment.run(guest_environment.command("pytest"), *STRICT, cwd=tmp_path).stdout
    assert len(TESTS) == 2  # for each of Google's clients
    assert f"{''.join(TESTS).count('def test_')} passed" in printed


def test_command_prints_what_the_readme_shows(guest_environment: Environment, tmp_path: Path) -> None:
    shown = re.search(r"^\$ datastore-emulator\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert shown
    port = free_port()
    argv = [guest_environment.command("datastore-emulator"), "--host-port", f"127.0.0.1:{port}"]
    with serving(*argv, cwd=tmp_path, pattern=r"(?s)(.*export .*\n)") as printed:
        assert printed.replace(f":{port}", ":8081") == shown[1]


def test_every_option_is_in_the_table() -> None:
    # The text below the table has the options of gcloud; --project is taken for its scripts only.
    groups = [group for group in parser()._action_groups if group.title != "options of gcloud"]
    actions = [action for group in groups for action in group._group_actions]
    options = {option for action in actions for option in action.option_strings} - {"-h", "--help", "--project"}
    assert set(re.findall(r"^\| `(--[a-z-]+)", README, re.MULTILINE)) == options


def test_every_fixture_is_in_the_table() -> None:
    source = inspect.getsource(pytest_plugin)
    fixtures = set(re.findall(r"^@pytest\.fixture.*\ndef (\w+)", source, re.MULTILINE))
    assert fixtures
    assert set(re.findall(r"^\| `([a-z_]+)` \|", README, re.MULTILINE)) == fixtures


def test_every_public_name_is_explained() -> None:
    assert [name for name in public_names if not re.search(rf"`{name}\b", README)] == []
