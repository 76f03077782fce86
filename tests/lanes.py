"""Which lanes this run is to have: LANES names them, by default all that this machine can run."""

from __future__ import annotations

import os

from localcloud.lanes import LANES, Lane, missing

WANTED = os.environ.get("LANES", "").split()
# Set where these lanes must run, as in .ci/run: one that cannot, or of which nothing ran, fails the run there.
REQUIRED = os.environ.get("REQUIRED_LANES", "").split()
BY_NAME = {lane.name: lane for lane in LANES}
# Other lanes use it too, whether or not its own is asked for.
HAS_PYTHON27 = missing(BY_NAME["python27"]) is None


def mistake() -> str | None:
    """Return what is wrong with the lanes asked for, in one line; None if nothing is."""
    for variable, names in (("LANES", WANTED), ("REQUIRED_LANES", REQUIRED)):
        for name in names:
            if name not in BY_NAME:
                return f"{variable}: expected some of {', '.join(BY_NAME)}, found {name}"
    for name in REQUIRED:
        if reason := not_run(BY_NAME[name]):
            return f"REQUIRED_LANES: {name}: {reason}"
    return None


def not_run(lane: Lane) -> str | None:
    """Return why the lane does not run, in one line; None if it does."""
    if WANTED and lane.name not in WANTED:
        return f"not asked for (LANES={' '.join(WANTED)})"
    return missing(lane)
