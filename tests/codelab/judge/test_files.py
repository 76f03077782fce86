"""The judgement of copies by their files alone: what may be done, what would fail, what a reviewer would remark."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from codelab.check import Progress
from codelab.check.deployable import find_faults
from codelab.readme.course import Course
from codelab.readme.trees import read_tree, write_tree
from tests.codelab.judge.right_cases import RIGHT, Case
from tests.codelab.judge.wrong_cases import FAULTS, REMARKS
from tests.codelab.learner.hand import Delete, Edit, Replace, Write, edit
from tests.codelab.learner.learner import checker_of
from tests.support.course import ROOT

TRACKS = [ref.name for ref in Course(ROOT).tracks()]


def judge(case: Case, folder: Path) -> Progress:
    place, done, edits = case
    checker = checker_of(ROOT, place)
    write_tree(checker.trees[done], folder)
    edit(folder, edits)
    return checker.progress(read_tree(folder))


@pytest.mark.parametrize("name", RIGHT)
def test_right_copy_may_be_done(name: str, tmp_path: Path) -> None:
    progress = judge(RIGHT[name], tmp_path)
    assert (progress.damage, progress.faults) == ((), ())
    assert progress.claimed == RIGHT[name][1], [str(finding) for step in progress.steps for finding in step.findings]


@pytest.mark.parametrize("name", FAULTS)
def test_copy_that_would_fail_where_it_is_deployed_has_a_fault(name: str, tmp_path: Path) -> None:
    case, place, words = FAULTS[name]
    faults = [str(fault) for fault in judge(case, tmp_path).faults]
    assert [fault for fault in faults if fault.startswith(place) and words in fault], faults


@pytest.mark.parametrize(
    ("track", "file"),
    [("mod4-cloudrun", "Dockerfile"), ("mod5-buildpacks", "Procfile"), ("mod11-functions", "main.py")],
)
def test_app_yaml_that_is_rightly_gone_is_no_fault_before_an_open_step(track: str, file: str, tmp_path: Path) -> None:
    steps = len(checker_of(ROOT, track).trees) - 1
    assert judge((track, steps, []), tmp_path / "whole").reached == steps
    progress = judge((track, steps, [Delete(file)]), tmp_path / "open")
    assert (progress.reached < steps, progress.faults) == (True, ())


def test_step_whose_old_line_still_runs_is_not_open(tmp_path: Path) -> None:
    old = "    Visit(visitor='%s: %s' % (remote_addr, user_agent)).put(timeout=10)\n"
    half = [Replace("main.py", "    client.put(visit, timeout=10)\n", old)]
    progress = judge(("mod3-datastore", 2, half), tmp_path)
    assert (progress.claimed, progress.steps[1].begun) == (1, True)


def test_old_line_behind_the_new_one_should_be_gone(tmp_path: Path) -> None:
    new = "    return list(query.fetch(limit, timeout=10))\n"
    old = "    return Visit.query().order(-Visit.timestamp).fetch(limit, timeout=10)\n"
    progress = judge(("mod3-datastore", 3, [Replace("main.py", new, new.replace("return ", "") + old)]), tmp_path)
    assert progress.claimed == 2
    assert f'"{old.strip()}" should be gone after this step' in str(progress.steps[2].findings[-1])


def test_dockerfile_of_another_module_is_the_only_fault(tmp_path: Path) -> None:
    image = Write("Dockerfile", 'FROM python:2.7-slim\nCOPY . .\nCMD ["python", "old.py"]\n')
    progress = judge(("mod5-buildpacks", 3, [image]), tmp_path)
    assert [finding.file for finding in progress.faults] == ["Dockerfile"]


@pytest.mark.parametrize(
    ("track", "edits", "words"),
    [
        (
            "mod4-cloudrun",
            [Replace("Dockerfile", "=1\n", "=1 PROXY_HOPS=3\n")],
            "Dockerfile:2 sets PROXY_HOPS to 3; 1 is",
        ),
        ("mod13-memorystore", [Replace("app.yaml", "PROXY_HOPS: '0'", "PROXY_HOPS: 1")], "sets PROXY_HOPS to 1; 0 is"),
        ("mod13-memorystore", [Replace("app.yaml", "  PROXY_HOPS:", "  HOPS:")], "nothing sets PROXY_HOPS"),
        (
            "mod5-buildpacks",
            [Replace("main.py", "int(os.environ.get('PROXY_HOPS', 1))", "2")],
            "does not read PROXY_HOPS",
        ),
        (
            "mod2-cloudndb/FINISH",
            [Replace("app.yaml", "gunicorn -b :$PORT --threads 8", "waitress-serve --listen=*:$PORT")],
            "waitress removes X-Forwarded-For",
        ),
        ("mod5-buildpacks", [], ""),
    ],
)
def test_wrong_address_is_explained_by_number_of_proxies(
    track: str, edits: Sequence[Edit], words: str, tmp_path: Path
) -> None:
    checker = checker_of(ROOT, track)
    write_tree(checker.trees[-1], tmp_path)
    edit(tmp_path, edits)
    found = checker.explain_addresses(read_tree(tmp_path), len(checker.trees) - 1)
    assert words in found
    assert bool(found) == bool(words)


@pytest.mark.parametrize("name", REMARKS)
def test_choice_of_the_learner_is_remarked_and_no_fault(name: str, tmp_path: Path) -> None:
    case, place, words = REMARKS[name]
    progress = judge(case, tmp_path)
    remarks = [str(remark) for remark in progress.remarks]
    assert [remark for remark in remarks if remark.startswith(place) and words in remark], remarks
    assert (progress.faults, progress.claimed) == ((), case[1])


@pytest.mark.parametrize("track", TRACKS)
def test_states_of_the_course_have_no_faults(track: str) -> None:
    checker = checker_of(ROOT, track)
    for number, tree in enumerate(checker.trees):
        progress = checker.progress(tree)
        assert (progress.reached, progress.claimed, progress.faults) == (number, number, ())
    folders = checker._folders
    # FINISH by itself, without what states of the codelab are allowed.
    assert find_faults(folders[-1], folders[-1], known=set(), goes_to_container=True) == []
    assert [remark for remark in checker.progress(checker.trees[-1]).remarks if "fill in" not in str(remark)] == []
