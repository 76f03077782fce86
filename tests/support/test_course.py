"""The reader of course.yaml names what a module lacks."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from codelab.readme.course import find_course
from tests.support.course import (
    PAIRS,
    ROOT,
    CourseError,
    module_names,
    one_pair_per_client,
    problems,
    read_course,
)

ENTRY = """
mod1-flask:
  folders:
    START: {platform: app-engine}
    FINISH: {platform: docker, copy_of: mod2-x/START}
"""
ROW = "| [mod1-flask](mod1-flask/README.md) | from | to | |\n"
Course = Callable[..., Path]


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """Make a course of one module, mod1-flask, that is complete but for the arguments."""

    def make(entry: str = ENTRY, row: str = ROW, readme: str | None = "# Module 1: Flask\n", extra: str = "") -> Path:
        for folder in filter(None, ("START", "FINISH", extra)):
            (tmp_path / "mod1-flask" / folder).mkdir(parents=True)
        if readme is not None:
            (tmp_path / "mod1-flask" / "README.md").write_text(readme)
        (tmp_path / "README.md").write_text(row)
        (tmp_path / "course.yaml").write_text(entry)
        return tmp_path

    return make


def test_complete_module_lacks_nothing(course: Course) -> None:
    assert problems("mod1-flask", course()) == []


def test_module_without_an_entry_is_named(course: Course) -> None:
    assert problems("mod1-flask", course(entry="{}")) == [
        "mod1-flask: no entry in course.yaml; add one with its folders"
    ]


def test_folder_without_an_entry_is_named(course: Course) -> None:
    assert problems("mod1-flask", course(extra="FINISH-py3")) == [
        "mod1-flask/FINISH-py3: not in course.yaml; add it to the folders of mod1-flask"
    ]


def test_entry_without_a_folder_is_named(course: Course) -> None:
    assert problems("mod1-flask", course(entry=ENTRY + "    FINISH-py3: {platform: docker}\n")) == [
        "course.yaml: mod1-flask: FINISH-py3: there is no such folder; remove it"
    ]


def test_entry_without_a_module_is_named(course: Course) -> None:
    assert problems("mod2-x", course()) == ["course.yaml: mod2-x: there is no such folder; remove the entry"]


def test_module_without_a_readme_is_named(course: Course) -> None:
    (problem,) = problems("mod1-flask", course(readme=None))
    assert problem.startswith("mod1-flask: no README.md; ")


def test_module_without_a_row_in_the_table_is_named(course: Course) -> None:
    assert problems("mod1-flask", course(row="")) == [
        "README.md: no row for mod1-flask in the table of modules; add one"
    ]


def test_pairs_are_the_tracks_of_the_readme(course: Course) -> None:
    entry = ENTRY + "    FINISH-py3: {platform: app-engine}\n"
    readme = "# Module 1: Flask\n## Track FINISH to FINISH-py3: Port it\n"
    (module,) = read_course(course(entry=entry, readme=readme, extra="FINISH-py3"))
    assert [str(pair) for pair in module.pairs] == ["mod1-flask-START-FINISH", "mod1-flask-FINISH-FINISH-py3"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("mod1-flask: {folder: {}}", "mod1-flask: unknown key folder; use folders and differences"),
        ("mod1-flask: {folders: {START: {}}}", "mod1-flask/START: no platform; name one of app-engine-python27, "),
        ("mod1-flask: {folders: {START: {platform: cloud}}}", "mod1-flask/START: unknown platform cloud; use "),
        ("mod1-flask: {folders: {START: {port: 1}}}", "mod1-flask/START: unknown key port"),
        (ENTRY + "  differences: {START to END: {}}", "differences: the README has no track START to END"),
        (ENTRY + "  differences: {START to FINISH: {pages: 1}}", "differences: unknown key pages"),
    ],
)
def test_wrong_entry_is_named(course: Course, entry: str, words: str) -> None:
    with pytest.raises(CourseError, match=words):
        read_course(course(entry=entry))


def make_help(folder: Path) -> str:
    """Return what `make help` prints there; the option is for a make that calls make, as `make test-all` does."""
    command = ["make", "--no-print-directory", "help"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_make_knows_every_module() -> None:
    assert make_help(ROOT).endswith(f"MOD is one of: {' '.join(module_names())}\n")


def test_make_knows_a_module_without_a_readme(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "mod6-new" / "START").mkdir(parents=True)
    assert make_help(tmp_path).endswith("MOD is one of: mod6-new\n")


def test_codelab_knows_every_module() -> None:
    assert find_course(ROOT).modules == module_names()


@pytest.mark.parametrize("kind", ["datastore_clients", "cache_clients"])
def test_one_pair_per_client_has_every_client_and_no_pair_in_vain(kind: str) -> None:
    clients = [getattr(pair, kind) for pair in one_pair_per_client(PAIRS, lambda pair: getattr(pair, kind))]
    assert set().union(*clients) == set().union(*(getattr(pair, kind) for pair in PAIRS))
    for number, own in enumerate(clients):
        assert own - set().union(*clients[:number])
