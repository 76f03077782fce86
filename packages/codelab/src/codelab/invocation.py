"""Commands to recommend, in the spelling that the user has: that of make if make called us, else that of `codelab`.

One name means one thing in both. A track is `MOD=mod2-cloudndb/FINISH` or `mod2-cloudndb/FINISH`, and an option such as
`--step 3` is `STEP=3`.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# The Makefile sets this variable to "make".
CALLED_BY = "CODELAB_CALLED_BY"

# Options of make that are no option of `codelab`, but an argument.
_ARGUMENTS = ("url", "dir")
# The options of commands in the messages of other packages, and what may follow them as their value.
_OPTION = re.compile(r"--(data|function|port|python27|no-reload|step)(?![\w-])(?: (?=[A-Z\d:/]))?")


@dataclass
class _Caller:
    """The words that begin each command of the user; None for make."""

    program: str | None = None


# One for the process: the threads of the page are called as it is.
_caller = _Caller()


@contextmanager
def called_as(program: str | None) -> Iterator[None]:
    """Recommend commands of this program while the block runs; None is make."""
    before, _caller.program = _caller.program, program
    try:
        yield
    finally:
        _caller.program = before


def find_program(course: Path | None = None) -> str | None:
    """Return the words with which the user has called this process; None if that was make.

    `course` is the folder that was named by --course, which each further command needs, too.
    """
    if os.environ.get(CALLED_BY) == "make":
        return None
    typed = sys.argv[0]
    name = os.path.basename(typed)
    if name == "__main__.py":
        words = ["python", "-m", "codelab"]
    elif shutil.which(name) == typed or not name.startswith("codelab"):  # such as a program that calls cli.main
        words = ["codelab"]
    else:
        words = [typed]
    return shlex.join([*words, *(["--course", str(course)] if course else [])])


def suggest(verb: str, track: str = "", **options: str | int | bool) -> str:
    """Return a command line, such as "make diff MOD=mod2-cloudndb FROM=START TO=work".

    An option whose name is a word of Python ends with "_", and one that is false or empty is left out.
    """
    program = _caller.program
    given = {name.rstrip("_"): value for name, value in options.items() if value is not False and value != ""}
    if program is None:
        words = ["make", verb, *([f"MOD={track}"] if track else [])]
        for name, value in given.items():
            words.append(f"{_variable(name)}={'1' if value is True else shlex.quote(str(value))}")
        return " ".join(words)
    words = [program, verb, *([track] if track else [])]
    for name, value in given.items():
        option = [] if name in _ARGUMENTS else [f"--{name.replace('_', '-')}"]
        words += [*option, *([] if value is True else [shlex.quote(str(value))])]
    return " ".join(words)


def spell(text: str) -> str:
    """Return a text in which options such as --port are spelled as the user can type them, as in PORT=."""
    return text if _caller.program is not None else _OPTION.sub(_spell_option, text)


def _spell_option(option: re.Match[str]) -> str:
    """Return an option as a variable of make, and one that needs no value with one."""
    needs_none = option[1] in ("no-reload", "python27") and not option[0].endswith(" ")
    return f"{_variable(option[1])}={'1' if needs_none else ''}"


def _variable(name: str) -> str:
    return name.replace("-", "_").upper()
