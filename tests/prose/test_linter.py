"""The prose linter finds what docs/writing.yaml forbids, where it is, and nothing else."""

from __future__ import annotations

import pytest
from proselint.registry import CheckRegistry
from ruamel.yaml import YAML

from tests.prose.__main__ import main
from tests.prose.linter import ROOT, SETTINGS, Linter

WORDS = YAML(typ="safe").load(SETTINGS.read_text())["words"]
LONG = " ".join(f"word{number}" for number in range(25))


@pytest.fixture(scope="module")
def linter() -> Linter:
    return Linter()


def lint(linter: Linter, page: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.rule) for problem in linter.problems(page, "page.md")]


@pytest.mark.parametrize("entry", WORDS, ids=[entry["find"] for entry in WORDS])
def test_words_are_found_in_the_bad_example_alone(linter, entry) -> None:
    (problem,) = linter.problems(entry["bad"], "page.md")
    assert problem.message.endswith(f": write {entry['write']}")
    assert linter.problems(entry["good"], "page.md") == []


@pytest.mark.parametrize(
    ("page", "rule"),
    [
        (f"{LONG} more.", "length"),
        (f"{LONG} `code`.", "length"),
        ("It stops; it starts.", "semicolon"),
        ("Two ways: first: stay.", "colons"),
        ("The the cache.", "lexical_illusions"),
        ("All of a sudden it stops, at the end of the day.", "cliches.misc.garner"),
    ],
)
def test_shape_and_proselint_are_reported(linter, page, rule) -> None:
    assert (1, rule) in lint(linter, page)


@pytest.mark.parametrize(
    "page",
    [
        f"{LONG}. {LONG}.",
        f"{LONG} `a b` [link](https://example.com/a;b).".replace("word0 word1 ", ""),
        "Next: [Module 3: Cloud Datastore](x), [Module 4: Docker](y).",
        f"![{LONG}](a.png)\n![{LONG}.](b.png)",
        "Open http://localhost:8080/ at 12:30: it answers.",
        'He said "straight quotes"...',
        "Duration: 4:00\nWorks: not yet",
        "# First; second: third: fourth",
        f"| a; b |\n|---|\n| {LONG} and; on: and: on |",
    ],
    ids=["limit", "code and links", "titles", "pictures", "colons in words", "off", "fields", "heading", "table"],
)
def test_allowed_prose_passes(linter, page) -> None:
    assert lint(linter, page) == []


@pytest.mark.parametrize(
    "page",
    [
        "```text\nAt no time; it stops.\n```",
        "    at no time; it stops",
        "<!-- at no time; -->",
        "Run `at no time;` now.",
    ],
    ids=["fence", "indented", "HTML", "code"],
)
def test_what_is_no_prose_is_not_read(linter, page) -> None:
    assert lint(linter, page) == []


@pytest.mark.parametrize(
    "page",
    [
        "# At no time",
        "| a | b |\n|---|---|\n| c | at no time |",
        "- a\n  - at no time",
        "> at no *time*",
        "![At no time](p.png)",
    ],
    ids=["heading", "table", "list", "quotation", "picture"],
)
def test_words_are_found_in_every_kind_of_passage(linter, page) -> None:
    assert [rule for _, rule in lint(linter, page)] == ["words"]


def test_line_is_that_of_the_words_in_the_page(linter) -> None:
    page = "# Title\n\nIt runs. It stops,  \nand starts; it\nfails at no\ntime.\n\n- It is\n  the the end."
    assert lint(linter, page) == [(4, "semicolon"), (5, "words"), (9, "lexical_illusions")]


def test_word_at_the_end_of_a_heading_is_not_repeated_by_the_next_line(linter) -> None:
    assert lint(linter, "## The cache\nCache the page.") == []


def test_exception_silences_one_rule_in_one_sentence_of_one_page(tmp_path) -> None:
    settings = tmp_path / "writing.yaml"
    exception = "{page: a.md, rule: semicolon, text: it starts, why: a quotation}"
    settings.write_text(f"longest_sentence: 30\nproselint_off: []\nwords: []\nexceptions: [{exception}]\n")
    linter = Linter(settings)
    assert linter.unused_exceptions == linter.exceptions
    assert linter.problems("It stops; it starts.", "a.md") == []
    assert linter.unused_exceptions == []
    assert len(linter.problems("It stops; it starts.", "b.md")) == 1
    assert len(linter.problems("It stops; it ends.", "a.md")) == 1
    assert len(linter.problems("It stops: it starts: now.", "a.md")) == 1


def test_settings_name_existing_checks_and_pages(linter) -> None:
    for name in YAML(typ="safe").load(SETTINGS.read_text())["proselint_off"]:
        assert any(check.path == name for check in CheckRegistry().checks), name
    for exception in linter.exceptions:
        assert (ROOT / exception["page"]).is_file()
        assert exception["why"]


def test_command_prints_page_line_and_what_to_write(tmp_path, capsys) -> None:
    page = tmp_path / "page.md"
    page.write_text("It waits\nat no time.\n")
    assert main([str(page)]) == 1
    assert capsys.readouterr().out == f'{page}:2: "at no time": write never, or the sentence in the active\n'
    page.write_text("It waits.\n")
    assert main([str(page)]) == 0
    assert capsys.readouterr().out == ""
