"""The `codelab` command: reads the command line, calls a command and prints what it returns.

- `parser`: each command with its options, and the function that runs it
- `learner_commands`, `other_commands`: these functions
- `context`: the course, the copy and the track that they work on
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from codelab.cli.learner_commands import watch_copy
from codelab.cli.other_commands import run_apps, serve_page
from codelab.cli.parser import ERROR, make_parser
from codelab.errors import CodelabError
from codelab.invocation import called_as, find_program, spell
from datastore_emulator.errors import UserError
from datastore_emulator.stopping import CLOSED_OUTPUT, Stopped, guard_output, stop_signals

__all__ = ["ERROR", "INTERRUPTED", "main", "make_parser"]

# The exit code that shells give to a command that Ctrl-C has ended.
INTERRUPTED = 130
# Commands that run until Ctrl-C, which is how they are meant to end.
_ENDLESS = (run_apps, serve_page, watch_copy)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return its exit code.

    0: done, and all is right; 1: done, and something is wrong or left to do; 2: an error or wrong usage, so that it was
    not done; 130: ended by Ctrl-C; 141: the reader of the output has closed it, which is no error of make.
    """
    code = guard_output("codelab", lambda: _run_command(arguments))
    return 0 if code == CLOSED_OUTPUT and find_program() is None else code


def _run_command(arguments: Sequence[str] | None) -> int:
    with called_as(find_program()):
        options = make_parser().parse_args(arguments)
    with called_as(find_program(options.course)):
        try:
            with stop_signals():
                passed: bool = options.command(options)
        except Stopped:
            return 0 if options.command in _ENDLESS else INTERRUPTED
        except (CodelabError, UserError) as error:
            print(f"codelab: {spell(str(error))}", file=sys.stderr)
            return ERROR
    return 0 if passed else 1
