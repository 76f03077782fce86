"""The folders that `codelab run` runs, by their names in a track."""

from __future__ import annotations

from pathlib import Path

import pytest

from codelab.commands.run import plan_run
from codelab.errors import CodelabError
from codelab.readme.course import Course
from codelab.workspace import Workspace
from tests.codelab.command import run_codelab
from tests.codelab.learner.learner import Learner


@pytest.fixture
def course(course: Path) -> Path:
    """Make a course with copies of both tracks of mod12."""
    learner = Learner(course)
    learner.has_done("mod12-memcache", 1)
    learner.has_done("mod12-memcache/START-py3", 1)
    return course


@pytest.mark.parametrize(
    ("track", "sides", "folders"),
    [
        ("mod12-memcache", [], ["mod12-memcache/START", "mod12-memcache/FINISH"]),
        ("mod12-memcache/START-py3", [], ["mod12-memcache/START-py3", "mod12-memcache/FINISH-py3"]),
        ("mod12-memcache", ["work"], ["work/mod12-memcache"]),
        ("mod12-memcache/START-py3", ["work"], ["work/mod12-memcache-START-py3"]),
        ("mod12-memcache", ["work", "FINISH-py3"], ["work/mod12-memcache", "mod12-memcache/FINISH-py3"]),
    ],
)
def test_sides_are_folders_of_the_track(course: Path, track: str, sides: list[str], folders: list[str]) -> None:
    plan = plan_run(Workspace(course), Course(course).track(track), sides)
    assert [folder.relative_to(course).as_posix() for folder in plan.folders] == folders
    assert plan.data == course / ".localcloud" / "mod12-memcache.sqlite3"


@pytest.mark.parametrize("side", ["nowhere", "..", "../mod1-flask/START", "/etc", "", "README.md"])
def test_side_that_is_no_folder_of_the_module_is_refused(course: Path, side: str) -> None:
    with pytest.raises(CodelabError, match=r"choose one of: work, FINISH, FINISH-py3, START, START-py3$"):
        plan_run(Workspace(course), Course(course).track("mod12"), [side])


def test_copy_that_is_not_there_is_reported_with_command(course: Path) -> None:
    run_codelab(course, "run", "mod1", "--side", "work").is_one_line("make one with `make start MOD=mod1-flask`")


@pytest.fixture
def passed_on(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Record what the local cloud is called with, in place of running it."""
    calls: list[list[str]] = []
    monkeypatch.setattr("localcloud.cli.run", lambda words, spell: calls.append(words))
    return calls


def test_run_without_module_is_about_the_current_track(course: Path, passed_on: list[list[str]]) -> None:
    answer = run_codelab(course, "run", "--side", "work")
    answer.says("This is mod12-memcache/START-py3. For another module: make run MOD=MODULE with one of: mod1-flask,")
    assert passed_on[0][:2] == ["run", str(course / "work" / "mod12-memcache-START-py3")]


def test_first_run_of_all_is_of_the_first_module(shared_course: Path, passed_on: list[list[str]]) -> None:
    assert run_codelab(shared_course, "run").code == 0
    assert passed_on[0][1:3] == [str(shared_course / "mod1-flask" / name) for name in ("START", "FINISH")]


def test_options_are_passed_on(course: Path, passed_on: list[list[str]]) -> None:
    options = ["--port", "0", "--data", ":memory:", "--function", "f", "--no-reload", "--python27", "/python2.7"]
    assert run_codelab(course, "run", "mod11", "--side", "FINISH", *options).text == ""
    finish = str(course / "mod11-functions" / "FINISH")
    assert passed_on == [
        ["run", finish, "--function", "f", "--data", ":memory:", *options[:2], *options[-2:], "--no-reload"]
    ]


def test_errors_of_the_local_cloud_name_variables_of_make(course: Path) -> None:
    taken = ("run", "mod5", "--side", "FINISH", "--data", str(course / "nowhere" / "x"))
    run_codelab(course, *taken).is_one_line("choose another file with DATA=")
    assert "choose another file with --data" in run_codelab(course, *taken, by_make=False).text
