"""The folders themselves: the chain of modules, and the files each platform gets."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from google.appengine.api import appinfo

from tests.pairs.course import CHAIN, PAIRS, ROOT

FOLDERS = sorted({folder for pair in PAIRS for folder in pair.folders})

# What deploys a folder, by the files that must be there and beside which no other may be.
APP_ENGINE_PYTHON27 = {"app.yaml", "appengine_config.py", "requirements.txt", "templates/index.html"}
APP_ENGINE = {"app.yaml", "requirements.txt", "templates/index.html"}
CONTAINER = {"Dockerfile", ".dockerignore", "requirements.txt", "templates/index.html"}
BUILDPACKS = {"Procfile", ".python-version", "requirements.txt", "templates/index.html"}
FUNCTION = {"requirements.txt", "templates/index.html"}
FILES = {
    "mod1-flask/START": {"app.yaml", "index.html"},
    "mod1-flask/FINISH": APP_ENGINE_PYTHON27,
    "mod1-flask/FINISH-py3": APP_ENGINE,
    "mod2-cloudndb/START": APP_ENGINE_PYTHON27,
    "mod2-cloudndb/FINISH": APP_ENGINE_PYTHON27,
    "mod2-cloudndb/FINISH-py3": APP_ENGINE,
    "mod4-cloudrun/START": APP_ENGINE,
    "mod4-cloudrun/FINISH": CONTAINER,
    "mod4-cloudrun/START-py2": APP_ENGINE_PYTHON27,
    "mod4-cloudrun/FINISH-py2": CONTAINER,
    "mod5-buildpacks/START": APP_ENGINE,
    "mod5-buildpacks/FINISH": BUILDPACKS,
    "mod11-functions/START": APP_ENGINE,
    "mod11-functions/FINISH": FUNCTION,
    "mod12-memcache/START": APP_ENGINE_PYTHON27,
    "mod12-memcache/FINISH": APP_ENGINE_PYTHON27,
    "mod12-memcache/START-py3": APP_ENGINE,
    "mod12-memcache/FINISH-py3": APP_ENGINE,
    "mod13-memorystore/START": APP_ENGINE_PYTHON27,
    "mod13-memorystore/FINISH": APP_ENGINE_PYTHON27,
    "mod13-memorystore/START-py3": APP_ENGINE,
    "mod13-memorystore/FINISH-py3": APP_ENGINE | BUILDPACKS,
}


def name_of(folder: Path) -> str:
    return folder.relative_to(ROOT).as_posix()


def tracked_files(folder: Path) -> set[str]:
    """Return the folder's files as git knows them, so that what a run leaves behind does not count."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listing.stdout.split())


def test_every_folder_of_the_course_is_in_a_pair() -> None:
    assert {name_of(folder) for folder in FOLDERS} == set(FILES)
    on_disk = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("mod*/*") if path.is_dir()}
    assert on_disk == set(FILES)


@pytest.mark.parametrize("name", FILES)
def test_folder_holds_its_platforms_files_and_no_others(name: str) -> None:
    assert tracked_files(ROOT / name) == FILES[name] | {"main.py"}


@pytest.mark.parametrize(("later", "earlier"), CHAIN)
def test_start_equals_the_finish_it_says_it_starts_from(later: str, earlier: str) -> None:
    assert tracked_files(ROOT / later) == tracked_files(ROOT / earlier)
    for file in tracked_files(ROOT / later):
        assert (ROOT / later / file).read_bytes() == (ROOT / earlier / file).read_bytes(), file


@pytest.mark.parametrize("name", [name for name in FILES if "app.yaml" in FILES[name]])
def test_app_yaml_is_accepted_by_googles_own_parser(name: str) -> None:
    app_yaml = appinfo.LoadSingleAppInfo((ROOT / name / "app.yaml").read_text())
    python27 = "appengine_config.py" in FILES[name] or name == "mod1-flask/START"
    assert app_yaml.runtime == ("python27" if python27 else "python314")


@pytest.mark.parametrize("name", [name for name in FILES if "requirements.txt" in FILES[name]])
def test_requirements_are_pinned_exactly(name: str) -> None:
    for line in (ROOT / name / "requirements.txt").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9-]+==[0-9.]+", line), line


@pytest.mark.parametrize("name", FILES)
def test_sample_imports_nothing_of_ours(name: str) -> None:
    assert not re.search(r"localcloud|codelab", "".join(path.read_text() for path in (ROOT / name).glob("*.py")))


@pytest.mark.parametrize("name", ["mod13-memorystore/FINISH", "mod13-memorystore/FINISH-py3"])
def test_address_and_connector_are_placeholders_that_cannot_exist(name: str) -> None:
    # A host name has no underscore, and the names of projects and regions have no capitals.
    app_yaml = appinfo.LoadSingleAppInfo((ROOT / name / "app.yaml").read_text())
    assert app_yaml.env_variables["REDIS_HOST"] == "REDIS_ADDRESS"
    assert app_yaml.vpc_access_connector.name == "projects/PROJECT_ID/locations/REGION/connectors/visitme"
