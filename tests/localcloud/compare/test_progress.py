"""The progress of a comparison."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from localcloud.compare.reports.progress import Progress


def run(total: int | None, *, terminal: bool = False, quiet: bool = False) -> str:
    stream = io.StringIO()
    with Progress(Console(file=stream, force_terminal=terminal, width=80), quiet=quiet) as progress:
        progress.say("Starting both apps")
        for done in range(1, 201):
            progress.show_request(done, total, done // 100)
    return stream.getvalue()


def test_log_gets_a_line_for_each_quarter() -> None:
    assert run(200).splitlines() == [
        "request 50 of 200",
        "request 100 of 200, 1 differs",
        "request 150 of 200, 1 differs",
        "request 200 of 200, 2 differ",
    ]


def test_log_gets_a_line_now_and_then_if_nobody_knows_the_end() -> None:
    assert run(None).splitlines()[:1] == ["visited 50 requests"]


def test_each_behaviour_has_its_own_quarters() -> None:
    stream = io.StringIO()
    with Progress(Console(file=stream, width=80)) as progress:
        for behaviour in ("", "restart"):
            progress.show_request(1, 2, behaviour=behaviour)
    assert stream.getvalue() == "request 1 of 2\nrestart: request 1 of 2\n"


def test_terminal_gets_one_line_that_goes_away() -> None:
    text = run(200, terminal=True)
    assert text.endswith("\x1b[2K")
    assert text.count("\n") == 1


@pytest.mark.parametrize("terminal", [False, True])
def test_quiet_progress_shows_nothing(terminal: bool) -> None:
    assert run(200, terminal=terminal, quiet=True) == ""
