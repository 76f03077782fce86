"""The learner's commands at a terminal, except check: what they print, and that they lose no work."""

from __future__ import annotations

from pathlib import Path

import pexpect
import pytest

from tests.codelab.learner.hand import Delete, Replace, Write
from tests.codelab.learner.terminal import Learner, answer_of

DOCKERFILE = "FROM python:3.14-slim\nCMD exec gunicorn -b :$PORT main:app\n"


def kept(learner: Learner) -> Path:
    """Return the one copy in work/.kept."""
    (folder,) = (learner.course / "work" / ".kept").iterdir()
    return folder


@pytest.mark.parametrize("command", ["start", "check", "show", "hint", "apply", "reset", "diff", "watch", "next"])
def test_no_codelab_started(learner: Learner, command: str) -> None:
    learner.codelab(command).is_one_line(
        "you have not started a codelab; begin with `make start MOD=mod1-flask` (`make list`"
    )


@pytest.mark.parametrize("command", ["check", "show", "hint", "apply", "reset", "diff", "watch"])
def test_deleted_copy_is_reported(learner: Learner, command: str) -> None:
    learner.has_done("mod5-buildpacks", 0)
    learner.copy("mod5-buildpacks").rename(learner.course / "elsewhere")
    learner.codelab(command).is_one_line(
        "work/mod5-buildpacks: your copy is not there", "`make start MOD=mod5-buildpacks`"
    )


def test_unknown_module_is_reported_with_modules(learner: Learner) -> None:
    learner.codelab("start", "mod3").is_one_line(
        '"mod3": no such module; choose one of mod1-flask, mod2-cloudndb', "`make list`"
    )


def test_unknown_track_is_reported_with_tracks(learner: Learner) -> None:
    learner.codelab("start", "mod2/START-py3").is_one_line("mod2-cloudndb/START, mod2-cloudndb/FINISH")


def test_start_does_not_overwrite_copy(learner: Learner) -> None:
    learner.makes("mod5-buildpacks", Write("main.py", "mine\n"))
    before = learner.files("mod5-buildpacks")
    learner.codelab("start", "mod5").is_one_line("work/mod5-buildpacks exists already; go on with `make check`")
    assert learner.files("mod5-buildpacks") == before


def test_start_leaves_modules_folder_unchanged(learner: Learner) -> None:
    start = learner.course / "mod5-buildpacks" / "START"
    before = {path: path.read_bytes() for path in start.rglob("*") if path.is_file()}
    learner.makes("mod5-buildpacks", Delete("app.yaml"), after=2)
    assert {path: path.read_bytes() for path in start.rglob("*") if path.is_file()} == before


def test_file_in_place_of_copy_is_reported(learner: Learner) -> None:
    (learner.course / "work").mkdir()
    learner.copy("mod5-buildpacks").write_text("")
    for command in ("start", "check", "reset"):
        learner.codelab(command, "mod5").is_one_line("work/mod5-buildpacks is a file", "move it away")


def test_file_in_place_of_work_is_reported(learner: Learner) -> None:
    (learner.course / "work").write_text("")
    learner.codelab("start", "mod5").is_one_line("cannot write to ", "work", "a file is where a folder should be")


