"""Each declared difference still exists."""

from __future__ import annotations

import pytest

from tests.differential.comparison import StorePair
from tests.differential.conftest import EMULATORS
from tests.differential.differences import DIFFERENCES, Difference, covering


@pytest.mark.parametrize(
    ("pair", "difference"),
    [
        pytest.param(name, difference, marks=emulator.marks, id=f"{name}-{difference.what}")
        for name, emulator in EMULATORS.items()
        for difference in DIFFERENCES
        if name in difference.shown
    ],
    indirect=["pair"],
)
def test_the_emulator_still_differs(pair: StorePair, difference: Difference) -> None:
    program = difference.shown[pair.name]
    *before, (_, here, there) = pair.answers(program)
    assert [step[1] for step in before] == [step[2] for step in before]
    assert here != there, "the difference no longer exists: remove it from the table"
    assert any(covering(pair.name, program[:number], step) is difference for number, step in enumerate(program))
