"""Steps and diffs on a console: what is copied from it applies, and what is coloured can be read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pexpect
import pytest
from rich.console import Console

from codelab.commands.diff import diff
from codelab.commands.hint import ShownHint
from codelab.commands.show import ShownStep
from codelab.console import print_diff, print_markdown
from codelab.readme.course import Course, TrackRef
from codelab.readme.trees import read_tree, step_trees, write_tree
from codelab.terminal import Terminal
from codelab.workspace import Workspace
from tests.codelab.learner.terminal import begin, end_of
from tests.support.course import COURSE
from tests.support.deadline import DEADLINE

TRACKS = [pytest.param(ref, id=ref.name) for ref in COURSE.tracks()]
WIDTH = 60  # less than many lines of the course
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\]8;[^\x1b]*\x1b\\")
# A diff with what a terminal's layout could change.
ODD = "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n \tone [bold]tab[/bold]\n-\n+" + "long " * 40 + "\r\n \x0cform feed\n"


def print_to(file: StringIO, *, terminal: bool, **more: object) -> Console:
    """Return a console with this output, for a terminal in 256 colours if it is one."""
    options = {"force_terminal": True, "color_system": "256", "no_color": False} if terminal else {}
    return Console(file=file, width=WIDTH, highlight=False, **{**options, **more})  # type: ignore[arg-type]


def apply_with_git(patch: str, folder: Path, *options: str) -> None:
    done = subprocess.run(
        ["git", "apply", *options, "-"], input=patch.encode(), cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, f"{done.stderr.decode()}\n{patch}"


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
@pytest.mark.parametrize("ref", TRACKS)
def test_git_applies_output_of_show(ref: TrackRef, terminal: bool, tmp_path: Path) -> None:
    trees = step_trees(ref.codelab, ref.track)
    shutil.copytree(ref.start, tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path / "app", check=True)
    for step in ref.track.steps:
        printed = StringIO()
        Terminal(print_to(printed, terminal=terminal)).print_step(ShownStep(ref, step))
        apply_with_git(ESCAPES.sub("", printed.getvalue()), tmp_path / "app")
        assert read_tree(tmp_path / "app") == trees[step.number]


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
def test_diff_of_odd_files_applies(terminal: bool, shared_course: Path, tmp_path: Path) -> None:
    ref, workspace = Course(shared_course).track("mod5-buildpacks"), Workspace(shared_course)
    start = read_tree(ref.start)
    mine = {
        **start,
        "main.py": start["main.py"].replace("\n", "\r\n", 3) + "# \x0c form feed\u2028 and no line end",
        "a file with blanks.txt": "\tx\n",
        "empty.py": "",
        "requirements.txt": "flask\n" * 50 + "x" * 400 + "\n",
    }
    del mine["app.yaml"]
    workspace.start(ref, mine)
    printed = StringIO()
    print_diff(print_to(printed, terminal=terminal), diff(workspace, ref, "START", "work").text)
    write_tree(start, tmp_path)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    apply_with_git(ESCAPES.sub("", printed.getvalue()), tmp_path)
    assert read_tree(tmp_path) == mine
    # And back.
    print_diff(print_to(printed := StringIO(), terminal=False), diff(workspace, ref, "work", "START").text)
    apply_with_git(printed.getvalue(), tmp_path)
    assert read_tree(tmp_path) == start


@pytest.mark.parametrize("terminal", [False, True], ids=["pipe", "terminal"])
def test_diff_is_printed_as_it_is(terminal: bool) -> None:
    printed = StringIO()
    print_diff(print_to(printed, terminal=terminal), ODD)
    assert ESCAPES.sub("", printed.getvalue()) == ODD


def test_markdown_in_pipe_is_printed_as_it_is() -> None:
    printed = StringIO()
    print_markdown(print_to(printed, terminal=False), text := "A *word*, " * 30 + f"\n\n```diff\n{ODD}```\n")
    assert printed.getvalue() == text


def test_colours_are_those_of_the_terminal() -> None:
    printed = StringIO()
    console = print_to(printed, terminal=True)
    for ref in COURSE.tracks():
        for step in ref.track.steps:
            for diff_fence in step.diffs:
                print_diff(console, diff_fence.text)
    codes = {code for found in re.findall(r"\x1b\[([0-9;]*)m", printed.getvalue()) for code in found.split(";")}
    # Bold, and the terminal's own red, green and cyan: no white, no black, no background, no colour of our choice.
    assert codes == {"0", "1", "31", "32", "36"}


def test_text_of_a_step_has_no_colour_that_depends_on_the_background() -> None:
    printed = StringIO()
    terminal = Terminal(print_to(printed, terminal=True))
    for ref in COURSE.tracks():
        for step in ref.track.steps:
            terminal.print_step(ShownStep(ref, step))
            terminal.print_step(ShownHint(ref, step))
    codes = {code for found in re.findall(r"\x1b\[([0-9;]*)m", printed.getvalue()) for code in found.split(";")}
    # Bold, italic and underlined; red, green, blue, magenta and cyan, which terminals choose to fit. No background.
    assert codes <= {"0", "1", "3", "4", "31", "32", "34", "35", "36"}


def test_no_color_leaves_no_colour() -> None:
    printed = StringIO()
    print_diff(print_to(printed, terminal=True, no_color=True), ODD)
    assert not re.search(r"\x1b\[[0-9;]*3\d", printed.getvalue())


def begin_diff(course: Path, lines: int, **environment: str) -> pexpect.spawn[str]:
    """Type `codelab diff` at a terminal with so many lines, from START to FINISH of mod5."""
    # Without what pytest-xdist sets, which would beat the terminal's size.
    inherited = {name: value for name, value in os.environ.items() if name not in ("LINES", "COLUMNS")}
    return pexpect.spawn(
        sys.executable,
        ["-m", "codelab", "--course", str(course), "diff", "mod5"],
        encoding="utf-8",
        timeout=DEADLINE,
        dimensions=(lines, WIDTH),
        env={**inherited, "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environment},
    )


@pytest.fixture
def pager(tmp_path: Path) -> str:
    """Make a pager that says that it runs; return its path."""
    program = tmp_path / "pager"
    program.write_text("#!/bin/sh\necho PAGED $LESS $*\ncat\necho END\n")
    program.chmod(0o755)
    return str(program)


def test_long_diff_goes_through_the_pager(session_course: Path, pager: str) -> None:
    answer = end_of(begin_diff(session_course, 10, PAGER=f"{pager} -x", LESS=""))
    answer.says("PAGED -R -x", "+++ FINISH/Procfile", "END")
    assert answer.code == 0


def test_short_diff_goes_through_no_pager(session_course: Path, pager: str) -> None:
    answer = end_of(begin_diff(session_course, 100, PAGER=pager))
    answer.says("+++ FINISH/Procfile")
    assert "PAGED" not in answer.text


@pytest.mark.parametrize("pager", ["", "cat", "no-such-program"])
def test_long_diff_without_pager_is_printed(session_course: Path, pager: str) -> None:
    answer = end_of(begin_diff(session_course, 10, PAGER=pager))
    answer.says("+++ FINISH/Procfile", "--- START/app.yaml")
    assert answer.code == 0


def test_pager_that_ends_early_is_no_error(session_course: Path) -> None:
    answer = end_of(begin_diff(session_course, 10, PAGER="true"))
    answer.says()  # no traceback
    assert answer.code == 0


def test_ctrl_c_in_the_pager_is_for_the_pager(session_course: Path, tmp_path: Path) -> None:
    program = tmp_path / "pager"
    program.write_text("#!/bin/sh\ntrap 'echo CAUGHT; exit' INT\necho READY\nwhile :; do sleep 0.1; done\n")
    program.chmod(0o755)
    child = begin_diff(session_course, 10, PAGER=str(program))
    child.expect_exact("READY")
    child.sendintr()
    answer = end_of(child)
    answer.says("CAUGHT")
    assert answer.code == 0


@pytest.mark.skipif(not shutil.which("less"), reason="less is not installed")
def test_less_shows_colours(session_course: Path) -> None:
    child = begin_diff(session_course, 10, PAGER="less", LESS="-i")
    child.expect_exact("\x1b[32m+web: ")
    child.send("q")
    answer = end_of(child)
    assert "PROXY_HOPS" not in answer.text  # below the first page
    assert answer.code == 0


def test_show_at_a_terminal_has_whole_lines(session_course: Path) -> None:
    child = begin(session_course, "show", "mod5", "--step", "1")
    child.setwinsize(24, 40)
    end_of(child).says("+web: gunicorn -b :$PORT --threads 8 --timeout 0 main:app")