def test_show_prints_step_to_do_now(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    answer = learner.codelab("show")
    answer.says("mod5-buildpacks, step 2 of 3: Name the Python version (3 min)", "+3.14", "You should see")
    assert answer.code == 0
    learner.codelab("next").says("mod5-buildpacks, step 2 of 3: Name the Python version")


def test_show_prints_step_by_number(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    learner.codelab("show", "--step", "3").says("step 3 of 3: Delete app.yaml")
    learner.codelab("show", "--step", "4").is_one_line("mod5-buildpacks has no step 4; its steps are 1 to 3")


def test_hint_is_of_step_to_do_now(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    learner.codelab("hint").says("mod5-buildpacks, step 2, Name the Python version:", "The name begins with a dot")
    learner.codelab("hint", "--step", "1").says("with a capital P and no suffix")


def test_list_shows_progress(learner: Learner) -> None:
    learner.has_done("mod2-cloudndb", 1)
    learner.has_done("mod5-buildpacks", 2)
    rows = {
        line[2:].split()[0]: line
        for line in learner.codelab("list").text.splitlines()
        if line.startswith(("  mod", "* mod"))
    }
    assert rows["mod2-cloudndb"].rstrip().endswith("step 1 of 5")
    assert rows["mod5-buildpacks"].startswith("*")
    assert rows["mod5-buildpacks"].rstrip().endswith("step 2 of 3")
    assert rows["mod1-flask"].rstrip().endswith("-")


def test_list_works_with_unreadable_file(learner: Learner) -> None:
    learner.makes("mod2-cloudndb", Write("main.py", "def (\n"), after=1)
    answer = learner.codelab("list")
    answer.says("mod2-cloudndb", "step 1 of 5", "mod13-memorystore")
    assert answer.code == 0


def test_next_after_last_step_is_next_track(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 3)
    learner.codelab("next").says("All steps of mod5-buildpacks are done.", "make start MOD=mod11-functions")


def test_next_of_new_track_is_start(learner: Learner) -> None:
    learner.codelab("next", "mod5").says("You have not started mod5-buildpacks. Begin: make start MOD=mod5-buildpacks")


def test_steps_in_another_order_are_reported(learner: Learner) -> None:
    learner.makes("mod5-buildpacks", Write(".python-version", "3.14\n"))
    answer = learner.codelab("check")
    answer.says(
        "0 of 3 steps are done.",
        "Step 2, Name the Python version, is done already, although an earlier step is not.",
        "Step 1, Write the start command into a Procfile, is not complete yet:",
    )


def test_apply_keeps_own_edits(learner: Learner) -> None:
    own = "def health():\n    return 'ok'\n\n\n@app.route('/')\n"
    learner.makes("mod2-cloudndb", Replace("main.py", "@app.route('/')\n", own), after=2)
    answer = learner.codelab("apply")
    answer.says("Step 3, Import Cloud NDB and make a client, is done for you in main.py.", "Your files from before: ")
    text = learner.files("mod2-cloudndb")["main.py"].decode()
    assert own in text
    assert "client = ndb.Client()\n" in text
    assert own in (kept(learner) / "main.py").read_text()


def test_apply_keeps_windows_line_ends(learner: Learner) -> None:
    learner.has_done("mod2-cloudndb", 2)
    main = learner.copy("mod2-cloudndb") / "main.py"
    main.write_bytes(main.read_bytes().replace(b"\n", b"\r\n"))
    assert learner.codelab("apply").code == 0
    text = main.read_bytes()
    assert b"client = ndb.Client()\r\n" in text
    assert text.count(b"\n") == text.count(b"\r\n")
    learner.codelab("check", "--no-run").says("3 of 5 steps are done.")


def test_apply_refuses_conflict(learner: Learner) -> None:
    mine = Replace("main.py", "app = Flask(__name__)", "app = Flask('mine')")
    learner.makes("mod2-cloudndb", mine, after=2)
    before = learner.files("mod2-cloudndb")
    learner.codelab("apply").is_one_line(
        "main.py:4: this step and your edits change the same lines", "make apply OVERWRITE=1"
    )
    assert learner.files("mod2-cloudndb") == before


def test_apply_writes_nothing_if_second_file_conflicts(learner: Learner) -> None:
    learner.makes("mod2-cloudndb", Replace("appengine_config.py", "from google", "import os\nfrom google"), after=1)
    learner.edits("mod2-cloudndb", Replace("appengine_config.py", "vendor.add('lib')", "vendor.add('libs')"))
    before = learner.files("mod2-cloudndb")
    learner.codelab("apply").is_one_line("appengine_config.py:")
    assert learner.files("mod2-cloudndb") == before


def test_apply_refuses_file_that_is_not_utf8(learner: Learner) -> None:
    learner.has_done("mod2-cloudndb", 2)
    main = learner.copy("mod2-cloudndb") / "main.py"
    main.write_bytes(main.read_bytes() + b"# caf\xe9\n")
    before = learner.files("mod2-cloudndb")
    learner.codelab("apply").is_one_line("main.py is not UTF-8")
    assert learner.files("mod2-cloudndb") == before


def test_overwrite_replaces_file_and_keeps_own(learner: Learner) -> None:
    learner.makes("mod4-cloudrun", Write("Dockerfile", DOCKERFILE), after=0)
    before = learner.files("mod4-cloudrun")
    learner.codelab("apply").is_one_line("Dockerfile:1: ")
    answer = learner.codelab("apply", "--overwrite")
    answer.says("Step 1, Describe the container, is done for you in Dockerfile.", "Your files from before: work/.kept/")
    assert b"pip install" in learner.files("mod4-cloudrun")["Dockerfile"]
    assert {path.name: path.read_bytes() for path in kept(learner).iterdir() if path.is_file()} == {
        name: content for name, content in before.items() if "/" not in name
    }


def test_apply_after_last_step_is_refused(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 3)
    learner.codelab("apply").is_one_line("mod5-buildpacks: all steps are done already")


@pytest.mark.parametrize(("typed", "goes"), [("y", True), ("yes", True), ("n", False), ("", False)])
def test_reset_lists_changes_and_asks(learner: Learner, typed: str, goes: bool) -> None:
    learner.makes("mod5-buildpacks", Write("notes.txt", "mine\n"), Replace("main.py", "(10)", "(11)"), after=1)
    child = learner.begin("reset")
    child.expect_exact("Reset? [y/N] ")
    asked = child.before or ""
    for change in ("Procfile: new file, 1 line", "main.py: +1 -1 lines", "notes.txt: new file, 1 line"):
        assert change in asked
    child.sendline(typed)
    child.expect(pexpect.EOF)
    answer = answer_of(child)
    assert ("notes.txt" not in learner.files("mod5-buildpacks")) == goes
    if goes:
        answer.says("Your copy is the same as START now. The old one is kept: work/.kept/mod5-buildpacks-")
        assert (kept(learner) / "notes.txt").read_text() == "mine\n"
    else:
        answer.says("Nothing was reset.")
    assert answer.code == (0 if goes else 1)


def test_reset_answered_with_end_of_input_does_nothing(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    child = learner.begin("reset")
    child.expect_exact("Reset? [y/N] ")
    child.sendeof()
    child.expect(pexpect.EOF)
    answer_of(child).says("Nothing was reset.")
    assert "Procfile" in learner.files("mod5-buildpacks")


def test_reset_to_step(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 3)
    learner.codelab("reset", "--step", "1", "--yes").says(
        "Resetting mod5-buildpacks to step 1 removes these changes", "app.yaml: deleted"
    )
    assert {"Procfile", "app.yaml"} < set(learner.files("mod5-buildpacks"))
    assert ".python-version" not in learner.files("mod5-buildpacks")
    learner.codelab("check", "--no-run").says("1 of 3 steps are done.")


def test_reset_of_unchanged_copy_does_nothing(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 0)
    answer = learner.codelab("reset")
    answer.says("nothing to reset, your copy is the same as START")
    assert answer.code == 0


def test_diff_shows_own_changes(learner: Learner) -> None:
    learner.makes("mod5-buildpacks", Replace("main.py", "fetch_visits(10)", "fetch_visits(11)"), after=1)
    learner.codelab("diff").says(
        "--- /dev/null", "+++ work/Procfile", "--- START/main.py", "-    ", "fetch_visits(10)", "fetch_visits(11)"
    )


def test_diff_compares_folders_and_steps(learner: Learner) -> None:
    learner.codelab("diff", "mod5", "--from", "START", "--to", "FINISH").says("--- START/app.yaml", "+++ /dev/null")
    learner.codelab("diff", "mod5", "--from", "1", "--to", "2").says("+++ 2/.python-version", "+3.14")
    learner.codelab("diff", "mod5", "--from", "3", "--to", "FINISH").says(
        "3 and FINISH of mod5-buildpacks are the same"
    )


def test_diff_of_unknown_state_is_reported(learner: Learner) -> None:
    for state in ("4", "NOWHERE", "../mod1-flask"):
        learner.codelab("diff", "mod5", "--from", state, "--to", "FINISH").is_one_line(
            f'"{state}" is not a state of mod5-buildpacks; choose one of: work, a step (0 to 3), FINISH, START'
        )
    learner.codelab("diff", "mod5", "--from", "START", "--to", "START").is_one_line(
        'both states are "START"; choose two different ones'
    )
