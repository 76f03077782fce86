"""The embedded engine answers random programs as Google's emulators do, but for the declared differences.

A run is the same each time; LOCALCLOUD_DIFFERENTIAL_EXAMPLES=5000 hunts among that many new programs.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, given, settings

from tests.differential.comparison import Pair
from tests.differential.drawing import programs
from tests.differential.program import Program

HUNT = int(os.environ.get("LOCALCLOUD_DIFFERENTIAL_EXAMPLES", "0"))
EXAMPLES = 200


def test_random_programs_are_answered_alike(pair: Pair) -> None:
    @settings(
        max_examples=HUNT or EXAMPLES,
        derandomize=not HUNT,
        deadline=None,
        # Not Phase.explain, which would run a program that fails many times more.
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(programs(newer=pair.name == "firestore"))
    def check(program: Program) -> None:
        pair.check(program)

    check()
    assert pair.steps["compared"] > 4 * pair.steps["left out"], "the declared differences leave too little to compare"
