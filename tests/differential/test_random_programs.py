"""The embedded engine answers random programs as Google's emulators do, but for the declared differences.

A run is the same each time; LOCALCLOUD_DIFFERENTIAL_EXAMPLES=5000 hunts among that many new programs.
"""

from __future__ import annotations

import contextlib
import os
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.internal.conjecture.providers import HypothesisProvider

from datastore_emulator import messages, mutations
from datastore_emulator.engine import Engine
from datastore_emulator.query import filters, normal_form
from tests.differential.comparison import Pair
from tests.differential.conftest import EMULATORS
from tests.differential.drawing import programs
from tests.differential.program import Program

HUNT = int(os.environ.get("LOCALCLOUD_DIFFERENTIAL_EXAMPLES", "0"))
EXAMPLES = 200


def compare(pair: Pair, *, examples: int, hunt: bool = False, shrink: bool = True) -> None:
    """Run so many programs; AssertionError for one that is not answered alike."""

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


def test_random_programs_are_answered_alike(pair: Pair) -> None:
    compare(pair, examples=HUNT or EXAMPLES, hunt=bool(HUNT))
    assert pair.steps["compared"] > 4 * pair.steps["left out"], "the declared differences leave too little to compare"


def _forget_deletes(change: Any, writer: Any) -> messages.MutationResult:
    if change.operation == "delete":
        return messages.MutationResult(version=writer.version)
    return _APPLY(change, writer)


_APPLY, _TERM = mutations.apply, normal_form.Term


@pytest.mark.parametrize("pair", [EMULATORS["datastore"]], indirect=True)
@pytest.mark.parametrize(
    ("owner", "name", "broken"),
    [
        pytest.param(mutations, "apply", _forget_deletes, id="forgets deletes"),
        pytest.param(filters, "_narrow", lambda *_: None, id="ignores ranges"),
        pytest.param(normal_form, "Term", lambda name, _: _TERM(name, False), id="cannot descend"),
        pytest.param(Engine, "_check_unchanged", lambda *_: None, id="commits without looking"),
    ],
)
def test_an_engine_is_found_out_that(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, broken: Any
) -> None:
    monkeypatch.setattr(owner, name, broken)
    with pytest.raises(AssertionError, match="is answered"):
        compare(pair, examples=EXAMPLES, shrink=False)
