"""The lanes that this run is to have: LANES names them, by default python3; "all" is every lane that can run here."""

from __future__ import annotations

import os

from tests.support.lanes.registry import BY_NAME, Lane

ALL = "all"
WANTED = os.environ.get("LANES", "").split() or ["python3"]
# The lanes that must run, as in .ci/run: the run fails if one cannot run, or if no check of it ran.
REQUIRED = os.environ.get("REQUIRED_LANES", "").split()


def selection_error() -> str | None:
    """Return what is wrong with LANES and REQUIRED_LANES, in one line; None if nothing is."""
    for variable, names in (("LANES", WANTED), ("REQUIRED_LANES", REQUIRED)):
        for name in names:
            if name not in BY_NAME and (variable, name) != ("LANES", ALL):
                return f"{variable}: there is no lane {name}; use some of {', '.join(BY_NAME)}, or LANES={ALL}"
    for name in REQUIRED:
        if reason := why_not_run(name):
            return f"REQUIRED_LANES: {name}: {reason}"
    return None


def why_not_run(name: str) -> str | None:
    """Return why the lane does not run, in one line; None if it runs."""
    if name not in WANTED and ALL not in WANTED:
        return f"not selected (LANES={' '.join(WANTED)})"
    return BY_NAME[name].missing


def runs(lane: Lane) -> bool:
    """Return whether the lane runs."""
    return why_not_run(lane.name) is None
