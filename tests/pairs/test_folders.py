"""The modules' folders: their entries in course.yaml, their files, and the folders that equal another."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from google.appengine.api import appinfo

from tests.support.course import FOLDERS, PAIRS, ROOT, module_names, problems, read_entries

COPIES = [(folder.name, folder.copy_of) for folder in FOLDERS.values() if folder.copy_of]
WITH_CONNECTOR = [folder.name for folder in FOLDERS.values() if folder.cache == "Redis"]


def tracked_files(folder: Path) -> set[str]:
    """Return the folder's files that git has or would add, without what a run left behind."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listing.stdout.split())


@pytest.mark.parametrize("module", [*module_names(), *(name for name in read_entries() if name not in module_names())])
def test_module_is_complete(module: str) -> None:
    found = problems(module)
    assert not found, "\n".join(["the module is not complete:", *found])


@pytest.mark.parametrize("name", FOLDERS)
def test_folder_has_its_platforms_files_and_no_others(name: str) -> None:
    assert tracked_files(ROOT / name) == FOLDERS[name].files


@pytest.mark.parametrize(("later", "earlier"), COPIES)
def test_folder_equals_the_one_it_continues(later: str, earlier: str) -> None:
    assert tracked_files(ROOT / later) == tracked_files(ROOT / earlier)
    for file in tracked_files(ROOT / later):
        assert (ROOT / later / file).read_bytes() == (ROOT / earlier / file).read_bytes(), file


@pytest.mark.parametrize("start", [pair.start.name for pair in PAIRS if pair.start.name != "mod1-flask/START"])
def test_start_is_the_finish_of_a_codelab(start: str) -> None:
    def content(name: str) -> dict[str, bytes]:
        return {file: (ROOT / name / file).read_bytes() for file in tracked_files(ROOT / name)}

    finishes = {pair.finish.name for pair in PAIRS}
    assert [name for name in finishes if content(name) == content(start)], f"no codelab leads to {start}"


@pytest.mark.parametrize("name", [name for name, folder in FOLDERS.items() if "app.yaml" in folder.files])
def test_googles_parser_accepts_app_yaml(name: str) -> None:
    app_yaml = appinfo.LoadSingleAppInfo((ROOT / name / "app.yaml").read_text())
    python27 = "appengine_config.py" in FOLDERS[name].files or name == "mod1-flask/START"
    assert app_yaml.runtime == ("python27" if python27 else "python314")


@pytest.mark.parametrize("name", [name for name, folder in FOLDERS.items() if "requirements.txt" in folder.files])
def test_requirements_are_pinned_exactly(name: str) -> None:
    for line in (ROOT / name / "requirements.txt").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9-]+==[0-9.]+", line), line


@pytest.mark.parametrize("name", FOLDERS)
def test_sample_imports_none_of_our_packages(name: str) -> None:
    text = "".join(path.read_text() for path in (ROOT / name).glob("*.py"))
    assert not re.search(r"localcloud|codelab|datastore_emulator", text)


@pytest.mark.parametrize("name", WITH_CONNECTOR)
def test_address_and_connector_are_impossible_placeholders(name: str) -> None:
    # A host name has no underscore, and the names of projects and regions have no capitals.
    app_yaml = appinfo.LoadSingleAppInfo((ROOT / name / "app.yaml").read_text())
    assert app_yaml.env_variables["REDIS_HOST"] == "REDIS_ADDRESS"
    assert app_yaml.vpc_access_connector.name == "projects/PROJECT_ID/locations/REGION/connectors/visitme"
