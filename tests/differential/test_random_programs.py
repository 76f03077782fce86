"""The embedded engine answers random programs as Google's emulators do, but for the declared differences.

A run is the same each time; LOCALCLOUD_DIFFERENTIAL_EXAMPLES=5000 hunts among that many new programs.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.internal.conjecture.providers import HypothesisProvider

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine
from tests.differential.comparison import StorePair, UnequalAnswersError
from tests.differential.conftest import EMULATORS, serving
from tests.differential.drawing import programs
from tests.differential.mutants import MUTANTS, Mutant, assert_shows
from tests.differential.program import Program

HUNT = int(os.environ.get("LOCALCLOUD_DIFFERENTIAL_EXAMPLES", "0"))
EXAMPLES = 200


def compare(pair: StorePair, *, examples: int, hunt: bool = False, shrink: bool = True) -> None:
    """Run so many programs; UnequalAnswersError for one that is not answered alike."""

    @settings(
        max_examples=examples,
        derandomize=not hunt,
        deadline=None,
        # Not Phase.explain, which would run a program that fails many times more.
        phases=[Phase.reuse, Phase.generate, *([Phase.shrink] if shrink else [])],
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(programs(newer=pair.name == "firestore"))
    def check(program: Program) -> None:
        pair.check(program)

    # Hypothesis also draws constants of whatever modules are imported, so that a run would depend on which
    # other tests are in it. A hunt may have them.
    without = mock.patch.object(HypothesisProvider, "_maybe_draw_constant", return_value=None)
    with contextlib.nullcontext() if hunt else without:
        check()


def test_random_programs_are_answered_alike(pair: StorePair) -> None:
    compare(pair, examples=HUNT or EXAMPLES, hunt=bool(HUNT))
    assert pair.steps["compared"] > 4 * pair.steps["left out"], "the declared differences leave too little to compare"


def _find_difference(pair: StorePair) -> UnequalAnswersError:
    with pytest.raises(UnequalAnswersError) as found:
        compare(pair, examples=EXAMPLES, shrink=False)
    return found.value


@pytest.mark.parametrize("pair", [EMULATORS["datastore"]], indirect=True)
@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS.keys())
def test_broken_engine_is_detected_by_what_is_broken(pair: StorePair, mutant: Mutant) -> None:
    with serving(mutant.engine()) as broken:
        pair = replace(pair, embedded=broken)
        assert_shows(_find_difference(pair), mutant, pair)


class _FailsEachCommit(Engine):
    """An engine after a patch with an outdated signature: every commit fails."""

    def commit(self) -> m.CommitResponse:  # type: ignore[override]
        raise NotImplementedError


@pytest.mark.parametrize("pair", [EMULATORS["datastore"]], indirect=True)
def test_engine_that_fails_each_commit_is_not_a_valid_mutant(pair: StorePair) -> None:
    mutant = replace(MUTANTS["forgets deletes"], engine=_FailsEachCommit)
    with serving(mutant.engine()) as broken:
        pair = replace(pair, embedded=broken)
        difference = _find_difference(pair)
        with pytest.raises(AssertionError, match="the mutant fails by itself"):
            assert_shows(difference, mutant, pair)
