"""Commands in messages are those that the user can type, as he has called the program: by make or directly."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from codelab.cli import make_parser
from codelab.invocation import called_as, find_program, spell, suggest
from codelab.readme.course import Course
from codelab.verify.commands import CommandChecker
from tests.codelab.command import Answer, run_codelab
from tests.codelab.learner.learner import Learner

# The arguments of `suggest`, and the command for make and for the program itself.
SUGGESTED = [
    (("list", ""), {}, "make list", "codelab list"),
    (
        ("start", "mod2-cloudndb/FINISH"),
        {},
        "make start MOD=mod2-cloudndb/FINISH",
        "codelab start mod2-cloudndb/FINISH",
    ),
    (("show", "mod1-flask"), {"step": 3}, "make show MOD=mod1-flask STEP=3", "codelab show mod1-flask --step 3"),
    (("reset", ""), {"step": 0, "yes": True}, "make reset STEP=0 YES=1", "codelab reset --step 0 --yes"),
    (("apply", ""), {"overwrite": False}, "make apply", "codelab apply"),
    (
        ("diff", "m"),
        {"from_": "2", "to": "work"},
        "make diff MOD=m FROM=2 TO=work",
        "codelab diff m --from 2 --to work",
    ),
    (("probe", ""), {"url": "https://..."}, "make probe URL=https://...", "codelab probe https://..."),
    (("deploy", "m"), {"dry_run": True}, "make deploy MOD=m DRY_RUN=1", "codelab deploy m --dry-run"),
]


@pytest.mark.parametrize(("words", "options", "by_make", "direct"), SUGGESTED)
def test_suggested_command_is_spelled_as_called(
    words: tuple[str, str], options: dict[str, str | int | bool], by_make: str, direct: str
) -> None:
    with called_as(None):
        assert suggest(*words, **options) == by_make
    with called_as("codelab"):
        assert suggest(*words, **options) == direct


@pytest.mark.parametrize(
    ("typed", "program"),
    [
        ("../.venv/bin/codelab", "../.venv/bin/codelab"),
        ("/programs/codelab", "codelab"),  # found on PATH
        ("/else where/codelab", "'/else where/codelab'"),
        ("/usr/lib/python3/codelab/__main__.py", "python -m codelab"),
        ("-c", "codelab"),
    ],
)
def test_program_is_named_as_typed(monkeypatch: pytest.MonkeyPatch, typed: str, program: str) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/programs/{name}")
    monkeypatch.setattr(sys, "argv", [typed])
    assert find_program() == program


def test_program_with_course_is_named_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["bin/codelab"])
    assert find_program(Path("my course")) == "bin/codelab --course 'my course'"


@pytest.mark.parametrize(
    ("text", "by_make"),
    [
        ("no port is free; choose one with --port", "no port is free; choose one with PORT="),
        ("keep nothing with --data :memory:", "keep nothing with DATA=:memory:"),
        ("pass --function NAME", "pass FUNCTION=NAME"),
        ("`--python27` uses a real Python 2.7", "`PYTHON27=1` uses a real Python 2.7"),
        ("name it: --python27 /path/to/python2.7", "name it: PYTHON27=/path/to/python2.7"),
        ("argument --step: invalid int value: 'x'", "argument STEP=: invalid int value: 'x'"),
        ("gcloud run deploy --region=REGION", "gcloud run deploy --region=REGION"),
    ],
)
def test_option_in_message_is_a_variable_for_make(text: str, by_make: str) -> None:
    with called_as(None):
        assert spell(text) == by_make
    with called_as("codelab"):
        assert spell(text) == text


# What is done before, and commands whose messages recommend others.
MESSAGES = [
    ("", ["check"]),
    ("", ["start", "mod9"]),
    ("", ["next", "mod2-cloudndb/FINISH"]),
    ("", ["list"]),
    ("", ["deploy", "mod4", "--project", "PROJECT_ID"]),
    ("", ["probe", ""]),
    ("mod2-cloudndb/FINISH", ["start"]),
    ("mod2-cloudndb/FINISH", ["check", "--no-run"]),
    ("mod2-cloudndb/FINISH", ["check", "mod1-flask"]),
    ("mod2-cloudndb/FINISH", ["check"]),
    ("mod2-cloudndb/FINISH", ["show"]),
    ("mod2-cloudndb/FINISH", ["next"]),
    ("mod2-cloudndb/FINISH", ["apply"]),
    ("mod2-cloudndb/FINISH", ["reset"]),
    ("mod2-cloudndb/FINISH", ["diff", "--from", "work", "--to", "work"]),
]


@pytest.mark.parametrize("by_make", [True, False], ids=["make", "codelab"])
@pytest.mark.parametrize(
    ("started", "words"), MESSAGES, ids=lambda case: " ".join(case) if isinstance(case, list) else case or "nothing"
)
def test_every_recommended_command_can_be_typed(
    shared_course: Path, monkeypatch: pytest.MonkeyPatch, started: str, words: list[str], by_make: bool
) -> None:
    learner = Learner(shared_course)
    if started:
        learner.has_done(started, 1)
        (learner.copy(started) / "app.yaml").write_text("runtime: [\n")  # for a message about a damaged file
    monkeypatch.setattr(sys, "argv", ["codelab"])
    answer = run_codelab(shared_course, *words, by_make=by_make)
    recommended = _find_commands(answer, "make" if by_make else f"codelab --course {shared_course}")
    assert recommended or words[:1] in (["apply"], ["check"])
    if words[0] not in ("show", "next", "deploy"):  # these print the README's text, which has commands of make
        assert not _find_commands(answer, "codelab" if by_make else "make")
    checker = CommandChecker(Course(shared_course), {})
    for command in recommended:
        if by_make:
            assert checker._make(shlex.split(command)[1:]) is None, command
        else:
            make_parser().parse_args(shlex.split(command)[1:])  # exits if it is wrong


_VERBS = "apply|check|deploy|diff|hint|list|next|probe|reset|run|show|start"


def _find_commands(answer: Answer, program: str) -> list[str]:
    """Return the commands of this program that the text recommends."""
    answer.says()  # no traceback
    text = answer.text.replace(" MODULE ", " mod1-flask ")
    return [found.rstrip(" .") for found in re.findall(rf"{re.escape(program)} (?:{_VERBS}) ?[^`;,()\n]*", text)]


def test_commands_of_a_learner_load_nothing_that_reads_another_app() -> None:
    look = "import codelab.cli, sys; print([name for name in ('codelab.assess', 'fissix') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout == "[]\n"
