"""Checks that commands print what a page shows: runs them in a copy of the course, and compares line by line.

An `output` fence right after a `console` fence shows what its last command prints. "..." stands for any text in a line;
a line of its own stands for any number of lines.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from codelab.errors import Problem
from codelab.readme.model import Fence, Page
from datastore_emulator.scratch import Scratch

OUTPUT = "output"
DOTS = "..."
# The targets of make that need nothing but the course. Those of `_SERVING` run until Ctrl-C.
_ENDING = {"apply", "assess", "check", "compare", "diff", "hint", "list", "next", "show", "start"}
_SERVING = {"run"}
# The first start of an app makes its environment.
_SECONDS = 300
# The Makefile, what its targets depend on, and all that a page can name.
_COPIED = ("Makefile", "LICENSE", "pyproject.toml", "requirements.lock", "docs", "examples", "one-app")


def check_outputs(page: Page) -> Iterator[Problem]:
    """Yield a problem for each output fence whose command cannot be run here."""
    shown = {fence.line: command for command, fence in _commands(page) if fence}
    for fence in page.fences_in(OUTPUT):
        if fence.line not in shown:
            yield Problem(page.name, fence.line, "an output fence comes right after the console fence of its command")
        elif _target(shown[fence.line]) not in _ENDING | _SERVING:
            text = f"verify cannot run `{shown[fence.line]}`, so it cannot check this output; remove the fence"
            yield Problem(page.name, fence.line, text)


def run_outputs(page: Page, root: Path) -> tuple[list[Problem], int]:
    """Run the commands of a page in a copy of the course.

    Returns a problem for each output that differs from the page, and the number of outputs that were compared.
    """
    number = len(page.fences_in(OUTPUT))
    if not number:
        return [], 0
    problems = []
    with Scratch("codelab-") as scratch:
        course = _copy_course(root, Path(scratch) / "course")
        for command, fence in _commands(page):
            serving = _target(command) in _SERVING
            if fence is None:
                if _target(command) in _ENDING:
                    _run(command, course)
                continue
            wanted = fence.text.splitlines()
            printed = _run(command, course, wanted if serving else None)
            if missing := first_missing(wanted, printed, more=serving):
                text = f'`{command}` does not print "{missing}" here; it prints: {" | ".join(printed) or "nothing"}'
                problems.append(Problem(page.name, fence.line, text))
    return problems, number


def first_missing(wanted: Sequence[str], printed: Sequence[str], *, more: bool = False) -> str | None:
    """Return the first of the wanted lines that is not printed in its place, None if all are and no others.

    `more`: other lines may follow.
    """
    for number in range(1, len(wanted) + 1):
        begun = [*wanted[:number], *([DOTS] if more or number < len(wanted) else [])]
        if not _matches(begun, printed):
            return wanted[number - 1]
    return None


def _is_decided(wanted: Sequence[str], printed: Sequence[str]) -> bool:
    """Return whether all that is wanted is printed, or no further line can make the output as wanted."""
    hopeless = not any(_matches(wanted[:number], printed) for number in range(len(wanted) + 1))
    return hopeless or first_missing(wanted, printed, more=True) is None


def _matches(wanted: Sequence[str], printed: Sequence[str]) -> bool:
    text = "".join(f"{line.rstrip()}\n" for line in printed)
    return bool(re.fullmatch("".join(map(_pattern, wanted)), text))


def _pattern(line: str) -> str:
    if line.strip() == DOTS:
        return r"(?:.*\n)*"
    return ".*".join(map(re.escape, line.rstrip().split(DOTS))) + r"\n"


def _commands(page: Page) -> Iterator[tuple[str, Fence | None]]:
    """Yield all commands of the page in their order, each with the fence of its output, if there is one."""
    for fence, following in pairwise([*page.fences, None]):
        commands = [command for _, command in fence.commands()] if fence and fence.language == "console" else []
        if commands:
            yield from ((command, None) for command in commands[:-1])
            yield commands[-1], following if following and following.language == OUTPUT else None


def _target(command: str) -> str | None:
    """Return the target of a command of make, None for another program or for what no shell can read."""
    try:
        program, target, *_ = shlex.split(command)
    except ValueError:
        return None
    return target if program == "make" else None


def _copy_course(root: Path, copy: Path) -> Path:
    copy.mkdir()
    (copy / ".venv").symlink_to(root / ".venv")
    for path in [*(root / name for name in _COPIED), *root.glob("mod*-*"), *root.glob("*.md")]:
        if path.is_dir():
            shutil.copytree(path, copy / path.name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(path, copy)
    return copy


def _words(command: str) -> list[str]:
    program, *words = shlex.split(command)
    # The environment is there, and is not to be made anew for the copy.
    return [program, "--no-print-directory", "--old-file=.venv/.ready", *words]


def _environment() -> dict[str, str]:
    """Return the environment of a shell in which nobody has called make yet."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}


def _run(command: str, course: Path, wanted: Sequence[str] | None = None) -> list[str]:
    """Run a command until it has printed what is wanted, end it as Ctrl-C does, and return the lines until then.

    If nothing is `wanted`, it runs to its end. Either way it is ended after five minutes.
    """
    process = subprocess.Popen(
        _words(command),
        cwd=course,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    deadline = threading.Timer(_SECONDS, os.killpg, [process.pid, signal.SIGTERM])
    deadline.start()
    printed: list[str] = []
    try:
        for line in process.stdout:
            printed.append(line.rstrip("\n"))
            if wanted is not None and _is_decided(wanted, printed):
                with suppress(ProcessLookupError):  # it has ended by itself
                    os.killpg(process.pid, signal.SIGINT)
                break
        process.stdout.read()
        process.wait()
    finally:
        deadline.cancel()
        process.stdout.close()
    return printed
