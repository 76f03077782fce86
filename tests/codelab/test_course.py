"""The READMEs' tracks and declared differences are those that the pairs' tests use."""

from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path

import pytest

from codelab.check.cache import find_cache
from codelab.cli import make_parser
from codelab.readme.course import TrackRef
from codelab.readme.trees import read_tree
from tests.support.course import COURSE, FOLDERS, PAIRS, ROOT, Folder, Pair

PLACES = [pytest.param(ref, id=f"{ref.codelab.module}-{ref.track.start}-{ref.track.finish}") for ref in COURSE.tracks()]


def test_every_pair_of_the_course_has_a_track() -> None:
    tracks = {(ref.codelab.module, ref.track.start, ref.track.finish) for ref in COURSE.tracks()}
    assert tracks == {(pair.module, pair.start.path.name, pair.finish.path.name) for pair in PAIRS}


@pytest.mark.parametrize("ref", PLACES)
def test_git_applies_every_diff_and_arrives_at_finish(ref: TrackRef, tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(ref.start, work, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "init", "--quiet"], cwd=work, check=True)
    for step in ref.track.steps:
        for diff in step.diffs:
            applied = subprocess.run(
                ["git", "apply", "--whitespace=error", "-"],
                input=diff.text,
                text=True,
                cwd=work,
                capture_output=True,
                check=False,
            )
            assert applied.returncode == 0, f"{ref.codelab.module}/README.md:{diff.line}: {applied.stderr}"
    shutil.rmtree(work / ".git")
    compared = subprocess.run(
        ["diff", "-r", "-x", "__pycache__", work, ref.finish], capture_output=True, text=True, check=False
    )
    assert compared.stdout == ""


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=str)
def test_cache_in_the_code_is_the_declared_one(folder: Folder) -> None:
    assert find_cache(read_tree(folder.path)) == folder.cache


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair.declared], ids=str)
def test_readme_explains_declared_difference(pair: Pair) -> None:
    text = COURSE.codelab(pair.module).section("Differences").text
    words = {"caching": "cache", "error pages": "404", "OPTIONS": "OPTIONS"}
    assert [words[difference] for difference in pair.declared if words[difference] not in text] == []


def test_every_module_leads_to_another_until_the_last() -> None:
    course = COURSE
    ref, seen = course.track("mod1"), ["mod1-flask"]
    while (following := course.after(ref)) and following.name not in seen:
        ref = following
        seen.append(ref.name)
    assert {name.partition("/")[0] for name in seen} == set(course.modules)


def test_every_command_is_in_the_texts() -> None:
    texts = "".join((ROOT / page).read_text() for page in ("README.md", "docs/readme-format.md"))
    actions = make_parser()._subparsers._group_actions  # type: ignore[union-attr]
    verbs = next(action.choices for action in actions if isinstance(action, argparse._SubParsersAction))
    assert [verb for verb in verbs if f"make {verb}" not in texts and f"codelab {verb}" not in texts] == []
