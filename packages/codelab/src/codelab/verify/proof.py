"""Checks modules, prints each problem by file and line, and sums up."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from codelab.check import Checker
from codelab.errors import Problem, ReadmeError
from codelab.readme.course import Course, TrackRef
from codelab.readme.model import Page
from codelab.verify.commands import CommandChecker
from codelab.verify.links import LinkChecker
from codelab.verify.outputs import check_outputs, run_outputs
from codelab.verify.project_tree import check_project_tree
from codelab.verify.text import check_finish, check_order, check_sections, check_times


def verify(course: Course, modules: list[str], *, parsers: Mapping[str, argparse.ArgumentParser], run: bool) -> bool:
    """Print every problem of these modules, by file and line, and what was checked; return whether there is none.

    `parsers` are those of this repository's programs, by the program's name; READMEs may use what they accept.
    """
    commands, links = CommandChecker(course, parsers), LinkChecker(course.root)
    problems: list[Problem] = []
    checkers: list[Checker] = []
    pages = list(course.other_pages()) if modules == course.modules else []
    for module in modules:
        try:
            codelab = course.codelab(module)
        except ReadmeError as error:
            problems += error.problems
            continue
        pages.append(codelab.page)
        problems += [*check_times(codelab), *check_sections(codelab), *check_project_tree(codelab)]
        for track in codelab.tracks:
            try:
                checker = Checker(TrackRef(codelab, track))
            except ReadmeError as error:
                problems += error.problems
                continue
            checkers.append(checker)
            problems += [*check_order(checker), *check_finish(checker)]
    for page in pages:
        problems += [*commands.check(page), *links.check(page), *check_outputs(page)]
    _print(problems)
    if not problems:
        steps = sum(len(checker.ref.track.steps) for checker in checkers)
        print(
            f"{len(modules)} codelabs, {len(checkers)} tracks, {steps} steps: the steps lead from START to FINISH, "
            f"none is done too early, {commands.checked} commands exist, {links.checked} links resolve, times add up."
        )
        if run:
            # An app that fails prints other lines, too.
            problems = _run(checkers) or _compare_outputs(course, pages)
    if problems:
        print(f"{len(problems)} {'problem' if len(problems) == 1 else 'problems'}")
    return not problems


def _run(checkers: list[Checker]) -> list[Problem]:
    from codelab.verify.running import run_track

    problems: list[Problem] = []
    for checker in checkers:
        found, apps = run_track(checker)
        if not found:
            track = checker.ref.track
            way = f"{track.start} to {track.finish}"
            print(
                f"{checker.ref.codelab.module}, {way}: the app runs after {apps} steps, with START's output.",
                flush=True,
            )
        _print(found)
        problems += found
    return problems


def _compare_outputs(course: Course, pages: list[Page]) -> list[Problem]:
    problems: list[Problem] = []
    compared = 0
    for page in pages:
        found, number = run_outputs(page, course.root)
        problems += found
        compared += number
    _print(problems)
    if compared and not problems:
        print(f"The commands print what the pages show, {compared} times.", flush=True)
    return problems


def _print(problems: list[Problem]) -> None:
    for problem in sorted(problems):
        print(problem, flush=True)
