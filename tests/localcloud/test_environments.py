"""Cached packages of an app: which change of its requirements makes them new."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.runtimes.python3 import environments
from localcloud.runtimes.python3.environments import ensure_environment
from localcloud.runtimes.python3.interpreters import own_interpreter
from localcloud.runtimes.python27_real import Python27
from localcloud.runtimes.python27_real.packages import ensure_packages


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCALCLOUD_CACHE", str(tmp_path / "cache"))
    # The name of an environment is looked at here, not its packages. The last word of `uv venv` is the directory.
    monkeypatch.setattr(environments, "_uv", lambda words, *_: words[0] != "venv" or Path(words[-1]).mkdir())


@pytest.fixture
def requirements(tmp_path: Path) -> Path:
    """A requirements.txt, to be filled, beside an empty `more.txt`."""
    (tmp_path / "more.txt").write_text("")
    return tmp_path / "requirements.txt"


@pytest.fixture
def python27(tmp_path: Path) -> Python27:
    """A program in place of Python 2.7, whose pip installs nothing."""
    program = tmp_path / "python2.7"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    return Python27(str(program), "2.7.18")


def ensure(requirements: Path) -> Path:
    return ensure_environment(own_interpreter(), [requirements])


@pytest.mark.parametrize("line", ["-r more.txt", "-c ./more.txt", "--requirement=more.txt"])
def test_changed_included_file_makes_another_environment(requirements: Path, line: str) -> None:
    requirements.write_text(f"{line}\n")
    before = ensure(requirements)
    assert ensure(requirements) == before
    requirements.with_name("more.txt").write_text("# changed\n")
    assert ensure(requirements) != before


def test_file_named_in_a_comment_is_not_read(requirements: Path) -> None:
    requirements.write_text("# more with pip install -r gone.txt\n")
    assert ensure(requirements).is_dir()


def test_file_that_includes_itself_by_another_path_is_read_once(requirements: Path) -> None:
    requirements.with_name("sub").mkdir()
    requirements.write_text("-r more.txt\n")
    requirements.with_name("more.txt").write_text("-c sub/../more.txt\n")
    assert ensure(requirements).is_dir()


def test_changed_included_file_makes_other_packages_for_python_2_7(requirements: Path, python27: Python27) -> None:
    requirements.write_text("-r more.txt\n")
    before = ensure_packages(python27, [requirements], [], lambda line: None)
    requirements.with_name("more.txt").write_text("# changed\n")
    assert ensure_packages(python27, [requirements], [], lambda line: None) != before
