"""The sentences of a report, and what of two lines is marked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from localcloud.compare.reports.marked_lines import MarkedLine, mark_changes
from localcloud.compare.reports.wording import describe_difference, format_command
from tests.localcloud.compare.reports import ACCEPTED, PAGE, make_diff


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("curl 'localhost/?a=b c'", "curl 'localhost/?a=b c'"),
        ("curl --data 'a\r\n\x1b1' localhost", r"curl --data $'a\x0d\x0a\x1b1' localhost"),
        ("curl --data 'it'\"'\"'s \\\n' localhost", r"curl --data $'it\'s \\\x0a' localhost"),
        ("curl --data '\u00a0é' localhost", r"curl --data $'\xc2\xa0é' localhost"),
        ("curl --data '\udcff' localhost", r"curl --data $'\xff' localhost"),
        ("curl --data 'open\n", r"curl --data 'open\n"),
    ],
)
def test_command_can_be_printed_and_does_the_same(line: str, printed: str) -> None:
    assert format_command(line) == printed


def test_difference_on_many_routes_has_no_single_one() -> None:
    assert describe_difference(replace(PAGE, route="*")).startswith("several routes: the document differs")


def test_only_place_of_a_status_is_not_told() -> None:
    assert describe_difference(ACCEPTED) == "POST /sign: the status differs"


@pytest.mark.parametrize(
    ("diff", "changed"),
    [
        (("-page 11", "+page 10"), ["11", "10"]),
        (("-name", "+name (not indexed)"), ["", " (not indexed)"]),
        (("-a b c", "+a c"), ["b ", ""]),
        (("-yes", "+no"), ["", ""]),
        (("-one 1", "-two 2", "+one 3", "+two 4"), ["1", "2", "3", "4"]),
        (("-one 1", "+one 3", "+two 4"), ["", "", ""]),
        (("+one 1", "-one 2"), ["", ""]),
    ],
)
def test_words_that_only_one_of_a_pair_has_are_marked(diff: tuple[str, ...], changed: list[str]) -> None:
    assert [line.changed for line in mark_changes(make_diff(*diff))] == changed


def test_line_of_which_its_partner_has_more_is_cut_around_the_place() -> None:
    line = MarkedLine("-", "x" * 30, "", "y" * 30).shortened(40)
    assert str(line) == f"- [20 more characters]{'x' * 10}{'y' * 10}[20 more characters]"


def test_line_without_partner_is_cut_at_its_end() -> None:
    line = MarkedLine("+", "x" * 30).shortened(20)
    assert str(line) == f"+ {'x' * 20}[10 more characters]"
