"""Packages for Python 2.7, by a pip that is a shell script here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from datastore_emulator.errors import UserError
from localcloud.runtimes.python27_real import Python27, pip_install
from localcloud.runtimes.python27_real.libraries import ensure_libraries

# It installs each package as a file of its name, unless it is one of those that fail.
PIP = """#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
        --target) target=$2; shift ;;
        {fails}) cat >&2 {output}; exit 1 ;;
        *==*) mkdir -p "$target"; touch "$target/$1" ;;
    esac
    shift
done
"""
NO_VERSION = """\
  ERROR: Could not find a version that satisfies the requirement x==2 (from -r app.txt (line 5)) (from versions: 0, 1)
ERROR: No matching distribution found for x==2 (from -r app.txt (line 5))
"""
NO_BUILD = """\
    ERROR: Command errored out with exit status 1:
     command: /usr/bin/python2.7 -c 'import sys, setuptools'
         cwd: /tmp/pip-install-Vpbfox/mysqlclient/
    Complete output (12 lines):
    sh: 1: mysql_config: not found
    Traceback (most recent call last):
      File "<string>", line 1, in <module>
    EnvironmentError: mysql_config not found
    ----------------------------------------
ERROR: Command errored out with exit status 1: python setup.py egg_info Check the logs for full command output.
"""

MakePip = Callable[..., Python27]


@pytest.fixture
def python27(tmp_path: Path) -> MakePip:
    """Make a Python 2.7 whose pip fails, with this output, for the packages of a shell pattern."""

    def make(fails: str = "nothing", output: str = "") -> Python27:
        printed = tmp_path / "output"
        printed.write_text(output)
        program = tmp_path / "python2.7"
        program.write_text(PIP.format(fails=fails, output=printed))
        program.chmod(0o700)
        return Python27(str(program), "2.7.18")

    return make


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (
            NO_VERSION,
            "Could not find a version that satisfies the requirement x==2 (from -r app.txt (line 5))",
        ),
        (NO_BUILD, "mysqlclient does not build: EnvironmentError: mysql_config not found"),
    ],
)
def test_error_of_pip_is_its_reason_in_one_line(python27: MakePip, tmp_path: Path, output: str, reason: str) -> None:
    with pytest.raises(UserError) as caught:
        pip_install(python27("x==1", output), tmp_path / "target", ["x==1"])
    log = tmp_path / "target.log"
    assert str(caught.value) == f"x==1: cannot be installed for Python 2.7; its pip says: {reason} ({log})"
    assert log.read_text() == output


@pytest.fixture
def install(python27: MakePip, tmp_path: Path):
    """Install libraries; return the notes, and what is in each folder of the SDK then."""

    def install(libraries: dict[str, str], **pip: str) -> tuple[tuple[str, ...], dict[str, list[str]]]:
        sdk = tmp_path / "sdk"
        notes = ensure_libraries(python27(**pip), sdk, libraries, lambda line: None)
        folders = [place for place in (sdk / "lib").glob("*") if (place / ".ready").exists()]
        return notes, {
            place.name: sorted(file.name for file in place.iterdir() if file.name != ".ready") for place in folders
        }

    return install


def test_library_goes_where_the_sdk_looks_for_its_version(install) -> None:
    notes, folders = install({"PIL": "latest", "pycrypto": "2.6.1", "jinja2": "2.6"})
    assert (notes, folders) == ((), {"PIL-1.1.7": ["Pillow==6.2.2"], "pycrypto-2.6.1": ["pycrypto==2.6.1"]})


def test_library_brings_those_that_the_sdk_adds_to_it(install) -> None:
    assert set(install({"matplotlib": "latest"})[1]) == {"matplotlib-1.2.0", "numpy-1.6.1"}


def test_library_that_does_not_install_is_a_note_and_no_error(install) -> None:
    (note,), folders = install({"lxml": "latest", "numpy": "latest"}, fails="lxml==*", output=NO_BUILD)
    assert note.startswith('"lxml" in `libraries` is missing, so the app cannot import it: lxml==3.7.3: cannot be ')
    assert list(folders) == ["numpy-1.6.1"]


def test_mysqldb_that_does_not_build_is_another_package_under_its_name(install) -> None:
    notes, folders = install({"MySQLdb": "latest"}, fails="mysqlclient==*", output=NO_BUILD)
    assert (notes, folders) == ((), {"MySQLdb-1.2.5": ["MySQLdb.py", "PyMySQL==0.10.1"]})


def test_library_that_nobody_publishes_is_named(install) -> None:
    assert install({"clearsilver": "latest"}) == (('"clearsilver" in `libraries` is not published for Python 2.7',), {})
