"""Noise is learnt from two answers of the old app, and is no difference in the new app's."""

from __future__ import annotations

import pytest

from localcloud.compare.noise.templates import make_template
from localcloud.compare.observation import Aspect, Line
from tests.localcloud.compare.lines import differences, lines

SAME_UP_TO_NOISE = {
    "a time": ("at 18:22:10", "at 18:22:12", "at 18:22:11"),
    "a date that changes": ("Fri Nov 27 23:59:59", "Sat Nov 28 00:00:00", "Fri Nov 27 23:59:59"),
    "an id of another length": ("/posts/5629499534213120", "/posts/4785074604081152", "/posts/7"),
    "a random word": ("key a8f3c2", "key 77bd01", "key ImY4-zz_9.Q"),
    "a token in Base64": ('value="abc-def9_x"', 'value="k3z--9aa"', 'value="zz91"'),
    "a UUID": (
        "id 6288e1a5-cc45-7821-98a6-416d1775336d",
        "id 8c7e134f-5dfb-d3d1-2c4a-3698aa2ca1af",
        "id 8c7e134f-cc45-4f0e-9a00-0b0b6b1f0c11",
    ),
    "a long token in Base64 for URLs": (
        "t=-bwJJQFiK7_a0gG-zQ&n=1",
        "t=KwAao47S-_J3l9VX4pQ&n=1",
        "t=x0c-9J_aa-_aOi8UeQA&n=1",
    ),
    "a quotation of the day": ("To be or not to be", "All that glisters", "Once more unto the breach"),
    "seconds with a fraction": ("took 0.1234 s", "took 0.12 s", "took 1.5 s"),
    "a thousand and less": ("of 1,204 rows", "of 1,377,204 rows", "of 3 rows"),
    "very few seconds": ("took 0.0012 s", "took 0.12 s", "took 9.5e-05 s"),
}
DIFFERENT = {
    "a word beside a time": ("ann at 18:22:10", "ann at 18:22:12", "bob at 18:22:11"),
    "nothing in place of an id": ("id 17", "id 23", "id None"),
    "no parts of a second": ("12:10:05.294648", "12:10:05.394648", "12:10:05"),
    "thousands without commas": ("of 1,204 rows", "of 1,377 rows", "of 1377 rows"),
    "a name for a random word": (
        "Session:029c893e9d0148c29ccdf9d6",
        "Session:95dd0648d94a40a1964b3a34",
        "Session:ann",
    ),
    "a number that can be guessed for a token": (
        "key 029c893e-9d0148c29ccdf9d6",
        "key 95dd0648-d94a40a1964b3a34",
        "key 523",
    ),
    "no token": ('value="abc9"', 'value="k3z1"', 'value=""'),
    "another path before an id": ("/posts/17", "/posts/23", "/post/17"),
    "a time that the old app shows twice": ("at 18:22:10", "at 18:22:10", "at 17:22:10"),
}


@pytest.mark.parametrize("case", SAME_UP_TO_NOISE)
def test_what_the_old_app_changes_itself_is_no_difference(case: str) -> None:
    old, again, new = SAME_UP_TO_NOISE[case]
    assert differences((lines(old), lines(again), lines(new))) == [[]]


@pytest.mark.parametrize("case", DIFFERENT)
def test_beside_noise_a_difference_is_found(case: str) -> None:
    old, again, new = DIFFERENT[case]
    [[found]] = differences((lines(old), lines(again), lines(new)))
    assert [line.text for line in found.diff if line.sign == "+"] == [new]


def test_random_digits_that_were_equal_by_chance_are_known_from_another_request() -> None:
    first = lines("lucky 3"), lines("lucky 7"), lines("lucky 5")
    by_chance = lines("lucky 4"), lines("lucky 4"), lines("lucky 9")
    assert differences(first, by_chance) == [[], []]


def test_noise_of_one_place_does_not_hide_another_place() -> None:
    first = lines("lucky 3"), lines("lucky 7"), lines("lucky 5")
    elsewhere = lines("page 4", place="h1"), lines("page 4", place="h1"), lines("page 5", place="h1")
    assert [len(found) for found in differences(first, elsewhere)] == [0, 1]


