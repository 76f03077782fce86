"""Folders such as lib/ on Python 2.7: what pip put there is told from what a person wrote or copied there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.runtimes.python27_on_3 import command as python27_on_3
from localcloud.runtimes.python27_real.app_copy import copy_app
from localcloud.runtimes.python27_real.vendored import find_vendor_folder
from tests.support.deadline import DEADLINE

PAYLOAD = Path(python27_on_3.__file__).parent / "payload"
OWN = {"pkg/lib/util.py": "", "templates/lib/page.html": "", "lib/foo.py": "", "lib/vendored/__init__.py": ""}


def write(folder: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def wheel(name: str, version: str, tag: str) -> dict[str, str]:
    """Return the files that pip leaves for a package of one module."""
    metadata = f"{name}-{version}.dist-info"
    return {
        f"{name.lower()}/__init__.py": version,
        f"{metadata}/WHEEL": f"Wheel-Version: 1.0\nTag: {tag}\n",
        f"{metadata}/RECORD": f"{name.lower()}/__init__.py,,\n{metadata}/WHEEL,,\n../../bin/x,,\n",
        f"{metadata}/top_level.txt": f"{name.lower()}\n",
    }


def below(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def copied(tmp_path: Path):
    """Make the copy that runs on a real 2.7, of an app and of the packages that its requirements.txt names."""

    def copied(app: Mapping[str, str], packages: Mapping[str, str]) -> Path:
        directory = write(tmp_path / "app", {"app.yaml": "", **app})
        requirements = (directory / "requirements.txt",) if packages else ()
        plan = LaunchPlan(
            directory / "app.yaml", Platform.APP_ENGINE_PYTHON27, directory, requirements=requirements, python="2.7"
        )
        copy_app(plan, write(tmp_path / "packages", packages), tmp_path / "copy")
        return tmp_path / "copy"

    return copied


def in_lib(files: Mapping[str, str]) -> dict[str, str]:
    return {f"lib/{name}": text for name, text in files.items()}


def test_copy_for_python_27_keeps_own_folders_named_lib(copied) -> None:
    assert below(copied(OWN, {})) == {"app.yaml", *OWN}


def test_copy_without_requirements_keeps_packages_that_pip_installed_for_python_2(copied) -> None:
    packages = in_lib(wheel("Flask", "0.12", "py2.py3-none-any"))
    assert below(copied(packages, {})) == {"app.yaml", *packages}


def test_required_package_takes_the_place_of_the_one_that_pip_put_into_lib(copied) -> None:
    copy = copied(
        {**OWN, **in_lib(wheel("Flask", "0.12", "py2.py3-none-any"))}, wheel("flask", "1.1.4", "py2.py3-none-any")
    )
    assert {"lib/foo.py", "lib/vendored/__init__.py", "pkg/lib/util.py"} <= below(copy)
    assert (copy / "lib" / "flask" / "__init__.py").read_text() == "1.1.4"
    assert [path.name for path in (copy / "lib").glob("*.dist-info")] == ["flask-1.1.4.dist-info"]


def test_package_that_pip_installed_for_python_3_is_left_out(copied) -> None:
    for_3 = in_lib(wheel("blinker", "1.9", "py3-none-any"))
    other = in_lib(wheel("bottle", "0.12", "cp27-cp27mu-manylinux1_x86_64"))
    copy = copied({**for_3, **other}, wheel("flask", "1.1.4", "py2.py3-none-any"))
    assert below(copy) & {*for_3, *other} == {*other}


def test_package_without_a_wheel_is_told_by_its_egg_info(copied) -> None:
    egg = {"lib/webapp2.py": "old", "lib/webapp2-2.5.1-py2.7.egg-info/top_level.txt": "webapp2\n"}
    new = {"webapp2.py": "new", "webapp2-2.5.2-py2.7.egg-info/installed-files.txt": "../webapp2.py\n"}
    copy = copied({**egg, "lib/own.py": ""}, new)
    assert (copy / "lib" / "webapp2.py").read_text() == "new"
    assert below(copy) == {"app.yaml", "lib/own.py", "lib/webapp2.py", f"lib/{list(new)[1]}"}


def test_virtual_environment_of_python_3_is_left_out(copied) -> None:
    assert below(copied({".venv/pyvenv.cfg": "", ".venv/lib/python3.12/site-packages/x.py": ""}, {})) == {"app.yaml"}


@pytest.mark.parametrize(
    ("config", "folder"),
    [
        ("", "lib"),
        ("vendor.add('third_party/py')", "third_party/py"),
        ('vendor.add(os.path.join(os.path.dirname(__file__), "libs"))', "libs"),
        ("# vendor.add('old')\nvendor.add('./new', index=1)", "new"),
    ],
)
def test_packages_go_to_the_folder_that_appengine_config_names(tmp_path: Path, config: str, folder: str) -> None:
    assert find_vendor_folder(write(tmp_path, {"appengine_config.py": config})) == folder


IMPORTS = """
import importlib, json, os, sys
sys.path[:0] = [{payload!r}, {payload!r} + '/ext', 'environment']
import pip_folders, vendor
os.chdir('app')
sys.path[2] = os.path.abspath('../environment')
pip_folders.install(os.getcwd())
sys.path.insert(0, os.getcwd())
{config}
names = {names}
print(json.dumps([getattr(importlib.import_module(name), '__file__', '').split('/')[-3:] for name in names]))
"""


def imported_from(tmp_path: Path, config: str, *names: str) -> list[str]:
    """Return the folder from which an app on Python 3 imports each module."""
    code = IMPORTS.format(payload=str(PAYLOAD), config=config, names=names)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert done.returncode == 0, done.stderr
    return ["/".join(place) for place in json.loads(done.stdout)]


@pytest.mark.parametrize(
    "config", ["vendor.add('lib')", "sys.path.insert(0, 'lib')", "sys.path.insert(0, '../app/lib')"]
)
def test_own_module_in_lib_is_found_on_python_3_and_packages_come_from_the_environment(
    tmp_path: Path, config: str
) -> None:
    for_2 = wheel("flask", "0.12", "py2.py3-none-any") | wheel("enum", "1.1", "py2-none-any")
    write(tmp_path / "app", in_lib({"foo.py": "", "bottle.py": "", **for_2, **wheel("peewee", "2", "py2-none-any")}))
    write(tmp_path / "environment", {"flask/__init__.py": ""})
    assert imported_from(tmp_path, config, "foo", "bottle", "flask", "peewee", "enum") == [
        "app/lib/foo.py",
        "app/lib/bottle.py",
        "environment/flask/__init__.py",
        "lib/peewee/__init__.py",
        imported_from(tmp_path, "", "enum")[0],
    ]


def test_packages_that_pip_put_beside_main_py_come_from_the_environment(tmp_path: Path) -> None:
    write(tmp_path / "app", {"own.py": "", **wheel("flask", "0.12", "py2.py3-none-any")})
    write(tmp_path / "environment", {"flask/__init__.py": ""})
    assert [place.split("/")[-2] for place in imported_from(tmp_path, "", "own", "flask")] == ["app", "flask"]
    assert imported_from(tmp_path, "", "flask") == ["environment/flask/__init__.py"]


@pytest.mark.parametrize("content", [b"\xff\n", b"\0\n", b'"' + b"x" * 200_000], ids=["not UTF-8", "NUL", "too long"])
@pytest.mark.parametrize("file", ["RECORD", "top_level.txt"])
def test_damaged_record_of_a_package_ends_no_app(tmp_path: Path, file: str, content: bytes) -> None:
    write(tmp_path / "app", in_lib({"foo.py": "", **wheel("flask", "0.12", "py2.py3-none-any")}))
    (tmp_path / "app" / "lib" / "flask-0.12.dist-info" / file).write_bytes(content)
    assert imported_from(tmp_path, "vendor.add('lib')", "foo") == ["app/lib/foo.py"]


def test_vendor_folder_that_is_not_there_adds_nothing(tmp_path: Path) -> None:
    write(tmp_path / "app", {"own.py": ""})
    assert imported_from(tmp_path, "vendor.add('lib')", "own") == [f"{tmp_path.name}/app/own.py"]


@pytest.mark.parametrize("place", ["lib", "lib/flask"])
def test_required_package_takes_the_place_of_a_link_that_leads_nowhere(copied, tmp_path: Path, place: str) -> None:
    link = tmp_path / "app" / place
    link.parent.mkdir(parents=True)
    link.symlink_to("nowhere")
    copy = copied({}, wheel("flask", "1.1.4", "py2.py3-none-any"))
    assert (copy / "lib" / "flask" / "__init__.py").read_text() == "1.1.4"


def test_packages_of_a_vendored_virtual_environment_are_found(tmp_path: Path) -> None:
    write(tmp_path / "app", {"venv/lib/python2.7/site-packages/foo.py": ""})
    assert imported_from(tmp_path, "vendor.add('venv')", "foo") == ["python2.7/site-packages/foo.py"]
