"""Proves that the codelabs are right, and says what it has proved."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from codelab.check.steps import Judge
from codelab.errors import Problem, ReadmeError
from codelab.readme.course import Course
from codelab.readme.model import Codelab
from codelab.verify.commands import Commands
from codelab.verify.links import Links
from codelab.verify.text import check_finish, check_sections, check_times, check_turns


def verify(course: Course, modules: list[str], *, parsers: Mapping[str, argparse.ArgumentParser], run: bool) -> bool:
    """Print every problem of these modules, by file and line, and what was proved; return whether all is well.

    `parsers` are those of this repository's programs, by the program's name; READMEs may use what they accept.
    """
    commands, links = Commands(course, parsers), Links(course.root)
    problems: list[Problem] = []
    judges: list[tuple[Codelab, Judge]] = []
    pages = list(course.other_pages()) if modules == course.modules else []
    for module in modules:
        try:
            codelab = course.codelab(module)
        except ReadmeError as error:
            problems += error.problems
            continue
        pages.append(codelab.page)
        problems += [*check_times(codelab), *check_sections(codelab)]
        for track in codelab.tracks:
            try:
                judge = Judge(codelab, track)
            except ReadmeError as error:
                problems += error.problems
                continue
            judges.append((codelab, judge))
            problems += [*check_turns(codelab, judge), *check_finish(codelab, judge)]
    for page in pages:
        problems += [*commands.check(page), *links.check(page)]
    _print(problems)
    if not problems:
        steps = sum(len(judge.track.steps) for _, judge in judges)
        print(
            f"{len(modules)} codelabs, {len(judges)} tracks, {steps} steps: START and the steps are FINISH, no step is "
            f"done before its turn, {commands.checked} commands exist, {links.checked} links resolve, times add up."
        )
        if run:
            problems = _run(judges)
    if problems:
        print(f"{len(problems)} {'problem' if len(problems) == 1 else 'problems'}")
    return not problems


def _run(judges: list[tuple[Codelab, Judge]]) -> list[Problem]:
    from codelab.verify.running import run_track

    problems: list[Problem] = []
    for codelab, judge in judges:
        found, apps = run_track(codelab, judge)
        if not found:
            way = f"{judge.track.start} to {judge.track.finish}"
            print(f"{codelab.module}, {way}: the app runs after {apps} steps, with START's output.", flush=True)
        _print(found)
        problems += found
    return problems


def _print(problems: list[Problem]) -> None:
    for problem in sorted(problems):
        print(problem, flush=True)
