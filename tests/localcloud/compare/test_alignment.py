"""Lines that belong together are found in texts of any size."""

from __future__ import annotations

import pytest

from localcloud.compare.noise.alignment import align
from tests.localcloud.compare.lines import lines


@pytest.mark.parametrize(
    ("one", "other", "blocks"),
    [
        ("abc", "abc", []),
        ("abc", "", [(range(3), range(0))]),
        ("", "ab", [(range(0), range(2))]),
        ("abcd", "axcy", [(range(1, 2), range(1, 2)), (range(3, 4), range(3, 4))]),
        ("abcdefg", "bcxdeg", [(range(1), range(0)), (range(3, 3), range(2, 3)), (range(5, 6), range(5, 5))]),
        ("aab", "ab", [(range(1, 2), range(1, 1))]),
    ],
)
def test_blocks_are_what_differs(one: str, other: str, blocks: list[tuple[range, range]]) -> None:
    assert align(lines(*one), lines(*other)) == blocks


def test_changes_at_both_ends_of_a_long_text_take_few_comparisons() -> None:
    one, other = lines("a", *"x" * 1000, "b"), lines("c", *"x" * 1000, "d")
    compared = 0

    def same(i: int, j: int) -> bool:
        nonlocal compared
        compared += 1
        return one[i] == other[j]

    assert align(one, other, same) == [(range(1), range(1)), (range(1001, 1002), range(1001, 1002))]
    assert compared < 5000


def test_a_table_with_something_new_in_each_row_takes_few_comparisons() -> None:
    one, other = ([line for row in range(1000) for line in lines("tr", "td", f"{side}{row}")] for side in "ab")
    compared = 0

    def same(i: int, j: int) -> bool:
        nonlocal compared
        compared += 1
        return one[i] == other[j]

    assert len(align(one, other, same)) == 1000
    assert compared < 400_000
