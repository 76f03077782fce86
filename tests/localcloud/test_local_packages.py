"""Packages that requirements.txt or a Dockerfile names by a path in the app's folder."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import httpx
import pytest

from datastore_emulator.errors import UserError
from localcloud import Cloud
from localcloud.launch import read_plan
from localcloud.launch.plan import LaunchPlan, LocalPackages, Platform
from localcloud.runtimes.package_sources import copy_sources
from tests.support.deadline import DEADLINE

SETUP = "from setuptools import setup\nsetup(name='foo', version='1', packages=['foo'], extras_require={'x': []})\n"
FOO = {"vendor/foo/setup.py": SETUP, "vendor/foo/foo/__init__.py": "NAME = 'foo of the folder'\n"}
MAIN = """
import foo

def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [foo.NAME.encode('ascii')]
"""
APP = {"Procfile": "web: gunicorn -b :$PORT main:app\n", "main.py": MAIN, **FOO}
GUNICORN = "gunicorn==27.0.1\n"
PYTHON27 = "runtime: python27\napi_version: 1\nthreadsafe: true\nhandlers:\n- url: .*\n  script: main.app\n"
DOCKERFILE = "FROM python:3.14-slim\nWORKDIR /srv/app\nCOPY . .\nRUN {}\nCMD gunicorn -b :$PORT main:app\n"


# Each line, and the package that it names.
LINES = {
    "./vendor/foo": "vendor/foo",
    "-e ./vendor/foo#egg=foo": "vendor/foo",
    "foo @ file:./vendor/foo": "vendor/foo",
    "vendor/foo[x]": "vendor/foo",
    "-r more/base.txt": "vendor/foo",  # a path in an included file counts from where pip runs, too
    "./wheels/foo-1-py3-none-any.whl": "wheels/foo-1-py3-none-any.whl",
    "foo-1-py3-none-any.whl": "foo-1-py3-none-any.whl",
    "-f wheels\nfoo==1": "wheels",
}
WHEEL = "foo-1-py3-none-any.whl"


def answer(cloud: Cloud, directory: Path) -> str:
    app = cloud.add(directory)
    cloud.start()
    return httpx.get(app.url, timeout=DEADLINE).text


def listing(directory: Path) -> set[str]:
    return {path.relative_to(directory).as_posix() for path in directory.rglob("*")}


@pytest.mark.parametrize("line", LINES)
def test_line_names_what_is_installed_from_the_folder(folder, tmp_path: Path, line: str) -> None:
    files = {**APP, "more/base.txt": "./vendor/foo\n", WHEEL: "", f"wheels/{WHEEL}": ""}
    app = folder({**files, "requirements.txt": f"{GUNICORN}{line}\n"})
    local = read_plan(app, staging=tmp_path / "image").local_packages
    assert local
    assert local.places == (app / LINES[line],)


@pytest.mark.app
def test_package_in_the_folder_is_installed_and_the_folder_stays_as_it_is(folder) -> None:
    line = "-r more/base.txt"
    app = folder({**APP, "requirements.txt": f"{GUNICORN}{line}\n", "more/base.txt": "-e ./vendor/foo#egg=foo\n"})
    before = listing(app)
    with Cloud() as cloud:
        assert answer(cloud, app) == "foo of the folder"
    assert listing(app) == before


@pytest.mark.app
def test_wheel_in_the_folder_is_installed(folder) -> None:
    app = folder({**APP, "requirements.txt": f"{GUNICORN}-f wheels\nfoo==1\n", "wheels/README": ""})
    with zipfile.ZipFile(app / "wheels" / WHEEL, "w") as wheel:
        wheel.writestr("foo.py", "NAME = 'foo of the wheel'\n")
        wheel.writestr("foo-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: foo\nVersion: 1\n")
        wheel.writestr("foo-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("foo-1.dist-info/RECORD", "foo.py,,\n")
    with Cloud() as cloud:
        assert answer(cloud, app) == "foo of the wheel"


COMMANDS = [
    "pip install -r requirements.txt",
    "pip install gunicorn==27.0.1 ./vendor/foo",
    "pip install -r /x.txt -e vendor/foo",
]


def docker_files(command: str) -> dict[str, str]:
    dockerfile = DOCKERFILE.format(command).replace("RUN", "COPY x.txt /\nRUN")
    return {**APP, "requirements.txt": f"{GUNICORN}./vendor/foo\n", "x.txt": GUNICORN, "Dockerfile": dockerfile}


@pytest.mark.parametrize("command", COMMANDS)
def test_command_in_a_dockerfile_names_what_is_installed_from_the_image(folder, tmp_path: Path, command: str) -> None:
    local = read_plan(folder(docker_files(command)), staging=tmp_path / "image").local_packages
    assert local
    assert [place.relative_to(local.root).as_posix() for place in local.places] == ["srv/app/vendor/foo"]


@pytest.mark.app
def test_package_in_a_docker_folder_is_installed(folder) -> None:
    with Cloud() as cloud:
        assert answer(cloud, folder(docker_files(COMMANDS[-1]))) == "foo of the folder"


@pytest.mark.app
@pytest.mark.parametrize("options", [(), pytest.param(("--python27",), marks=pytest.mark.lane("python27"))])
def test_package_in_a_python27_folder_is_installed_again_after_each_save(localcloud, folder, options) -> None:
    config = "from google.appengine.ext import vendor\nvendor.add('lib')\n"
    app = folder(
        {**FOO, "main.py": MAIN, "app.yaml": PYTHON27, "requirements.txt": "-e ./vendor/foo\n"}
        | {"appengine_config.py": config}
    )
    command = localcloud("run", app, *options)
    (url,) = command.urls()
    assert httpx.get(url, timeout=DEADLINE).text == "foo of the folder"
    (app / "vendor" / "foo" / "foo" / "__init__.py").write_text("NAME = 'foo after a save'\n")
    command.wait_for("saved, restarting")
    command.wait_for("restarted")
    assert httpx.get(url, timeout=DEADLINE).text == "foo after a save"


@pytest.mark.app
def test_package_that_cannot_be_built_is_named_by_its_place_in_the_folder(folder) -> None:
    app = folder({**APP, "requirements.txt": "./vendor\n"})
    with Cloud() as cloud, pytest.raises(UserError) as caught:
        answer(cloud, app)
    assert f"{app}/vendor" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_package_is_named_by_line(folder) -> None:
    app = folder({"main.py": "app = 1\n", "requirements.txt": "gunicorn\n-e ./vendor/bar\n"})
    with Cloud() as cloud, pytest.raises(UserError, match=r"requirements.txt:2: ./vendor/bar does not exist; add it"):
        cloud.add(app)


def test_package_that_is_copied_too_late_is_named_with_both_lines(folder) -> None:
    run = "RUN pip install -r requirements.txt"
    dockerfile = f"FROM python:3.14\nWORKDIR /app\nCOPY requirements.txt .\n{run}\nCOPY . .\nCMD x\n"
    app = folder({**APP, "requirements.txt": "./vendor/foo\n", "Dockerfile": dockerfile})
    message = "Dockerfile:4: requirements.txt names ./vendor/foo, which is copied only on line 5; copy it first"
    with Cloud() as cloud, pytest.raises(UserError, match=message):
        cloud.add(app)


def plan_of(directory: Path, files: Mapping[str, str], *places: str) -> LaunchPlan:
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    file = directory / "requirements.txt"
    local = LocalPackages(directory, directory, tuple(directory / place for place in places)) if places else None
    return LaunchPlan(file, Platform.CLOUD_RUN, directory, requirements=(file,), local_packages=local)


def test_copy_holds_the_packages_and_what_is_included_and_nothing_else(tmp_path: Path) -> None:
    text = "-r more/base.txt\n./vendor/foo\n  --editable vendor/foo[x]\n-e git+https://localhost/x#egg=x\n"
    files = {**APP, "requirements.txt": text, "more/base.txt": "-e vendor/foo\n", "vendor/foo/.git/config": ""}
    sources = copy_sources(plan_of(tmp_path / "app", files, "vendor/foo"), tmp_path / "scratch")
    assert sources is not None
    copied = {path.relative_to(sources.copy).as_posix() for path in sources.copy.rglob("*") if path.is_file()}
    assert copied == {"requirements.txt", "more/base.txt", *FOO}
    # Links to the copy would end with it, so packages are installed whole.
    assert sources.requirements[0].read_text() == (
        "-r more/base.txt\n./vendor/foo\n./vendor/foo[x]\n-e git+https://localhost/x#egg=x\n"
    )


def test_folder_without_such_packages_is_not_copied(tmp_path: Path) -> None:
    assert copy_sources(plan_of(tmp_path / "app", {"requirements.txt": "gunicorn\n"}), tmp_path / "scratch") is None
