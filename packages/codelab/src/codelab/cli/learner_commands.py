"""The commands of a learner, which work on the copy in work/. Each returns True if all is right."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from codelab.cli.context import Context, choose_course, find_context
from codelab.commands.apply import apply
from codelab.commands.check import Checked, check
from codelab.commands.diff import diff
from codelab.commands.hint import hint
from codelab.commands.list import list_tracks
from codelab.commands.next import find_next
from codelab.commands.reset import plan_reset, reset
from codelab.commands.show import show
from codelab.commands.start import start
from codelab.errors import CodelabError
from codelab.invocation import suggest
from codelab.terminal import Terminal
from codelab.workspace import Workspace

if TYPE_CHECKING:
    from codelab.compare.session import Session


def start_track(options: argparse.Namespace) -> bool:
    """Make the learner's copy."""
    here = find_context(options)
    here.terminal.print_started(start(here.workspace, here.ref))
    return True


def check_copy(options: argparse.Namespace) -> bool:
    """Check the copy, and run it."""
    return _check_and_print(find_context(options), run=not options.no_run).passed


def _check_and_print(here: Context, *, run: bool, session: Session | None = None) -> Checked:
    try:
        checked = check(
            here.course,
            here.workspace,
            here.ref,
            run=run,
            on_progress=lambda progress, will_run: here.terminal.print_progress(here.ref, progress, will_run),
            on_scenario=here.terminal.show_activity,
            session=session,
        )
    finally:
        here.terminal.hide_activity()
    here.terminal.print_outcome(checked)
    return checked


def watch_copy(options: argparse.Namespace) -> bool:
    """Check the copy after each save, until the codelab is finished."""
    from codelab.commands.watch import watch_copy
    from codelab.compare.session import Session

    here = find_context(options)
    here.workspace.read(here.ref)  # raises if there is nothing to watch
    with Session() as session:
        for _ in watch_copy(here.ref.copy, lambda: _check_and_print(here, run=not options.no_run, session=session)):
            pass
    return True


def show_step(options: argparse.Namespace) -> bool:
    """Print the step to do now, or another."""
    here = find_context(options)
    here.terminal.print_step(show(here.course, here.workspace, here.ref, options.step))
    return True


def show_hint(options: argparse.Namespace) -> bool:
    """Print a hint for the step to do now, or for another."""
    here = find_context(options)
    here.terminal.print_step(hint(here.course, here.workspace, here.ref, options.step))
    return True


def show_next(options: argparse.Namespace) -> bool:
    """Print what to do now."""
    here = find_context(options)
    here.terminal.print_step(find_next(here.course, here.workspace, here.ref))
    return True


def apply_step(options: argparse.Namespace) -> bool:
    """Do the next step."""
    here = find_context(options)
    here.terminal.print_applied(apply(here.workspace, here.ref, overwrite=options.overwrite))
    return True


def reset_copy(options: argparse.Namespace) -> bool:
    """Take the copy back, once the learner has agreed."""
    here = find_context(options)
    plan = plan_reset(here.workspace, here.ref, options.step)
    here.terminal.print_reset_plan(plan)
    if not plan.lost:
        return True
    sure = suggest("reset", plan.ref.name, step=plan.number or "", yes=True)
    agreed = options.yes or _confirm("Reset? [y/N] ", sure=sure)
    kept = reset(here.workspace, plan).relative_to(here.course.root).as_posix() if agreed else None
    here.terminal.print_reset(plan, kept)
    return agreed


def _confirm(question: str, *, sure: str) -> bool:
    if not sys.stdin.isatty():
        raise CodelabError(
            f"reset needs confirmation, and standard input is not a terminal; `{sure}` resets without asking"
        )
    try:
        return input(question).strip().casefold() in ("y", "yes")
    except EOFError:
        return False


def show_diff(options: argparse.Namespace) -> bool:
    """Print how two states differ."""
    here = find_context(options)
    here.terminal.print_diff(diff(here.workspace, here.ref, options.old, options.new))
    return True


def list_codelabs(options: argparse.Namespace) -> bool:
    """Print all codelabs."""
    course = choose_course(options)
    Terminal().print_listing(list_tracks(course, Workspace(course.root)))
    return True
