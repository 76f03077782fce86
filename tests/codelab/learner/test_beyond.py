"""Who goes beyond the codelab, or their own way, is told so, and never held up by what the codelab does not ask."""

from __future__ import annotations

import pytest

from tests.codelab.learner.hand import Replace, Write
from tests.codelab.learner.terminal import Learner

HEALTH = """\
@app.route('/health')
def health():
    return 'ok'


"""


def test_more_files_and_routes_do_not_keep_one_from_the_end(learner: Learner) -> None:
    learner.makes(
        "mod5-buildpacks",
        Write("README.md", "# Mine\n"),
        Write("tests/test_main.py", "def test_nothing(:\n"),
        Write("config.yaml", "a: [\n"),
        Replace(
            "main.py",
            "@app.route('/')\n",
            "@app.route('/health')\ndef health():\n    return 'ok'\n\n\n@app.route('/')\n",
        ),
        after=3,
    )
    copy = learner.copy("mod5-buildpacks")
    (copy / "static").mkdir()
    (copy / "static" / "logo.png").write_bytes(b"\x89PNG\xff\xfe\x00")
    answer = learner.codelab("check")
    answer.says("3 of 3 steps are done.", "Well done!", "Other than in FINISH", "main.py: +5 -0 lines")
    answer.says("README.md: a new file", "static/logo.png: a new file", "make start MOD=mod11-functions")
    assert answer.code == 0


def test_who_solves_a_step_in_another_way_is_told_so_at_the_end(learner: Learner) -> None:
    learner.makes(
        "mod11-functions",
        Replace("main.py", "from flask import abort, render_template\n", "from flask import render_template\n"),
        Replace("main.py", "        abort(404)\n", "        return 'Not found', 404\n"),
        Replace(
            "main.py",
            "        abort(405, ['GET', 'HEAD'])\n",
            "        return 'Not allowed', 405, {'Allow': 'GET, HEAD'}\n",
        ),
        after=5,
    )
    answer = learner.codelab("check")
    answer.says("The output is START's", "You went your own way in step 2: main.py:", "Well done!")
    assert answer.code == 0


def test_an_empty_main_py_is_told_when_it_runs(learner: Learner) -> None:
    learner.makes("mod5-buildpacks", Write("main.py", ""), after=1)
    answer = learner.codelab("check")
    answer.says("1 of 3 steps are done.", "found status 50", "Failed to find attribute 'app' in 'main'")
    assert answer.code == 1


@pytest.mark.parametrize(
    ("content", "found"),
    [
        pytest.param(b"\x7fELF\x00\xff", "main.py", id="binary"),
        pytest.param(
            "from flask import caf\u00e9(\n".encode("latin-1"), "main.py:1: expected Python, found ", id="latin-1"
        ),
    ],
)
def test_a_main_py_that_no_one_can_read_is_told(learner: Learner, content: bytes, found: str) -> None:
    learner.has_done("mod5-buildpacks", 1)
    (learner.copy("mod5-buildpacks") / "main.py").write_bytes(content)
    answer = learner.codelab("check")
    answer.says("No step changes these, so mend them first", found)
    assert answer.code == 1


def test_a_folder_of_a_files_name_is_told(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    main = learner.copy("mod5-buildpacks") / "main.py"
    main.unlink()
    main.mkdir()
    learner.codelab("check").says("main.py: expected a file, found a folder")


def test_a_folder_where_a_step_writes_a_file_is_told_in_one_line(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 0)
    (learner.copy("mod5-buildpacks") / "Procfile").mkdir()
    learner.codelab("apply").is_one_line(
        "Procfile: to do the step in it, expected a file, found a folder; move it away"
    )


def test_a_file_that_links_to_nowhere_is_passed_over(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    (learner.copy("mod5-buildpacks") / "link").symlink_to("nowhere")
    learner.codelab("check", "--no-run").says("1 of 3 steps are done.")


def test_line_ends_of_windows_change_nothing(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 2)
    for path in learner.copy("mod5-buildpacks").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    answer = learner.codelab("check")
    answer.says("2 of 3 steps are done.", "The output is START's")
    assert answer.code == 0


def test_memory_that_makes_no_sense_is_forgotten(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    (learner.course / "work" / "progress.txt").write_bytes(b"\xff\xfe\x00")
    learner.codelab("check", "mod5", "--no-run").says("1 of 3 steps are done.")
    learner.codelab("list").says("* mod5-buildpacks")
