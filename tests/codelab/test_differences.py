"""Texts that would take hours to compare are reported, not compared."""

from __future__ import annotations

from codelab.readme.model import Step, Track
from codelab.text_diff import MAX_LINES, MAX_STEPS, count_steps, describe_change, find_parts, is_comparable
from codelab.web.step_changes import MAX_COLUMNS, MAX_ROWS, group_by_step

START = [f"line {number}" for number in range(60)] + [""] * 20
TRACK = Track("START", "FINISH", "", 1, 0, "", (Step(1, "", 1, 0, True, "", "", ()),))


def test_texts_of_course_are_compared() -> None:
    assert describe_change(START, [*START, "more"]) == "+1 -0 lines"


def test_two_thousand_lines_are_compared_in_few_steps() -> None:
    long = [f"x{number} = {number}" if number % 10 else "" for number in range(2_000)]
    assert is_comparable(START, long)
    assert count_steps(START, long) < MAX_STEPS / 20


def test_many_equal_lines_are_not_compared() -> None:
    assert find_parts(["a", "b"] * 2_000, ["a", "c"] * 2_000) is None


def test_too_many_lines_are_counted() -> None:
    long = [str(number) for number in range(MAX_LINES + 1)]
    assert describe_change(START, long) == "changed, and too large to compare (80 and 5,001 lines)"


def test_page_shows_first_rows_of_long_file_and_counts_others() -> None:
    new = {"main.py": "\n".join(f"x{number}" for number in range(2_000))}
    [changes] = group_by_step(TRACK, {}, new)
    assert sum(len(hunk.rows) for hunk in changes.hunks) == MAX_ROWS
    assert changes.hunks[-1].note == "1,000 more lines here are not shown"


def test_page_names_file_too_large_to_compare() -> None:
    [changes] = group_by_step(TRACK, {}, {"main.py": "x\n" * (MAX_LINES + 1)})
    assert (changes.hunks[0].rows, "too large to compare" in changes.hunks[0].note) == ((), True)


def test_page_cuts_long_line() -> None:
    [changes] = group_by_step(TRACK, {}, {"main.py": "x" * 500_000})
    assert changes.hunks[0].rows[0].new == (1, "x" * MAX_COLUMNS + " (499,000 more characters)")
