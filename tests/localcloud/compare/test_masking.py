"""A text of a report is the same in each run, whatever times and tokens it has."""

from __future__ import annotations

import pytest

from localcloud.compare.noise.masking import mask, matches


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("at 2026-11-27 18:00:00.123456 by b7f9a1c2d3", "at … by …"),
        ("timestamp 2026-11-27T…:…Z", "timestamp …Z"),
        ("Fri Nov 27 19:02:18 2026 from 127.0.0.1", "… from 127.0.0.1"),
        ("Fri Nov 27 19:…:… 2026 from 127.0.0.1", "… from 127.0.0.1"),
        ("Expires: Sat, 28 Nov 2026 00:00:00 GMT", "Expires: … GMT"),
        ("on Friday, November 27th, 2026", "on …"),
        ("May I have 10 of 12? Sun and Mark, 3 March hares", "May I have 10 of 12? Sun and Mark, … hares"),
        ("page 2 of 10, version 1.2", "page 2 of 10, version 1.2"),
    ],
)
def test_times_and_random_words_are_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ("masked", "text", "expected"),
    [
        ("made … by ann", "made … by ann", True),
        ("made … by ann", "made 10:00 by ann", True),
        ("made … by ann", "made … by bob", False),
        ("a.b", "axb", False),
        ("…", "anything\nat all", True),
    ],
)
def test_ellipsis_stands_for_any_text(masked: str, text: str, expected: bool) -> None:
    assert matches(masked, text) is expected
