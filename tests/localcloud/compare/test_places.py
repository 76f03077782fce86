"""Places are the same for all things of a kind, so that noise of one is known for the next."""

from __future__ import annotations

import pytest

from localcloud.compare.lines.places import general_name


@pytest.mark.parametrize(
    ("name", "general"),
    [
        ("visits", "visits"),
        ("visitme:visits", "visitme:visits"),
        ("post:5629499534213120", "post:*"),
        ("shard-7 in en", "shard-* in en"),
        ("report 2026-11-27", "report *"),
        ("session-KHMrA0XuGZ3qGKCrkW25", "*"),
        ("sess91b15f5d", "*"),
        ("user:6288e1a5-cc45-7821-98a6-416d1775336d:name", "user:*:name"),
    ],
)
def test_numbers_and_random_words_are_left_out_of_a_place(name: str, general: str) -> None:
    assert general_name(name) == general