def test_noise_of_a_place_hides_no_other_shape() -> None:
    first = lines("lucky 3"), lines("lucky 7"), lines("lucky 5")
    by_chance = lines("lucky 4"), lines("lucky 4"), lines("lucky None")
    assert [len(found) for found in differences(first, by_chance)] == [0, 1]


def test_lines_that_come_and_go_are_no_difference() -> None:
    old, again = lines("a", "ad: soap"), lines("a")
    assert differences((old, again, lines("a"))) == [[]]


def test_a_missing_line_is_found_among_noisy_ones() -> None:
    old = lines("ann 1", "bob 2", "cid 3")
    again = lines("ann 4", "bob 5", "cid 6")
    [[found]] = differences((old, again, lines("ann 7", "cid 9")))
    assert (found.old, found.new) == (("bob …",), ())


def test_a_new_line_is_found_among_noisy_ones() -> None:
    old, again = lines("ann 1", "cid 3"), lines("ann 4", "cid 6")
    [[found]] = differences((old, again, lines("ann 7", "bob 8", "cid 9")))
    assert [line.text for line in found.diff if line.sign == "+"] == ["bob 8"]


def test_long_texts_are_compared_too() -> None:
    old = lines(*(f"line {number}" for number in range(3000)))
    again = old
    new = lines(*(f"line {number}" for number in range(1, 2999)), "end")
    [found] = differences((old, again, new))
    assert [one.old for one in found] == [("line 0",), ("line 2999",)]


def test_digits_that_were_equal_by_chance_beside_a_time_are_noise() -> None:
    first = lines("18:22:10, lucky 3"), lines("18:22:12, lucky 7"), lines("18:22:11, lucky 5")
    by_chance = lines("18:22:20, lucky 4"), lines("18:22:22, lucky 4"), lines("18:22:21, lucky 9")
    assert differences(first, by_chance) == [[], []]


def test_noise_in_lines_of_another_length_is_known_from_another_request() -> None:
    first = lines("delta -4 ms"), lines("delta 7 ms"), lines("delta 5 ms")
    by_chance = lines("delta 3 ms"), lines("delta 3 ms"), lines("delta -9 ms")
    assert differences(first, by_chance) == [[], []]


def test_ids_in_a_table_hide_no_other_column() -> None:
    old = lines("5629499534213120", "ann", "9.50", place="td")
    again = lines("4785074604081152", "ann", "9.50", place="td")
    new = lines("6122080743456768", "bob", "9.75", place="td")
    [[found]] = differences((old, again, new))
    assert [line.text for line in found.diff if line.sign == "+"] == ["bob", "9.75"]


def calls(number: int) -> tuple[Line, ...]:
    return lines(f"lookups: {number}", place="lookups")


@pytest.mark.parametrize(("new", "differs"), [(0, False), (1, False), (2, True), (50, True)])
def test_number_of_calls_may_vary_as_far_as_the_old_app_varies(new: int, differs: bool) -> None:
    first = calls(0), calls(1), calls(1)
    second = calls(0), calls(0), calls(new)
    assert [bool(found) for found in differences(first, second, aspect=Aspect.CALLS)] == [False, differs]


def test_number_of_calls_that_does_not_vary_is_exact() -> None:
    first = calls(1), calls(1), calls(1)
    second = calls(2), calls(2), calls(1)
    assert [bool(found) for found in differences(first, second, aspect=Aspect.CALLS)] == [False, True]


def test_noise_of_a_very_long_line_is_between_its_ends() -> None:
    """A picture in Base64 was aligned word by word, which took minutes."""
    long = "+".join(["a1"] * 50_000)
    template = make_template(f'src="{long}" alt=""', f'src="{long[3:]}b" alt=""')
    assert template.masked.startswith('src="')
    assert template.masked.endswith('…" alt=""')
    assert template.masked.count("…") == 1
