"""Learners who do more than the codelab asks, or solve a step in another way, still get to the end."""

from __future__ import annotations

import pytest

from tests.codelab.learner.hand import Replace, Write
from tests.codelab.learner.terminal import Learner

HEALTH = """\
@app.route('/health')
def health():
    return 'ok'


"""


def test_additional_files_and_routes_do_not_prevent_finish(learner: Learner) -> None:
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
    answer.says("3 of 3 steps are done.", "Well done!", "Your copy differs from FINISH", "main.py: +5 -0 lines")
    answer.says("README.md: new file", "static/logo.png: new file", "make start MOD=mod11-functions")
    assert answer.code == 0


def test_step_solved_in_another_way_is_reported_at_end(learner: Learner) -> None:
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
    answer.says("output is the same as START's", "You solved step 2 in your own way: main.py:", "Well done!")
    assert answer.code == 0


def test_empty_main_py_fails_when_run(learner: Learner) -> None:
    learner.makes("mod5-buildpacks", Write("main.py", ""), after=1)
    answer = learner.codelab("check")
    answer.says("1 of 3 steps are done.", "found status 50", "Failed to find attribute 'app' in 'main'")
    assert answer.code == 1


@pytest.mark.parametrize(
    ("content", "found"),
    [
        pytest.param(b"\x7fELF\x00\xff", "main.py", id="binary"),
        pytest.param("from flask import caf\u00e9(\n".encode("latin-1"), "main.py:1: not valid Python: ", id="latin-1"),
    ],
)
def test_unreadable_main_py_is_reported(learner: Learner, content: bytes, found: str) -> None:
    learner.has_done("mod5-buildpacks", 1)
    (learner.copy("mod5-buildpacks") / "main.py").write_bytes(content)
    answer = learner.codelab("check")
    answer.says("Fix these first, since no step changes them", found)
    assert answer.code == 1


def test_folder_with_name_of_file_is_reported(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    main = learner.copy("mod5-buildpacks") / "main.py"
    main.unlink()
    main.mkdir()
    learner.codelab("check").says("main.py: expected a file, found a folder")


def test_apply_refuses_folder_where_step_writes_file(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 0)
    (learner.copy("mod5-buildpacks") / "Procfile").mkdir()
    learner.codelab("apply").is_one_line("Procfile: expected a file, found a folder; move it away")


def test_link_to_nowhere_is_ignored(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    (learner.copy("mod5-buildpacks") / "link").symlink_to("nowhere")
    learner.codelab("check", "--no-run").says("1 of 3 steps are done.")


def test_windows_line_ends_change_nothing(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 2)
    for path in learner.copy("mod5-buildpacks").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    answer = learner.codelab("check")
    answer.says("2 of 3 steps are done.", "output is the same as START's")
    assert answer.code == 0


def test_invalid_progress_file_is_ignored(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    (learner.course / "work" / "progress.txt").write_bytes(b"\xff\xfe\x00")
    learner.codelab("check", "mod5", "--no-run").says("1 of 3 steps are done.")
    learner.codelab("list").says("* mod5-buildpacks")
