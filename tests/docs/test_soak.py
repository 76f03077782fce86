"""What the soak fails on."""

from __future__ import annotations

import pytest

from bench.soak import LARGEST_LOG, Sample, judge

GOOD = [Sample(log=16_000_000, resident=100_000_000, descriptors=100)] * 50


def test_a_soak_with_flat_figures_and_expected_answers_passes() -> None:
    assert (
        list(judge(GOOD, {("Datastore gRPC", "OK"): 1000, ("Datastore gRPC", "ABORTED"): 10, ("page", "400"): 5})) == []
    )


def test_what_grows_before_the_second_fifth_counts_for_nothing() -> None:
    cold = [Sample(log=0, resident=50_000_000, descriptors=10)] * 10
    assert list(judge(cold + GOOD[10:], {})) == []


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (GOOD[0]._replace(log=LARGEST_LOG), "the log had 64.0 MB"),
        (GOOD[0]._replace(resident=111_000_000), "resident memory grew from 100000000 to 111000000"),
        (GOOD[0]._replace(descriptors=111), "file descriptors grew from 100 to 111"),
    ],
)
def test_a_figure_that_grew_is_named(last, words) -> None:
    (problem,) = judge(GOOD[:40] + [last] * 10, {})
    assert words in problem


@pytest.mark.parametrize("kind", ["INTERNAL", "UNKNOWN", "500", "TimeoutError"])
def test_an_answer_that_must_not_be_is_named_with_its_listener(kind) -> None:
    assert list(judge(GOOD, {("front end", kind): 3})) == [f"front end: 3 times {kind}"]
