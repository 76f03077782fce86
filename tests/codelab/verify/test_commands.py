"""`codelab verify` checks the commands and links of every page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from codelab.readme.model import Fence, Page
from codelab.verify.commands import CommandChecker
from tests.codelab.verify.verifying import PARSERS, VerifyTexts, line_of, replace
from tests.support.course import COURSE, ROOT


def test_commands_and_links_of_the_first_page_are_checked(verify_texts: VerifyTexts, course: Path) -> None:
    page = course / "README.md"
    replace(page, "$ make check\n", "$ make chek\n")
    replace(page, "(#on-windows)", "(#on-doors)")
    printed = verify_texts().output
    assert f"README.md:{line_of(page, '$ make chek')}: the Makefile has no target" in printed
    assert f"README.md:{line_of(page, '(#on-doors)')}: README.md has no heading #on-doors" in printed


@pytest.fixture(scope="session")
def mistakes_in() -> Callable[[str], list[str]]:
    """Return a function that writes a page with a command and returns what is wrong with the command."""
    checker = CommandChecker(COURSE, PARSERS)

    def check(command: str) -> list[str]:
        fence = Fence(1, "console", f"$ {command}\n")
        return [problem.text for problem in checker.check(Page(ROOT / "README.md", "README.md", (fence,), ()))]

    return check


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("make probe URI=https://...", "the Makefile has no variable URI"),
        ("make prob URL=https://...", 'the Makefile has no target "prob"'),
        (".venv/bin/codelab probe", "the following arguments are required: URL"),
    ],
)
def test_probe_command_with_a_mistake_is_named(
    mistakes_in: Callable[[str], list[str]], command: str, expected: str
) -> None:
    (mistake,) = mistakes_in(command)
    assert expected in mistake


@pytest.mark.parametrize(
    "command",
    [
        "make probe URL=https://mod2-dot-PROJECT_ID.REGION_ID.r.appspot.com/?a=b",
        ".venv/bin/codelab probe https://visitme-PROJECT_NUMBER.REGION.run.app",
    ],
)
def test_probe_command_with_any_url_passes(mistakes_in: Callable[[str], list[str]], command: str) -> None:
    assert mistakes_in(command) == []


def test_recording_may_go_to_any_file(mistakes_in: Callable[[str], list[str]]) -> None:
    assert mistakes_in("make record DIR=~/my-app TO=visits.jsonl") == []
