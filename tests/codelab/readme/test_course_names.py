"""The names that people type for modules and tracks, and the folders behind them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codelab.errors import CodelabError
from codelab.readme import Course, find_course
from tests.support.course import COURSE, ROOT


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("mod2", "mod2-cloudndb"),
        ("mod2-cloudndb", "mod2-cloudndb"),
        ("mod2-cloudndb/", "mod2-cloudndb"),
        ("mod2-cloudndb/START", "mod2-cloudndb"),
        ("mod2/FINISH", "mod2-cloudndb/FINISH"),
        ("work/mod2-cloudndb", "mod2-cloudndb"),
        ("work/mod2-cloudndb-FINISH", "mod2-cloudndb/FINISH"),
    ],
)
def test_track_is_found_by_name(typed: str, name: str) -> None:
    assert COURSE.track(typed).name == name


def test_track_knows_its_folders() -> None:
    ref = COURSE.track("mod2/FINISH")
    assert ref.copy == ROOT / "work" / "mod2-cloudndb-FINISH"
    assert (ref.start, ref.finish) == (ROOT / "mod2-cloudndb" / "FINISH", ROOT / "mod2-cloudndb" / "FINISH-py3")


def test_unknown_module_is_an_error_with_the_modules() -> None:
    with pytest.raises(CodelabError, match='"mod6": no such module; choose one of mod1-flask, '):
        COURSE.track("mod6")


def test_unknown_folder_of_a_module_is_an_error_with_its_folders() -> None:
    with pytest.raises(CodelabError, match="no codelab starts from this folder; choose one of mod2-cloudndb/START, "):
        COURSE.track("mod2/END")


def test_folder_without_modules_is_no_course(tmp_path: Path) -> None:
    with pytest.raises(CodelabError, match="no modules here"):
        Course(tmp_path)


def test_course_is_found_from_a_folder_in_it() -> None:
    assert find_course(ROOT / "mod2-cloudndb" / "START").root == ROOT


def test_codelab_is_read_again_when_its_readme_changes(tmp_path: Path) -> None:
    readme = tmp_path / "mod2-cloudndb" / "README.md"
    readme.parent.mkdir()
    readme.write_text((ROOT / "mod2-cloudndb" / "README.md").read_text())
    course = Course(tmp_path)
    before = course.codelab("mod2-cloudndb")
    assert course.codelab("mod2-cloudndb") is before
    changed = readme.stat().st_mtime_ns + 1_000_000_000
    readme.write_text(readme.read_text().replace("# Module 2: ", "# Module 2: A ", 1))
    os.utime(readme, ns=(changed, changed))
    assert course.codelab("mod2-cloudndb").title == f"A {before.title}"
