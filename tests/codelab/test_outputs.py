"""Output fences: a command must print what the page shows below it."""

from __future__ import annotations

from pathlib import Path

import pytest

from codelab.readme.model import Fence, Page
from codelab.readme.parser import read_page
from codelab.verify.outputs import check_outputs, first_missing, run_outputs
from tests.support.course import ROOT


def page_of(tmp_path: Path, *blocks: tuple[str, str]):
    """Write a page with these fences, and read it."""
    path = tmp_path / "page.md"
    path.write_text("# Page\n\n" + "\n".join(f"```{language}\n{text}\n```\n" for language, text in blocks))
    return read_page(path, tmp_path)


# What the page shows, what the command prints, and the first line that is missing.
COMPARISONS = {
    "the same": (["a", "b"], ["a", "b"], None),
    "another line": (["a", "b"], ["a", "c"], "b"),
    "a line more at the end": (["a"], ["a", "b"], "a"),
    "a line more before": (["b"], ["a", "b"], "b"),
    "a line less": (["a", "b"], ["a"], "b"),
    "dots in a line": (["http://localhost:..."], ["http://localhost:8080"], None),
    "dots do not go over lines": (["a...b"], ["a", "b"], "a...b"),
    "a line of dots": (["a", "...", "c"], ["a", "x", "y", "c"], None),
    "a line of dots for nothing": (["a", "...", "c"], ["a", "c"], None),
    "signs of regular expressions": (["a.c (1)"], ["abc (1)"], "a.c (1)"),
    "spaces at the end": (["a  "], ["a"], None),
    "nothing printed": (["a"], [], "a"),
}


@pytest.mark.parametrize("case", COMPARISONS)
def test_output_is_compared_line_by_line(case: str) -> None:
    wanted, printed, missing = COMPARISONS[case]
    assert first_missing(wanted, printed) == missing


def test_more_lines_may_follow_if_asked() -> None:
    assert first_missing(["a"], ["a", "b"], more=True) is None
    assert first_missing(["b"], ["a", "b"], more=True) == "b"


@pytest.mark.parametrize(
    ("blocks", "problem"),
    [
        ([("output", "a")], "page.md:3: an output fence comes right after the console fence of its command"),
        (
            [("console", "$ make list"), ("diff", "a"), ("output", "a")],
            "page.md:11: an output fence comes right after the console fence of its command",
        ),
        (
            [("console", "$ gcloud app deploy"), ("output", "a")],
            "page.md:7: verify cannot run `gcloud app deploy`, so it cannot check this output; remove the fence",
        ),
    ],
)
def test_output_that_cannot_be_checked_is_refused(tmp_path: Path, blocks: list[tuple[str, str]], problem: str) -> None:
    assert [str(one) for one in check_outputs(page_of(tmp_path, *blocks))] == [problem]


@pytest.mark.parametrize("command", ["$ ", "$ make", "$ make list 'MOD", "$ ls"])
def test_output_of_what_is_no_command_is_refused(tmp_path: Path, command: str) -> None:
    (problem,) = check_outputs(page_of(tmp_path, ("console", command), ("output", "a")))
    assert problem.text.startswith("verify cannot run `")


def test_empty_fence_of_commands_has_no_output() -> None:
    fences = (Fence(1, "console", ""), Fence(3, "output", "a"))
    (problem,) = check_outputs(Page(Path("page.md"), "page.md", fences, ()))
    assert problem.text.startswith("an output fence comes right after")


def test_commands_run_one_after_another_in_a_copy_of_the_course(tmp_path: Path) -> None:
    page = page_of(
        tmp_path,
        ("console", "$ make start MOD=mod5-buildpacks"),
        ("console", "$ make next"),
        ("output", "mod5-buildpacks, step 1 of 3: Write the start command into a Procfile (4 min)\n..."),
    )
    assert run_outputs(page, ROOT) == ([], 1)


def test_other_output_is_named_with_what_the_command_prints(tmp_path: Path) -> None:
    page = page_of(tmp_path, ("console", "$ make next MOD=mod5-buildpacks"), ("output", "You have started mod5."))
    ((problem,), compared) = run_outputs(page, ROOT)
    assert compared == 1
    assert str(problem).startswith(
        'page.md:7: `make next MOD=mod5-buildpacks` does not print "You have started mod5." here; it prints: '
        "You have not started mod5-buildpacks."
    )


@pytest.mark.app
@pytest.mark.parametrize(
    ("shown", "problems"),
    [
        ("mod5-buildpacks/START (App Engine): http://localhost:...\n...\nData: ... Press Ctrl-C to stop.", 0),
        ("mod5-buildpacks/START (App Engine): https://localhost:...", 1),
    ],
    ids=["as shown", "otherwise"],
)
def test_command_that_serves_is_ended_when_it_has_printed_all(tmp_path: Path, shown: str, problems: int) -> None:
    page = page_of(tmp_path, ("console", "$ make run MOD=mod5-buildpacks SIDE=START"), ("output", shown))
    assert len(run_outputs(page, ROOT)[0]) == problems
