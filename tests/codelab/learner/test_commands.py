"""The learner's commands from the command line to what they print, and that they lose no work.

`tests/codelab/test_commands.py` tests what the commands return, `test_terminal.py` how that is printed.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.codelab.command import Keyboard
from tests.codelab.learner.hand import Delete, Replace, Write
from tests.codelab.learner.learner import Learner


def kept(learner: Learner) -> Path:
    """Return the one copy in work/.kept."""
    (folder,) = (learner.course / "work" / ".kept").iterdir()
    return folder


@pytest.mark.parametrize("command", ["start", "check", "show", "hint", "apply", "reset", "diff", "watch", "next"])
def test_no_codelab_started(learner: Learner, command: str) -> None:
    learner.codelab(command).is_one_line(
        "you have not started a codelab; begin with `make start MOD=mod1-flask` (`make list`"
    )


@pytest.mark.parametrize("command", ["check", "show", "hint", "apply", "reset", "watch"])
def test_deleted_copy_is_reported(learner: Learner, command: str) -> None:
    learner.has_done("mod5-buildpacks", 0)
    learner.copy("mod5-buildpacks").rename(learner.course / "work" / "elsewhere")
    learner.codelab(command).is_one_line(
        "work/mod5-buildpacks: your copy is not there", "`make start MOD=mod5-buildpacks`"
    )


def test_unknown_module_is_reported_with_modules(learner: Learner) -> None:
    learner.codelab("start", "mod6").is_one_line(
        '"mod6": no such module; choose one of mod1-flask, mod2-cloudndb', "`make list`"
    )


def test_unknown_track_is_reported_with_tracks(learner: Learner) -> None:
    learner.codelab("start", "mod2/START-py3").is_one_line("mod2-cloudndb/START, mod2-cloudndb/FINISH")


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


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["show"], ["mod5-buildpacks, step 2 of 3: Name the Python version (3 min)", "+3.14", "You should see"]),
        (["show", "--step", "3"], ["mod5-buildpacks, step 3 of 3: Delete app.yaml"]),
        (["next"], ["mod5-buildpacks, step 2 of 3: Name the Python version"]),
        (["hint"], ["mod5-buildpacks, step 2, Name the Python version:", "The name begins with a dot"]),
        (["hint", "--step", "1"], ["with a capital P and no suffix"]),
        (["list"], ["  mod2-cloudndb ", "* mod5-buildpacks ", "step 1 of 3", "mod13-memorystore"]),
        (["diff", "--to", "work"], ["--- /dev/null", "+++ work/Procfile"]),
        (["diff", "mod5", "--from", "START", "--to", "2"], ["--- /dev/null", "+++ 2/.python-version", "+3.14"]),
        (["check", "--no-run"], ["mod5-buildpacks: 1 of 3 steps are done."]),
    ],
    ids=" ".join,
)
def test_command_is_about_step_to_do_or_what_is_named(learner: Learner, words: list[str], printed: list[str]) -> None:
    learner.has_done("mod5-buildpacks", 1)
    answer = learner.codelab(*words)
    answer.says(*printed)
    assert answer.code == 0


def test_list_works_with_unreadable_file(learner: Learner) -> None:
    learner.makes("mod2-cloudndb", Write("main.py", "def (\n"), after=1)
    answer = learner.codelab("list")
    answer.says("mod2-cloudndb", "step 1 of 5", "mod13-memorystore")
    assert answer.code == 0


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
        "main.py:4: this step and your edits change the same lines", "make apply MOD=mod2-cloudndb OVERWRITE=1"
    )
    assert learner.files("mod2-cloudndb") == before


def test_apply_writes_nothing_if_second_file_conflicts(learner: Learner) -> None:
    learner.makes("mod2-cloudndb", Replace("appengine_config.py", "from google", "import os\nfrom google"), after=1)
    learner.edits("mod2-cloudndb", Replace("appengine_config.py", "vendor.add('lib')", "vendor.add('libs')"))
    before = learner.files("mod2-cloudndb")
    learner.codelab("apply").is_one_line("appengine_config.py:")
    assert learner.files("mod2-cloudndb") == before


def test_apply_refuses_file_that_is_not_utf8(learner: Learner) -> None:
    learner.has_done("mod3-datastore", 1)
    main = learner.copy("mod3-datastore") / "main.py"
    main.write_bytes(main.read_bytes() + b"# caf\xe9\n")
    before = learner.files("mod3-datastore")
    learner.codelab("apply").is_one_line("main.py is not UTF-8")
    assert learner.files("mod3-datastore") == before


@pytest.mark.parametrize(("typed", "goes"), [("yes\n", True), (" Y \n", True), ("\n", False), ("yet\n", False)])
def test_reset_lists_changes_and_asks(learner: Learner, typed: str, goes: bool) -> None:
    learner.makes("mod5-buildpacks", Write("notes.txt", "mine\n"), Replace("main.py", "(10)", "(11)"), after=1)
    answer = learner.codelab("reset", keyboard=Keyboard(typed))
    answer.says("Procfile: new file, 1 line", "main.py: +1 -1 lines", "notes.txt: new file, 1 line", "Reset? [y/N] ")
    assert ("notes.txt" not in learner.files("mod5-buildpacks")) == goes
    if goes:
        answer.says("Your copy is the same as START now. The old one is kept: work/.kept/mod5-buildpacks-")
        assert (kept(learner) / "notes.txt").read_text() == "mine\n"
    else:
        answer.says("Nothing was reset.")
    assert answer.code == (0 if goes else 1)


def test_reset_without_terminal_needs_yes(learner: Learner) -> None:
    learner.has_done("mod5-buildpacks", 1)
    answer = learner.codelab("reset")
    answer.says(
        "reset needs confirmation, and standard input is not a terminal",
        "; `make reset MOD=mod5-buildpacks YES=1` resets without asking",
    )
    assert answer.code == 2
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
    learner.codelab("diff", "--to", "work").says(
        "--- /dev/null", "+++ work/Procfile", "--- START/main.py", "-    ", "fetch_visits(10)", "fetch_visits(11)"
    )


def test_diff_of_unknown_state_is_reported(learner: Learner) -> None:
    for state in ("4", "NOWHERE", "../mod1-flask"):
        learner.codelab("diff", "mod5", "--from", state, "--to", "FINISH").is_one_line(
            f'"{state}" is not a state of mod5-buildpacks; choose one of: work, a step (0 to 3), FINISH, START'
        )
    learner.codelab("diff", "mod5", "--from", "START", "--to", "START").is_one_line(
        'both states are "START"; choose two different ones'
    )
