"""Anchors of headings, for links, and the first sentences of paragraphs."""

from __future__ import annotations

import pytest

from codelab.readme.markdown import anchor, first_sentence, headings, parse


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("What it costs", "what-it-costs"),
        ("START and FINISH", "start-and-finish"),
        ("Why `ndb`, and why not?", "why-ndb-and-why-not"),
        ("Sub-title 2", "sub-title-2"),
    ],
)
def test_anchor_of_a_title(title: str, name: str) -> None:
    assert anchor(title) == name


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("One. Two.\n\nThree.\n", "One."),
        ("Move from *ndb*\nto `Cloud NDB`. Then rest.\n", "Move from ndb to Cloud NDB."),
        ("Why [this](x.md)? Because.\n", "Why this?"),
        ("Version 3.14 is new. It works.\n", "Version 3.14 is new."),
    ],
)
def test_first_sentence_is_plain_text(text: str, sentence: str) -> None:
    assert first_sentence(text) == sentence


def test_headings_have_their_level_and_line() -> None:
    assert list(headings(parse("# One\n\ntext\n\n## Two\n"))) == [(1, "One", 1), (2, "Two", 5)]
