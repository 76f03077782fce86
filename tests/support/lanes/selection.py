"""The lanes that this run is to have: LANES names them, by default all that this machine can run."""

from __future__ import annotations

import os

from tests.support.lanes.registry import BY_NAME, Lane

WANTED = os.environ.get("LANES", "").split()
# The lanes that must run, as in .ci/run: the run fails if one cannot run, or if no check of it ran.
REQUIRED = os.environ.get("REQUIRED_LANES", "").split()


def selection_error() -> str | None:
    """Return what is wrong with LANES and REQUIRED_LANES, in one line; None if nothing is."""
    for variable, names in (("LANES", WANTED), ("REQUIRED_LANES", REQUIRED)):
        for name in names:
            if name not in BY_NAME:
                return f"{variable}: there is no lane {name}; use some of {', '.join(BY_NAME)}"
    for name in REQUIRED:
        if reason := why_not_run(name):
            return f"REQUIRED_LANES: {name}: {reason}"
    return None


def why_not_run(name: str) -> str | None:
    """Return why the lane does not run, in one line; None if it runs."""
    if WANTED and name not in WANTED:
        return f"not selected (LANES={' '.join(WANTED)})"
    return BY_NAME[name].missing


def runs(lane: Lane) -> bool:
    """Return whether the lane runs."""
    return why_not_run(lane.name) is None
