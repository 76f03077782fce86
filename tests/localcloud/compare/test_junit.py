"""The report of a comparison as JUnit's XML."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from localcloud.compare.observation import Aspect
from localcloud.compare.reports.junit import render_junit, write_junit
from localcloud.compare.result import Report
from tests.localcloud.compare.reports import (
    BROKEN,
    DIFFERENT,
    ERROR,
    FAILING,
    FULL,
    PAGE,
    SAME,
    make_evil,
    make_request,
)


def parse(report: Report) -> ElementTree.Element:
    return ElementTree.fromstring(render_junit(report).encode())


def test_each_request_is_a_test_in_the_suite_of_its_behaviour() -> None:
    root = parse(FULL)
    assert {suite.get("name"): [case.get("name") for case in suite.findall("testcase")] for suite in root} == {
        "localcloud compare": ["1 GET /posts/1", "2 POST /sign", "3 GET /posts/2"],
        "localcloud compare: restart": ["1 GET /"],
    }
    # GitLab shows the class as the suite.
    assert all(case.get("classname") == suite.get("name") for suite in root for case in suite)


def test_counts_are_those_of_the_tests() -> None:
    root = parse(FULL)
    assert root.attrib == {
        "name": "localcloud compare", "tests": "4", "failures": "4", "errors": "0", "time": "0.060"
    }  # fmt: skip
    assert [suite.get("failures") for suite in root] == ["3", "1"]


def test_open_difference_is_a_failure_with_its_lines() -> None:
    failures = parse(DIFFERENT).findall(".//failure")
    assert [failure.get("message") for failure in failures] == [
        "the document differs, at html > body > ul > li",
        "the cookies differ, at session",
        "the document differs, at html > body > ul > li",
    ]
    assert failures[1].text == (
        "POST /sign: the cookies differ, at session\n  session is set\n- session: Secure\n\ncurl localhost/sign"
    )


def test_lines_are_not_repeated_for_each_request() -> None:
    failures = [failure.text or "" for failure in parse(DIFFERENT).findall(".//failure")]
    assert ["- <li>Post 11 of 20</li>" in text for text in failures] == [True, False, False]
    assert "(the lines are at request 1)" in failures[2]


def test_many_differences_of_a_request_are_counted_in_its_message() -> None:
    root = parse(replace(SAME, differences=[replace(PAGE, aspect=aspect) for aspect in list(Aspect)[:5]]))
    failure = root.find(".//failure")
    assert failure is not None
    assert (failure.get("message") or "").endswith("the content type differs; and 2 more")


def test_accepted_difference_is_no_failure() -> None:
    root = parse(replace(SAME, differences=[replace(PAGE, accepted="so it was")]))
    assert root.findall(".//failure") == []
    assert root.findtext(".//system-out") == "accepted: the document differs, at html > body > ul > li: so it was"


def test_difference_that_no_request_shows_is_a_test_of_its_own() -> None:
    root = parse(replace(SAME, differences=[replace(PAGE, requests=())]))
    (case,) = root.findall(".//testcase[failure]")
    assert case.get("name") == "GET /posts/*: the document differs, at html > body > ul > li"


def test_request_that_no_app_answered_is_skipped() -> None:
    root = parse(replace(SAME, requests=[replace(make_request(1), statuses=(None, None))]))
    assert [suite.get("skipped") for suite in root] == ["1"]
    assert len(root.findall(".//testcase/skipped")) == 1


def test_characters_that_xml_lacks_are_escaped() -> None:
    root = parse(make_evil())
    assert r"- \x1b]0;title\x07\r\x9b31m\x00\ufffe\ud800" in (root.findtext(".//failure") or "")


def test_file_is_utf_8(tmp_path: Path) -> None:
    write_junit(replace(SAME, requests=[make_request(1, title="GET /Grüße")]), tmp_path / "junit.xml")
    (case,) = ElementTree.parse(tmp_path / "junit.xml").getroot().iter("testcase")
    assert case.get("name") == "1 GET /Grüße"


def test_what_follows_a_status_is_in_its_failure() -> None:
    text = parse(replace(SAME, differences=[BROKEN])).findtext(".//failure") or ""
    assert "With it, the document differs, at html > body > ul > li:\n  <ul>\n- <li>Post 11" in text


def test_error_of_the_new_app_is_in_the_failure_of_its_answer_5xx() -> None:
    assert f"\n\nThe new app's log: {ERROR}\n\ncurl " in (parse(FAILING).findtext(".//failure") or "")
