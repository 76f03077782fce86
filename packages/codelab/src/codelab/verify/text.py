"""Checks a codelab without running anything: its durations, its sections, the order of its steps, and FINISH."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from codelab.check import Checker
from codelab.errors import Problem
from codelab.readme.model import Codelab
from codelab.readme.sections import (
    CLEAN_UP,
    COSTS,
    DEPLOY,
    FAILS,
    HAVE,
    LEARNED,
    NEED,
    NEXT,
    REVIEW,
    START_AND_FINISH,
    TRY,
)
from codelab.readme.trees import read_tree

# The header of the table of failures.
FAILURES = "| what you see | why | what to do |"


def check_times(codelab: Codelab) -> Iterator[Problem]:
    """Yield a problem for a track whose duration is not its steps' sum, and for a title with another number."""
    if not codelab.module.startswith(f"mod{codelab.number}-"):
        number = codelab.module.removeprefix("mod").partition("-")[0]
        yield Problem(codelab.page.name, 1, f'expected "Module {number}: …", found "Module {codelab.number}: …"')
    for track in codelab.tracks:
        total = sum(step.seconds for step in track.steps)
        if total != track.seconds:
            yield Problem(
                codelab.page.name,
                track.line + 1,
                f"expected Duration: {_time(total)}, the sum of its steps, found {_time(track.seconds)}",
            )


def check_sections(codelab: Codelab) -> Iterator[Problem]:
    """Yield a problem for each section that lacks its picture, table, commands or links."""
    wanted = (
        (HAVE, r"!\[|^```mermaid$", "a picture, as an image or in a ```mermaid fence"),
        (NEED, r"\]\(\.\./docs/before-you-begin\.md\)", "a link to ../docs/before-you-begin.md"),
        (NEED, r"^```output$", "what a command prints, in an ```output fence"),
        (START_AND_FINISH, r"^```mermaid$", "a picture of the architecture in a ```mermaid fence"),
        (FAILS, rf"^{re.escape(FAILURES)}$", f'a table that begins with "{FAILURES}"'),
        (LEARNED, r"^- ", "a list"),
        (TRY, r"^<details><summary>Solution</summary>$", "a line <details><summary>Solution</summary>"),
        (REVIEW, r"\*\*", "questions in bold"),
        (DEPLOY, r"^\$ gcloud ", "gcloud commands"),
        (COSTS, r"platform-facts\.md#what-it-costs", "a link to the prices"),
        (CLEAN_UP, r"^\$ gcloud ", "gcloud commands"),
        (NEXT, r"Next: ", 'the next module behind "Next:"'),
    )
    for title, sign, words in wanted:
        section = codelab.section(title)
        if not re.search(sign, section.text, re.MULTILINE):
            yield Problem(codelab.page.name, section.line, f"this section needs {words}")


def check_order(checker: Checker) -> Iterator[Problem]:
    """Yield a problem for each step that a learner's check takes for done too early, or not for done after it."""
    codelab = checker.ref.codelab
    for number, tree in enumerate(checker.trees):
        for status in checker.progress(tree).steps:
            step = status.step
            if status.done and step.number > number:
                where = f"after step {number}" if number else "in START"
                text = f"step {step.number} counts as done already {where}; it has to change a fact that a check reads"
                yield Problem(codelab.page.name, step.line, text)
            elif not status.done and step.number <= number:
                text = f"step {step.number} does not count as done after step {number}: {status.findings[0]}"
                yield Problem(codelab.page.name, step.line, text)


def check_finish(checker: Checker) -> Iterator[Problem]:
    """Yield a problem for each file in which START with all steps is not FINISH; the last step has to work."""
    codelab, track = checker.ref.codelab, checker.ref.track
    last = track.steps[-1]
    if not last.works:
        yield Problem(codelab.page.name, last.line + 2, 'the app has to work after the last step; write "Works: yes"')
    folder = codelab.readme.parent / track.finish
    made = checker.trees[-1]
    there = read_tree(folder)
    steps = f"{codelab.readme.name}'s steps from {track.start}"
    for file in sorted({*made, *there}):
        name = f"{codelab.module}/{track.finish}/{file}"
        if file not in made:
            yield Problem(name, 0, f"unexpected file: no step of {codelab.readme.name} from {track.start} creates it")
        elif file not in there:
            yield Problem(name, 0, f"this file is missing; {steps} create it")
        elif made[file].encode() != (folder / file).read_bytes():
            yield _first_difference(name, made[file].encode(), folder / file, steps)


def _first_difference(name: str, made: bytes, path: Path, steps: str) -> Problem:
    expected, found = made.splitlines(keepends=True), path.read_bytes().splitlines(keepends=True)
    line = next((n for n, (one, other) in enumerate(zip(expected, found, strict=False)) if one != other), None)
    if line is None:
        line = min(len(expected), len(found))
    return Problem(
        name, line + 1, f"expected {_shown(expected, line)}, as {steps} make it; found {_shown(found, line)}"
    )


def _shown(lines: list[bytes], line: int) -> str:
    return ascii(lines[line])[1:] if line < len(lines) else "the end of the file"


def _time(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02}"
