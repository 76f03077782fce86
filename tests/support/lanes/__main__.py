"""Prints each lane and the tools that it lacks here; with --names, only the names of the lanes that can run."""

from __future__ import annotations

import argparse
import sys

from datastore_emulator.stopping import guard_output
from localcloud.doctor import describe
from tests.support.lanes.registry import LANES, TOOLS


def main() -> int:
    """Print the lanes."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.lanes", description=__doc__)
    parser.add_argument("--names", action="store_true", help="print the names of the lanes that can run here")
    if parser.parse_args().names:
        print(*[lane.name for lane in LANES if not lane.missing])
        return 0
    for tool in TOOLS:
        print(describe(tool))
    print()
    for lane in LANES:
        print(f"{lane.name:20} {lane.missing or 'can run'}  [{lane.real}]")
    return 0


if __name__ == "__main__":
    sys.exit(guard_output("lanes", main))
