"""All walks: one for each track of the course."""

from __future__ import annotations

from tests.codelab.learner import (
    by_hand_mod1,
    by_hand_mod2,
    by_hand_mod3,
    by_hand_mod4,
    by_hand_mod5,
    by_hand_mod11,
    by_hand_mod12,
    by_hand_mod13,
)

WALKS = [
    by_hand_mod1.MAIN,
    by_hand_mod1.PORT,
    by_hand_mod2.MAIN,
    by_hand_mod2.PORT,
    by_hand_mod3.MAIN,
    by_hand_mod4.MAIN,
    by_hand_mod4.PYTHON_2,
    by_hand_mod5.MAIN,
    by_hand_mod11.MAIN,
    by_hand_mod12.MAIN,
    by_hand_mod12.PYTHON_3,
    by_hand_mod13.MAIN,
    by_hand_mod13.PYTHON_3,
    by_hand_mod13.PORT,
]
