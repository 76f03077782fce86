"""The soak fails if a figure grows or an unexpected answer comes."""

from __future__ import annotations

import pytest

from bench.soak import LARGEST_LOG, Sample, find_problems

GOOD = [Sample(log=16_000_000, resident=100_000_000, descriptors=100)] * 50


def test_flat_figures_and_expected_answers_pass() -> None:
    assert (
        list(
            find_problems(GOOD, {("Datastore gRPC", "OK"): 1000, ("Datastore gRPC", "ABORTED"): 10, ("page", "400"): 5})
        )
        == []
    )


def test_growth_in_the_first_fifth_is_ignored() -> None:
    cold = [Sample(log=0, resident=50_000_000, descriptors=10)] * 10
    assert list(find_problems(cold + GOOD[10:], {})) == []


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (GOOD[0]._replace(log=LARGEST_LOG), "the log had 64.0 MB"),
        (GOOD[0]._replace(resident=111_000_000), "resident memory grew from 100000000 to 111000000"),
        (GOOD[0]._replace(descriptors=111), "file descriptors grew from 100 to 111"),
    ],
)
def test_growing_figure_is_named(last, words) -> None:
    (problem,) = find_problems(GOOD[:40] + [last] * 10, {})
    assert words in problem


@pytest.mark.parametrize("kind", ["INTERNAL", "UNKNOWN", "500", "TimeoutError"])
def test_unexpected_answer_is_named_with_its_listener(kind) -> None:
    assert list(find_problems(GOOD, {("front end", kind): 3})) == [f"front end: 3 times {kind}"]
