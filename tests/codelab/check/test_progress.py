"""Progress: which steps are done, begun or waived, by the files of a copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from codelab.check import Checker, RunResult, run_and_compare, will_run
from codelab.check import checker as checker_module
from tests.codelab.check.tracks import Tree, make_track

# Each of the steps changes a file of its own: START, and what it is after each step.
STATES: list[Tree] = [
    {"a.yaml": "k: 1\n", "b.yaml": "k: 1\n", "c.yaml": "k: 1\n"},
    {"a.yaml": "k: 1\nx: 1\ny: 1\n", "b.yaml": "k: 1\n", "c.yaml": "k: 1\n"},
    {"a.yaml": "k: 1\nx: 1\ny: 1\n", "b.yaml": "k: 1\nx: 1\n", "c.yaml": "k: 1\n"},
    {"a.yaml": "k: 1\nx: 1\ny: 1\n", "b.yaml": "k: 1\nx: 1\n", "c.yaml": "k: 1\nx: 1\n"},
]


@pytest.mark.parametrize(
    ("copy", "reached", "pending", "ahead", "between_steps"),
    [
        (STATES[0], 0, 1, [], True),
        (STATES[1], 1, 2, [], True),
        (STATES[2], 2, 3, [], True),
        (STATES[3], 3, None, [], True),
        ({**STATES[0], "a.yaml": "k: 1\nx: 1\n"}, 0, 1, [], False),
        ({**STATES[0], "b.yaml": STATES[2]["b.yaml"]}, 0, 1, [2], False),
        ({**STATES[3], "a.yaml": "k: 1\n"}, 0, 1, [2, 3], False),
        ({**STATES[3], "b.yaml": "k: 1\n"}, 1, 2, [3], False),
    ],
    ids=[
        "START",
        "after step 1",
        "after step 2",
        "after the last step",
        "half of step 1",
        "step 2 before step 1",
        "all but step 1",
        "all but step 2",
    ],
)
def test_progress_of_a_copy(
    copy: Tree, reached: int, pending: int | None, ahead: list[int], between_steps: bool, tmp_path: Path
) -> None:
    progress = Checker(make_track(tmp_path, *STATES)).progress(copy)
    found = progress.pending.step.number if progress.pending else None
    assert (progress.reached, found) == (reached, pending)
    assert [status.step.number for status in progress.ahead] == ahead
    assert progress.between_steps is between_steps


def test_line_that_a_later_step_replaces_again_is_waived(tmp_path: Path) -> None:
    states = [{"app.yaml": f"service: {name}\n"} for name in ("one", "two", "three")]
    progress = Checker(make_track(tmp_path, *states)).progress(states[-1])
    assert [status.done for status in progress.steps] == [True, True]


def test_removed_line_that_a_later_step_brings_back_is_waived(tmp_path: Path) -> None:
    one, two = {"app.yaml": "a: 1\nb: 1\n"}, {"app.yaml": "a: 1\nc: 1\n"}
    last = {"app.yaml": "a: 1\nb: 1\nd: 1\n"}
    progress = Checker(make_track(tmp_path, one, two, last)).progress(last)
    assert [status.done for status in progress.steps] == [True, True]


def test_file_that_no_step_changes_is_damage_if_it_is_missing(tmp_path: Path) -> None:
    states = [{**state, "main.py": "import flask\n"} for state in STATES]
    progress = Checker(make_track(tmp_path, *states)).progress(STATES[3])
    assert [str(finding) for finding in progress.damage] == ["main.py: this file is missing"]
    assert (progress.reached, progress.in_question) == (2, "step 3")


def test_file_that_no_step_changes_is_damage_if_it_cannot_be_read(tmp_path: Path) -> None:
    states = [{**state, "main.py": "import flask\n"} for state in STATES]
    progress = Checker(make_track(tmp_path, *states)).progress({**states[1], "main.py": "import\n"})
    assert [(finding.file, finding.line) for finding in progress.damage] == [("main.py", 1)]
    assert (progress.reached, progress.in_question) == (0, "step 1")


def test_broken_file_that_a_step_changes_is_a_finding_of_that_step(tmp_path: Path) -> None:
    progress = Checker(make_track(tmp_path, *STATES)).progress({**STATES[3], "b.yaml": "[\n"})
    assert not progress.damage
    assert [[finding.file for finding in status.findings] for status in progress.steps] == [[], ["b.yaml"], []]


def test_file_of_the_learners_own_is_no_finding_even_if_it_cannot_be_read(tmp_path: Path) -> None:
    progress = Checker(make_track(tmp_path, *STATES)).progress({**STATES[3], "mine.py": "import\n"})
    assert (progress.damage, progress.pending) == ((), None)


def test_step_is_open_if_a_call_is_made_in_another_way(tmp_path: Path) -> None:
    before, after = {"main.py": "import json5\n"}, {"main.py": "import redis\nimport json5\nredis.get()\n"}
    checker = Checker(make_track(tmp_path, before, after))
    assert checker.progress({"main.py": "import redis\nimport json5\nredis.mget()\n"}).claimed == 1
    assert checker.progress({"main.py": "import redis\nimport json5\n"}).claimed == 0
    assert checker.progress(before).claimed == 0


@pytest.mark.parametrize(
    "files",
    [
        {"main.py": "from kv import read\n", "kv.py": "import redis\nredis.get()\n"},
        {"main.py": "import kv\nkv.r.get()\n", "kv.py": "import redis as r\n"},
        {"main.py": "from kv import *\nredis.get()\n", "kv.py": "import redis\n"},
        {"main.py": "from lib2 import kv\n", "lib2/__init__.py": "", "lib2/kv.py": "import redis\nredis.get()\n"},
        {
            "main.py": "import lib2\n",
            "lib2/__init__.py": "from .kv import x\n",
            "lib2/kv.py": "import redis\nredis.get()\n",
        },
        {"main.py": "import a\n", "a.py": "import b\n", "b.py": "import a, redis\nredis.get()\n"},
    ],
    ids=["a function", "a module", "everything", "a package", "a relative import", "a circle"],
)
def test_modules_that_main_imports_are_part_of_it(files: Tree, tmp_path: Path) -> None:
    before, after = {"main.py": "import json5\n"}, {"main.py": "import redis\nredis.get()\n"}
    checker = Checker(make_track(tmp_path, before, after))
    assert checker.progress(files).pending is None
    alone = {file: text if file == "main.py" else "" for file, text in files.items()}
    assert checker.progress(alone).reached == 0


def test_old_import_in_a_module_of_the_learners_own_is_found_there(tmp_path: Path) -> None:
    before, after = {"main.py": "import webapp2\n"}, {"main.py": "import flask\n"}
    checker = Checker(make_track(tmp_path, before, after))
    progress = checker.progress({"main.py": "import flask\nimport views\n", "views.py": "\nimport webapp2\n"})
    assert [str(finding) for finding in progress.steps[0].findings] == [
        'views.py:2: "import webapp2" still uses webapp2, which this step removes'
    ]


def test_module_of_the_learners_own_that_is_not_python_is_found(tmp_path: Path) -> None:
    before, after = {"main.py": "import webapp2\n"}, {"main.py": "import flask\n"}
    checker = Checker(make_track(tmp_path, before, after))
    progress = checker.progress({"main.py": "import flask\nimport views\n", "views.py": "import (\n"})
    assert [(finding.file, finding.line) for finding in progress.steps[0].findings] == [("views.py", 1)]


def test_app_decides_about_open_steps_and_fails_the_last_one(tmp_path: Path) -> None:
    before, after = {"main.py": "import json5\n"}, {"main.py": "import redis\nimport json5\nredis.get()\n"}
    progress = Checker(make_track(tmp_path, before, after)).progress({"main.py": "import redis\nredis.mget()\n"})
    assert (progress.reached, progress.accept(1).reached, progress.accept(1).steps[0].in_own_way) == (0, 1, True)
    assert progress.accept(1).reject(1).reached == 0


def test_name_that_a_command_calls_is_a_fact(tmp_path: Path) -> None:
    before, after = {"main.py": "import flask\n"}, {"main.py": "import flask\n\ndef visitme(request):\n    pass\n"}
    ref = make_track(tmp_path, before, after, console="$ gcloud run deploy --function=visitme\n")
    (status,) = Checker(ref).progress(before).steps
    assert [str(finding) for finding in status.findings] == ['main.py: "def visitme(request):" is missing']


@pytest.mark.parametrize(
    ("copy", "works", "result"),
    [
        (STATES[0], True, RunResult.IN_MID_STEP),
        ({**STATES[0], "a.yaml": "k: 1\nx: 1\n"}, True, RunResult.IN_MID_STEP),
        (STATES[1], False, RunResult.NOT_WORKING_YET),
    ],
    ids=["START", "half of a step", "after a step that does not work yet"],
)
def test_copy_is_not_run(copy: Tree, works: bool, result: RunResult, tmp_path: Path) -> None:
    ref = make_track(tmp_path, *STATES, works=works)
    checker = Checker(ref)
    progress = checker.progress(copy)
    assert not will_run(ref, progress)
    assert run_and_compare(checker, progress).result is result


def test_copy_with_damage_is_not_run(tmp_path: Path) -> None:
    ref = make_track(tmp_path, *({**state, "main.py": "import flask\n"} for state in STATES))
    checker = Checker(ref)
    assert run_and_compare(checker, checker.progress(STATES[1])).result is RunResult.IN_MID_STEP


def test_copy_after_a_step_that_works_will_run(tmp_path: Path) -> None:
    ref = make_track(tmp_path, *STATES)
    assert will_run(ref, Checker(ref).progress(STATES[1]))


def test_each_file_of_a_copy_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checker = Checker(make_track(tmp_path, *STATES))
    read: list[str] = []
    file_facts = checker_module.file_facts
    monkeypatch.setattr(checker_module, "file_facts", lambda file, *rest: read.append(file) or file_facts(file, *rest))
    checker.progress({file: f"{text}mine: 1\n" for file, text in STATES[1].items()})
    assert sorted(read) == ["a.yaml", "b.yaml", "c.yaml"]
