"""The report of a comparison on a terminal and in a log."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import pytest
from rich.console import Console

from localcloud.compare.reports.terminal import print_report
from localcloud.compare.result import Difference, DiffLine, Report
from tests.localcloud.compare.reports import (
    BROKEN,
    CALLS,
    DIFFERENT,
    ERROR,
    FAILING,
    FULL,
    PAGE,
    SAME,
    TIME,
    make_diff,
    make_evil,
    make_request,
)

TEXT = """\
4 requests with 1 behaviour, 3 differences, 1 accepted (12 s)
Lines with - are from START, lines with + are from FINISH.

1. GET /posts/*: the document differs, at html > body > ul > li
   2 requests: 1 and 3
     <ul>
   - <li>Post 11 of 20</li>
   + <li>Post 10 of 20</li>
   curl localhost/posts/1

2. POST /sign: the cookies differ, at session
   request 2
     session is set
   - session: Secure
   curl localhost/sign

3. GET / (restart): the document differs, at html > body > ul > li
   request 1
     <ul>
   - <li>Post 11 of 20</li>
   + <li>Post 10 of 20</li>
   curl localhost/

Accepted:
   POST /sign: the status differs: “clients follow both”

Taken for noise, since the old app itself changes it from run to run:
   request  place               one time  another time
   GET /    document, html > p  12:00:01  12:00:03

The comparison could not see everything:
   tasks of FINISH still ran after 10 s

Accepted, but not found this time:
   GET /old: the document differs

Fix the new app, or pass --accept "REASON" to accept these differences; --only 1,2 accepts some.
"""


def show(report: Report, **options: object) -> str:
    stream = io.StringIO()
    print_report(report, Console(file=stream, **{"width": 100, **options}))  # type: ignore[arg-type]
    return stream.getvalue()


def make_report(differences: Sequence[Difference]) -> Report:
    return replace(DIFFERENT, differences=differences)


def test_log_has_all_that_was_found() -> None:
    assert show(FULL) == TEXT


def test_same_apps_are_one_line() -> None:
    assert show(SAME) == "3 requests, no difference (12 s)\n"


def test_nothing_is_to_be_done_about_accepted_differences() -> None:
    assert "--accept" not in show(make_report([replace(PAGE, accepted="so it was")]))


def test_only_terminal_gets_colours_and_marked_words(monkeypatch: pytest.MonkeyPatch) -> None:
    colored = show(DIFFERENT, force_terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    without = show(DIFFERENT, force_terminal=True)

    assert "\x1b[31m- <li>Post \x1b[0m\x1b[7;31m11\x1b[0m\x1b[31m of 20</li>\x1b[0m" in colored
    assert "- <li>Post \x1b[7m11\x1b[0m of 20</li>" in without


@pytest.mark.parametrize("terminal", [False, True])
def test_escape_sequences_of_app_are_printed_as_text(terminal: bool) -> None:
    text = show(make_evil(), force_terminal=terminal, color_system=None)
    assert [line for line in text.splitlines() if not line.isprintable()] == []
    assert r"\x1b]0;title\x07\r\x9b31m\x00\ufffe\ud800\u202e\u2028" in text


def test_output_without_a_letter_gets_its_number() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), "ascii")
    print_report(make_report([replace(PAGE, diff=make_diff("-Grüße"))]), Console(file=stream, width=100))
    stream.seek(0)
    assert r"- Gr\xfc\xdfe" in stream.read()


def test_long_line_is_cut_around_the_change() -> None:
    old, new = (f"{'a ' * 500}{word}{' b' * 500}" for word in ("old", "new"))
    text = show(make_report([replace(PAGE, diff=(DiffLine("-", old), DiffLine("+", new)))]))

    (line,) = (line for line in text.splitlines() if line.startswith("   - "))
    assert "more characters]" in line
    assert "a old b" in line
    assert len(line) < 500


def test_many_lines_are_counted() -> None:
    text = show(make_report([replace(PAGE, diff=tuple(DiffLine("+", f"line {number}") for number in range(1, 101)))]))
    assert "   + line 40\n   and 60 more lines, which --html FILE shows\n" in text
    assert "line 41" not in text


def test_many_differences_are_listed_without_their_lines() -> None:
    text = show(make_report([replace(PAGE, route=f"GET /{number}") for number in range(1, 101)]))
    assert text.count("<ul>") == 25
    assert "\n100. GET /100: the document differs, at html > body > ul > li (2 requests: 1 and 3)\n" in text


def test_much_noise_is_counted() -> None:
    text = show(replace(SAME, noise=[replace(TIME, route=f"GET /{number}") for number in range(1, 21)]))
    assert "GET /8 " in text
    assert "GET /9 " not in text
    assert "and 12 more: --html FILE shows all\n" in text


def test_many_requests_are_counted() -> None:
    requests = [make_request(number) for number in range(1, 31)]
    text = show(replace(make_report([replace(PAGE, requests=tuple(range(1, 31)))]), requests=requests))
    assert "   30 requests: 1, 2, 3, 4, 5 and 25 more\n" in text


def test_what_follows_a_status_is_shown_below_it() -> None:
    text = show(make_report([BROKEN]))
    assert "1 difference" in text
    assert (
        "   + 500 Internal Server Error\n"
        "   With it, the document differs, at html > body > ul > li:\n"
        "     <ul>\n"
    ) in text  # fmt: skip


def test_many_followers_are_counted() -> None:
    long = replace(PAGE, diff=tuple(DiffLine("+", f"line {number}") for number in range(1, 8)))
    text = show(make_report([replace(BROKEN, followers=(long,) * 6)]))
    assert text.count("With it, ") == 4
    assert "   + line 6\n   and 1 more line, which --html FILE shows\n" in text
    assert "   and 2 more differences of its answer, which --html FILE shows\n" in text


CALLS_TABLE = """
Calls of both apps that differ in number:
   call     old    new
   mails        0    1
   queries  1,031   62
"""


@pytest.mark.parametrize(
    ("calls", "shown"),
    [(CALLS, True), (replace(BROKEN, followers=(CALLS,)), True), (replace(CALLS, accepted="one less"), False)],
)
def test_calls_are_counted_unless_all_their_differences_are_accepted(calls: Difference, shown: bool) -> None:
    assert (CALLS_TABLE in show(replace(FULL, differences=[PAGE, calls]))) == shown


@pytest.mark.parametrize("width", [80, 100, 120])
def test_long_noise_is_cut_to_the_terminal(width: int) -> None:
    noise = replace(
        TIME, route=f"GET /{'r' * 50}", place=f"{'p' * 50} > end", examples=(f"<p>{'a' * 90}</p>", f"<p>{'b' * 90}</p>")
    )
    lines = show(replace(SAME, noise=[noise]), width=width).splitlines()
    [row] = [line for line in lines if "rrr" in line]
    assert len(row) <= width
    assert row.count("…") == 4
    assert " > end  " in row


def test_error_of_the_new_app_is_shown_with_its_answer_5xx() -> None:
    assert f"   The new app's log: {ERROR}\n   curl localhost/posts/1\n" in show(FAILING)
