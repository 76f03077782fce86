"""The report of a comparison as one HTML file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest

from datastore_emulator.errors import UserError
from localcloud.compare.reports.html import render_html, write_html
from localcloud.compare.result import Report
from localcloud.files.paths import format_text
from tests.localcloud.compare.reports import BROKEN, ERROR, EVIL, FAILING, FULL, SAME, TIME, make_evil, make_request


def parse(report: Report) -> Element:
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(render_html(report))  # type: ignore[no-any-return]


def texts(page: Element, path: str) -> list[str]:
    return ["".join(element.itertext()) for element in page.findall(path)]


def table(page: Element, name: str) -> list[list[str]]:
    return [texts(row, "td") for row in page.findall(f".//div[@aria-label='{name}']//tbody/tr")]


def test_page_has_all_that_was_found() -> None:
    page = parse(FULL)

    assert texts(page, ".//p[@class='verdict differs']") == ["4 requests with 1 behaviour, 3 differences, 1 accepted"]
    assert texts(page, ".//section/h3") == [
        "1. GET /posts/*: the document differs, at html > body > ul > li",
        "2. POST /sign: the cookies differ, at session",
        "3. GET / (restart): the document differs, at html > body > ul > li",
        "POST /sign: the status differs",
    ]
    assert texts(page, ".//section[1]/div/del/mark") == ["11"]
    assert texts(page, ".//section[1]/pre") == ["curl localhost/posts/1"]
    assert "Accepted: clients follow both" in texts(page, ".//section/p")
    assert table(page, "Calls") == [["mails", "0", "1"], ["queries", "1,031", "62"], ["writes", "3", "3"]]
    assert table(page, "Noise") == [["GET /", "document, html > p", *TIME.examples, "31"]]
    assert table(page, "Requests") == [
        ["1", "GET /posts/1", "", "200", "200", "12", "15", "differs: 1"],
        ["2", "POST /sign", "", "200", "200", "12", "15", "differs: 2"],
        ["3", "GET /posts/2", "", "200", "200", "12", "15", "differs: 1"],
        ["1", "GET /", "restart", "200", "200", "12", "15", "differs: 3"],
    ]
    assert texts(page, ".//li") == [*FULL.warnings, *FULL.unused]


def test_page_of_same_apps_has_no_difference() -> None:
    page = parse(SAME)
    assert texts(page, ".//p[@class='verdict']") == ["3 requests, no difference"]
    assert texts(page, ".//h2") == ["Requests"]
    assert [row[-1] for row in table(page, "Requests")] == ["same"] * 3


def test_differences_and_requests_link_to_each_other() -> None:
    page = parse(FULL)
    requests, differences = (
        [link.get("href", "")[1:] for link in page.findall(path)] for path in (".//section/p/a", ".//td/a")
    )
    assert requests == ["request-1", "request-3", "request-2", "request-4", "request-2"]
    assert differences == ["difference-1", "difference-2", "difference-1", "difference-3"]
    assert {element.get("id") for element in page.iter()} >= {*requests, *differences}


def test_page_needs_no_other_file() -> None:
    page = parse(FULL)
    addresses = [value for element in page.iter() for name, value in element.items() if name in {"href", "src"}]
    assert [address for address in addresses if not address.startswith(("#", "data:"))] == []
    assert "url(" not in "".join(texts(page, ".//style"))


def test_texts_of_app_are_texts() -> None:
    page = parse(make_evil())  # strict: without control characters
    assert page.findall(".//script") == []
    assert format_text(EVIL) in texts(page, ".//td")


def test_app_without_answer_says_so() -> None:
    silent = replace(make_request(1), statuses=(200, None))
    assert table(parse(replace(SAME, requests=[silent])), "Requests")[0][2:4] == ["200", "no answer"]


def test_folder_of_the_file_is_made(tmp_path: Path) -> None:
    write_html(SAME, tmp_path / "reports" / "compare.html")
    assert (tmp_path / "reports" / "compare.html").read_text(encoding="utf-8") == render_html(SAME)


def test_file_that_cannot_be_written_is_an_error_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"cannot write the report \(is a directory\); choose another file"):
        write_html(SAME, tmp_path)


def test_what_follows_a_status_is_in_its_section() -> None:
    [section] = parse(replace(SAME, differences=[BROKEN])).findall(".//section")
    assert "With it, the document differs, at html > body > ul > li:" in texts(section, "p")
    assert "11" in texts(section, "div/del/mark")


def test_error_of_the_new_app_is_in_the_section_of_its_answer_5xx() -> None:
    assert texts(parse(FAILING), ".//p[@class='error']") == [f"The new app's log: {ERROR}"]
