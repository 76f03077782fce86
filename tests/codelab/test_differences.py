"""Comparisons that would take hours are told, not made."""

from __future__ import annotations

from codelab.readme.model import Step, Track
from codelab.text_diff import MAX_LINES, MAX_STEPS, changed_lines, comparable, parts, steps
from codelab.web.comparison import MAX_COLUMNS, MAX_ROWS, chapters

START = [f"line {number}" for number in range(60)] + [""] * 20
TRACK = Track("START", "FINISH", "", 1, 0, "", (Step(1, "", 1, 0, True, "", "", ()),))


def test_texts_of_a_course_are_compared() -> None:
    assert changed_lines(START, [*START, "more"]) == "+1 -0 lines"


def test_two_thousand_lines_are_compared_in_few_steps() -> None:
    long = [f"x{number} = {number}" if number % 10 else "" for number in range(2_000)]
    assert comparable(START, long)
    assert steps(START, long) < MAX_STEPS / 20


def test_many_equal_lines_are_not_compared() -> None:
    assert parts(["a", "b"] * 2_000, ["a", "c"] * 2_000) is None


def test_too_many_lines_are_told_by_number() -> None:
    long = [str(number) for number in range(MAX_LINES + 1)]
    assert changed_lines(START, long) == "changed, and too large to compare (80 and 5,001 lines)"


def test_page_shows_the_first_rows_of_a_long_file_and_counts_the_others() -> None:
    new = {"main.py": "\n".join(f"x{number}" for number in range(2_000))}
    [chapter] = chapters(TRACK, {}, new)
    assert sum(len(hunk.rows) for hunk in chapter.hunks) == MAX_ROWS
    assert chapter.hunks[-1].note == "1,000 more lines here are not shown"


def test_page_names_a_file_that_is_too_large_to_compare() -> None:
    [chapter] = chapters(TRACK, {}, {"main.py": "x\n" * (MAX_LINES + 1)})
    assert (chapter.hunks[0].rows, "too large to compare" in chapter.hunks[0].note) == ((), True)


def test_page_cuts_a_long_line() -> None:
    [chapter] = chapters(TRACK, {}, {"main.py": "x" * 500_000})
    assert chapter.hunks[0].rows[0].new == (1, "x" * MAX_COLUMNS + " (499,000 more characters)")
