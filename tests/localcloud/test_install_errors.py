"""Packages that cannot be installed: the reason in one line, and the Python that the app asks for."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from datastore_emulator.errors import UserError
from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.runtimes import Instance, ServiceAddresses, choose_runtime
from localcloud.runtimes.install_errors import InstallError, describe_failure
from localcloud.runtimes.python3 import environments
from localcloud.runtimes.python3.interpreters import find_interpreter, own_interpreter

# What uv 0.9 prints, shortened.
COMPILER = """
    error: Failed to build `pycrypto==2.6.1`
      cause: The build backend returned an error
      cause: Call to `setuptools.build_meta:__legacy__.build_wheel` failed (exit status: 1)

             [stdout]
             checking for gcc... gcc

             [stderr]
             src/_fastmath.c:33:10: fatal error: longintrepr.h: No such file or directory
             compilation terminated.
             error: Command '['gcc']' returned non-zero exit status 1.

    hint: This error likely indicates that you need to install a library
"""
SETUP = """
    error: Failed to build `mysql-python==1.2.5`
      cause: The build backend returned an error

             [stderr]
             Traceback (most recent call last):
               File "setup_posix.py", line 2, in <module>
                 from ConfigParser import SafeConfigParser
             ModuleNotFoundError: No module named 'ConfigParser'
"""
WORDS = (
    "error: Failed to build `futures==3.4.0`\n\n[stderr]\nThis backport is meant only for Python 2.\nIt works not.\n"
)
VERSIONS = """
    error: No solution found when resolving dependencies
      cause: Because there is no version of flask==99 and you require flask==99, we can conclude that it is not there.
"""


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (
            COMPILER,
            "pycrypto 2.6.1 cannot be built for Python 3.14: fatal error: longintrepr.h: No such file or directory",
        ),
        (
            SETUP,
            "mysql-python 1.2.5 cannot be built for Python 3.14: ModuleNotFoundError: No module named 'ConfigParser'",
        ),
        (WORDS, "futures 3.4.0 cannot be built for Python 3.14: This backport is meant only for Python 2."),
        (VERSIONS, "requirements.txt: cannot be installed for Python 3.14: there is no version of flask==99"),
        (
            "error: Failed to fetch: `https://index/flask/`\n  cause: dns error\n",
            "https://index/flask/ cannot be fetched for Python 3.14: dns error",
        ),
        ("", "requirements.txt: cannot be installed for Python 3.14: the installer printed nothing"),
    ],
)
def test_reason_is_one_line_about_the_package(output: str, reason: str) -> None:
    assert describe_failure("requirements.txt", "3.14", dedent(output)) == reason


def test_whole_output_is_kept_in_the_file_that_the_message_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCALCLOUD_CACHE", str(tmp_path))
    message = str(InstallError("requirements.txt", "3.14", COMPILER))
    assert "\n" not in message
    assert Path(message.rpartition("; the whole log: ")[2]).read_text() == COMPILER


@pytest.mark.parametrize(
    ("python", "platform", "ending"),
    [
        ("3.99", Platform.CLOUD_RUN, "install the other by pyenv or uv (uv python install 3.99)"),
        (
            "2.7",
            Platform.APP_ENGINE_PYTHON27,
            "if it is for Python 2 only, run the app on a real Python 2.7 with --python27",
        ),
        (None, Platform.CLOUD_RUN, ".log"),
    ],
)
def test_another_python_stands_next_to_the_failure_that_it_may_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, python: str | None, platform: Platform, ending: str
) -> None:
    def fail(*_: object) -> None:
        raise InstallError("requirements.txt", "3.11", COMPILER)

    monkeypatch.setenv("LOCALCLOUD_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(environments, "_uv", fail)
    plan = LaunchPlan(tmp_path / "app.yaml", platform, tmp_path, command=("true",), python=python)
    services = ServiceAddresses("demo", "127.0.0.1:1", ("127.0.0.1", 2), "ticket")
    with pytest.raises(UserError) as caught:
        choose_runtime(plan).prepare(plan, services, Instance("app", 8080, tmp_path / "home"), lambda line: None)
    assert ending in str(caught.value).partition(".log")[2] or str(caught.value).endswith(ending)


@pytest.mark.parametrize("variable", ["PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "PATH"])
def test_python_is_found_where_pyenv_and_uv_keep_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    folders = {
        "PYENV_ROOT": ["versions/3.99.2/bin", "versions/3.99.10/bin"],
        "UV_PYTHON_INSTALL_DIR": ["cpython-3.99.2-linux/bin", "cpython-3.99.10-linux/bin"],
        "PATH": ["3.99.10"],
    }
    for name in folders:
        monkeypatch.setenv(name, str(tmp_path / name / ("3.99.10" if name == "PATH" else "")))
    for folder in folders[variable]:
        program = tmp_path / variable / folder / "python3.99"
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho 3.99\n")
        program.chmod(0o755)
    found = find_interpreter("3.99")
    assert found.version == "3.99"
    assert "3.99.10" in found.path


def test_shim_that_does_not_start_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\necho no such version >&2\nexit 127\n")
    shim.chmod(0o755)
    for name in ("PATH", "PYENV_ROOT", "UV_PYTHON_INSTALL_DIR"):
        monkeypatch.setenv(name, str(tmp_path))
    assert find_interpreter("3.99") == own_interpreter()
