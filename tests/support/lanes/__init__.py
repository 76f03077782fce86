"""The lanes: each runs the suite with a real component in place of one of the local cloud's.

- `registry`: LANES, with each lane's name, tools, setup and pairs.
- `setups`: the components, started and stopped.
- `python27`: what differs on a real Python 2.7 only.
- `selection`: the lanes of this run.

`python -m tests.support.lanes` prints them.
"""

from tests.support.lanes.registry import BY_NAME, LANES, Lane
from tests.support.lanes.selection import REQUIRED, runs, selection_error, why_not_run

__all__ = ["BY_NAME", "LANES", "REQUIRED", "Lane", "runs", "selection_error", "why_not_run"]
