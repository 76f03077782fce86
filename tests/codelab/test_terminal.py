"""The lines that the terminal prints for what the commands return, without running a command."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from codelab.check import Finding, Outcome, Progress, RunResult, StepStatus
from codelab.commands.apply import Applied
from codelab.commands.check import Checked
from codelab.commands.current_step import AllDone
from codelab.commands.deploy import Deployment
from codelab.commands.diff import StateDiff
from codelab.commands.hint import ShownHint
from codelab.commands.list import CopyState, ListedTrack, Listing
from codelab.commands.next import NotStarted
from codelab.commands.reset import ResetPlan
from codelab.commands.show import ShownStep
from codelab.commands.start import Started
from codelab.terminal import Terminal
from tests.support.course import COURSE, ROOT

REF = COURSE.track("mod5-buildpacks")
SECOND = COURSE.track("mod2-cloudndb/FINISH")
FINDING = Finding("main.py", 3, 'expected "x", found "y"', firm=False)
FAULT = Finding("main.py", 1, "this client checks no certificate", firm=True)
ERROR = 'main.py:3: ZeroDivisionError("division by zero")'


@pytest.fixture
def printed() -> StringIO:
    return StringIO()


@pytest.fixture
def terminal(printed: StringIO) -> Terminal:
    return Terminal(Console(file=printed, width=120, highlight=False))


def progress(done: int, **more: object) -> Progress:
    """Return the progress of a copy of mod5 with this many steps done."""
    steps = REF.track.steps
    statuses = tuple(StepStatus(step, () if step.number <= done else (FINDING,), begun=False) for step in steps)
    return replace(Progress(statuses, ()), **more)  # type: ignore[arg-type]


def checked(done: int, outcome: Outcome | None, **more: object) -> Checked:
    return Checked(REF, {}, progress(done), outcome, **more)  # type: ignore[arg-type]


def test_started_copy_is_printed_with_next_step(terminal: Terminal, printed: StringIO) -> None:
    terminal.print_started(Started(REF, REF.track.steps[0]))
    assert printed.getvalue().splitlines() == [
        "work/mod5-buildpacks is your copy of mod5-buildpacks/START. Edit the files there.",
        "Run it: make run MOD=mod5-buildpacks SIDE=work",
        "Next is step 1 of 3, Write the start command into a Procfile (4 min): make show MOD=mod5-buildpacks",
    ]


def test_progress_is_printed_with_findings_of_next_step(terminal: Terminal, printed: StringIO) -> None:
    terminal.print_progress(REF, progress(1), will_run=False)
    assert printed.getvalue().splitlines() == [
        "mod5-buildpacks: 1 of 3 steps are done.",
        "Step 2, Name the Python version, is not complete yet:",
        f"  {FINDING}",
    ]


def test_step_out_of_order_is_printed(terminal: Terminal, printed: StringIO) -> None:
    first, *others = progress(3).steps
    terminal.print_progress(REF, progress(0, steps=(replace(first, findings=(FINDING,)), *others)), will_run=False)
    assert "Step 2, Name the Python version, is done already, although an earlier step is not." in printed.getvalue()


def test_damage_is_printed_with_command_that_compares(terminal: Terminal, printed: StringIO) -> None:
    terminal.print_progress(SECOND, progress(3, damage=(FINDING,)), will_run=False)
    command = "make diff MOD=mod2-cloudndb/FINISH FROM=FINISH TO=work"
    assert f"Fix these first, since no step changes them ({command} shows how):\n  {FINDING}\n" in printed.getvalue()


@pytest.mark.parametrize("will_run", [True, False])
def test_run_is_announced_only_if_apps_run(terminal: Terminal, printed: StringIO, will_run: bool) -> None:
    terminal.print_progress(REF, progress(1), will_run=will_run)
    assert ("Running START and your copy" in printed.getvalue()) is will_run


# An outcome, and the lines that are printed for it when one step is done.
OUTCOMES = {
    "middle of a step": (
        Outcome(RunResult.IN_MID_STEP),
        [
            "The app will run when the step is complete. The step: make show MOD=mod5-buildpacks; "
            "a hint: make hint MOD=mod5-buildpacks"
        ],
    ),
    "not working yet": (
        Outcome(RunResult.NOT_WORKING_YET),
        [
            "The app does not work yet after this step, so it was not run.",
            "Next is step 2 of 3, Name the Python version (3 min): make show MOD=mod5-buildpacks",
        ],
    ),
    "does not start": (
        Outcome(RunResult.DOES_NOT_RUN, text="exit code 1", error=ERROR),
        [
            "mod5-buildpacks: 1 of 3 steps are done.",
            "Your app does not start: exit code 1",
            f"  {ERROR}",
            "Step 2, Name the Python version, is not complete yet:",
            f"  {FINDING}",
            "A hint: make hint MOD=mod5-buildpacks",
        ],
    ),
    "differs": (
        Outcome(RunResult.DIFFERS, "two visitors", "found status 500"),
        [
            "mod5-buildpacks: 1 of 3 steps are done.",
            "Your app's output is wrong in the scenario “two visitors”:",
            "  found status 500",
            "Step 2, Name the Python version, is not complete yet:",
            f"  {FINDING}",
            "A hint: make hint MOD=mod5-buildpacks",
        ],
    ),
    "other services": (
        Outcome(RunResult.OTHER_SERVICES, text="it never calls Redis"),
        [
            "mod5-buildpacks: 1 of 3 steps are done.",
            "Your app's output is right, but it never calls Redis.",
            "Step 2, Name the Python version, is not complete yet:",
            f"  {FINDING}",
            "A hint: make hint MOD=mod5-buildpacks",
        ],
    ),
    "not deployable": (Outcome(RunResult.NOT_DEPLOYABLE), ["A hint: make hint MOD=mod5-buildpacks"]),
    "same": (
        Outcome(RunResult.SAME, scenarios=8, caches_differ=True),
        [
            "mod5-buildpacks: 1 of 3 steps are done.",
            "Your app's output is the same as START's in 8 scenarios, except for the cache.",
            "Next is step 2 of 3, Name the Python version (3 min): make show MOD=mod5-buildpacks",
        ],
    ),
    "not run": (None, []),
}


@pytest.mark.parametrize("case", OUTCOMES)
def test_outcome_is_printed(terminal: Terminal, printed: StringIO, case: str) -> None:
    outcome, lines = OUTCOMES[case]
    terminal.print_outcome(checked(1, outcome))
    assert printed.getvalue().splitlines() == lines


def test_undecided_step_is_not_called_done(terminal: Terminal, printed: StringIO) -> None:
    outcome = Outcome(RunResult.UNDECIDED, text="Dockerfile:3: RUN apt-get", step=3)
    terminal.print_outcome(Checked(REF, {}, outcome.judge(progress(3)), outcome))
    assert printed.getvalue().splitlines() == [
        "mod5-buildpacks: 2 of 3 steps are done.",
        "Step 3 cannot be decided here: Dockerfile:3: RUN apt-get",
    ]


def test_fault_is_printed_without_other_spellings(terminal: Terminal, printed: StringIO) -> None:
    first, second, third = progress(3).steps
    solved = replace(first, findings=(FINDING,), open=True)
    terminal.print_progress(REF, progress(3, steps=(solved, second, third), faults=(FAULT,)), will_run=False)
    assert printed.getvalue().splitlines() == [
        "mod5-buildpacks: 0 of 3 steps are done.",
        "Fix these first, since the app would fail where you deploy it:",
        f"  {FAULT}",
        "Then the app decides about steps 1 to 3.",
    ]


def test_outcome_of_damaged_copy_is_not_printed(terminal: Terminal, printed: StringIO) -> None:
    damaged = progress(1, damage=(FINDING,))
    terminal.print_outcome(Checked(REF, {}, damaged, Outcome(RunResult.IN_MID_STEP)))
    assert printed.getvalue() == ""


def test_finish_is_printed_with_differences_and_next_track(terminal: Terminal, printed: StringIO) -> None:
    following = COURSE.after(REF)
    outcome = Outcome(RunResult.SAME, scenarios=17, last=True)
    shown = progress(2).accept(2)
    own = replace(shown, steps=(*shown.steps[:2], replace(shown.steps[2], app_works=True)))
    terminal.print_outcome(Checked(REF, {}, own, outcome, ("main.py: +5 -0 lines",), following))
    assert following
    assert printed.getvalue().splitlines() == [
        "mod5-buildpacks: 3 of 3 steps are done.",
        "Your app's output is the same as START's in 17 scenarios.",
        f"You solved step 3 in your own way: {FINDING}",
        "",
        f"Well done! mod5-buildpacks is finished: {REF.track.title}.",
        "Your copy differs from FINISH (make diff MOD=mod5-buildpacks FROM=FINISH TO=work): main.py: +5 -0 lines",
        "All steps of mod5-buildpacks are done. To deploy it, see mod5-buildpacks/README.md.",
        f"Next: {following.track.title}. make start MOD=mod11-functions",
    ]


def test_step_is_printed_with_its_text(terminal: Terminal, printed: StringIO) -> None:
    terminal.print_step(ShownStep(REF, REF.track.steps[1]))
    lines = printed.getvalue().splitlines()
    assert lines[0] == "mod5-buildpacks, step 2 of 3: Name the Python version (3 min)"
    assert "+3.14" in printed.getvalue()
    assert lines[-1] == "When you are done: make check MOD=mod5-buildpacks; a hint: make hint MOD=mod5-buildpacks"


def test_hint_is_printed_without_text_of_step(terminal: Terminal, printed: StringIO) -> None:
    terminal.print_step(ShownHint(REF, REF.track.steps[1]))
    assert printed.getvalue().startswith("mod5-buildpacks, step 2, Name the Python version:\n\n")
    assert "+3.14" not in printed.getvalue()


def test_track_that_is_not_started_is_printed_with_command(terminal: Terminal, printed: StringIO) -> None:
    terminal.print_step(NotStarted(SECOND))
    expected = "You have not started mod2-cloudndb/FINISH. Begin: make start MOD=mod2-cloudndb/FINISH\n"
    assert printed.getvalue() == expected


def test_last_track_is_printed_without_next_track(terminal: Terminal, printed: StringIO) -> None:
    terminal.print_step(AllDone(REF, None))
    expected = "All steps of mod5-buildpacks are done. To deploy it, see mod5-buildpacks/README.md.\n"
    assert printed.getvalue() == expected


@pytest.mark.parametrize(("files", "named"), [(("a", "b"), "a, b"), ((), "no file")])
def test_applied_step_is_printed_with_files(
    terminal: Terminal, printed: StringIO, files: tuple[str, ...], named: str
) -> None:
    kept = ROOT / "work" / ".kept" / "x"
    terminal.print_applied(Applied(REF, REF.track.steps[1], files, kept))
    assert printed.getvalue().splitlines() == [
        f"Step 2, Name the Python version, is done for you in {named}.",
        "Your files from before: work/.kept/x",
        "What it changed and why: make show MOD=mod5-buildpacks STEP=2; then make check MOD=mod5-buildpacks",
    ]


@pytest.mark.parametrize(("number", "state"), [(0, "START"), (2, "step 2")])
def test_reset_plan_is_printed_with_lost_changes(
    terminal: Terminal, printed: StringIO, number: int, state: str
) -> None:
    terminal.print_reset_plan(ResetPlan(REF, number, {}, ("notes.txt: new file, 1 line",)))
    terminal.print_reset_plan(ResetPlan(REF, number, {}, ()))
    assert printed.getvalue().splitlines() == [
        f"Resetting mod5-buildpacks to {state} removes these changes of yours:",
        "  notes.txt: new file, 1 line",
        f"mod5-buildpacks: nothing to reset, your copy is the same as {state}.",
    ]


def test_diff_is_printed_unchanged_where_output_is_not_a_terminal(terminal: Terminal, printed: StringIO) -> None:
    text = "--- START/main.py\n+++ work/main.py\n@@ -1 +1 @@\n-[bold]a[/bold]\n+" + "b" * 300 + "\n"
    terminal.print_diff(StateDiff(REF, "START", "work", text))
    assert printed.getvalue() == text


def test_diff_is_in_colours_at_a_terminal(printed: StringIO) -> None:
    console = Console(file=printed, width=120, force_terminal=True, color_system="truecolor", no_color=False)
    Terminal(console).print_diff(StateDiff(REF, "START", "work", "--- START/a\n+++ work/a\n@@ -1 +1 @@\n-x\n+y\n"))
    text = printed.getvalue()
    assert "\x1b[" in text
    assert "--- START/a" in Text.from_ansi(text).plain


def test_diff_of_equal_states_is_one_line(terminal: Terminal, printed: StringIO) -> None:
    terminal.print_diff(StateDiff(REF, "3", "FINISH", ""))
    assert printed.getvalue() == "3 and FINISH of mod5-buildpacks are the same.\n"


def test_listing_is_printed_with_progress_of_each_track(terminal: Terminal, printed: StringIO) -> None:
    tracks = (
        ListedTrack(REF, CopyState(progress(1))),
        ListedTrack(SECOND, CopyState(problem="too many files")),
        ListedTrack(COURSE.track("mod1"), CopyState()),
        ListedTrack(COURSE.track("mod4"), CopyState(progress(3)), "2026-11-27"),
    )
    terminal.print_listing(Listing(tracks, tracks[1]))
    rows = printed.getvalue().splitlines()[1:5]
    progress_of_each = [row.partition(" min ")[2].strip() for row in rows]
    assert progress_of_each == ["step 1 of 3", "cannot be read", "-", "done 2026-11-27"]
    assert [row.startswith("* ") for row in rows] == [False, True, False, False]


def test_deployment_is_printed_in_order(terminal: Terminal, printed: StringIO) -> None:
    terminal.print_deployment(Deployment(("one",), "two", ("three",), "mod/FINISH", "mod/README.md", 7))
    assert printed.getvalue().splitlines() == [
        "# mod/FINISH, by mod/README.md:7",
        "# Once per project, unless it is there already:",
        "one",
        "# To deploy:",
        "two",
        "# Afterwards:",
        "three",
    ]
