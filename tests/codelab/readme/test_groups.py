"""The groups of modules in the repository's README.md."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from codelab.readme.course import Course
from codelab.readme.groups import read_groups
from tests.support.course import ROOT

TABLE = "| module |\n|---|\n| [mod{0}](mod{0}/README.md) |\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    for module in ("mod1-flask", "mod2-cloudndb"):
        (tmp_path / module).mkdir()
        shutil.copy(ROOT / module / "README.md", tmp_path / module)
    return Course(tmp_path)


def write(course: Course, text: str) -> None:
    (course.root / "README.md").write_text(text)


def test_group_has_title_text_and_modules(course: Course) -> None:
    write(
        course,
        "# Course\n\n## The modules\n\nAll of them.\n\n### Start\n\nBegin here.\n\n"
        + TABLE.format("1-flask")
        + "\n### Data\n\nThen this.\n\n"
        + TABLE.format("2-cloudndb")
        + "\n## More\n\n### Not a group\n\n"
        + TABLE.format("1-flask"),
    )
    assert [(group.title, group.text, group.modules) for group in read_groups(course)] == [
        ("Start", "Begin here.", ("mod1-flask",)),
        ("Data", "Then this.", ("mod2-cloudndb",)),
    ]


def test_module_that_the_readme_leaves_out_is_in_a_last_group(course: Course) -> None:
    write(course, "# Course\n\n## The modules\n\n### Start\n\n" + TABLE.format("1-flask"))
    assert [(group.title, group.modules) for group in read_groups(course)] == [
        ("Start", ("mod1-flask",)),
        ("More", ("mod2-cloudndb",)),
    ]


def test_course_without_readme_has_one_group(course: Course) -> None:
    assert [group.modules for group in read_groups(course)] == [("mod1-flask", "mod2-cloudndb")]


def test_every_module_of_this_course_is_in_a_named_group() -> None:
    groups = read_groups(Course(ROOT))
    assert "More" not in [group.title for group in groups]
