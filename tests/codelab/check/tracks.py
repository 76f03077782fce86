"""Makes a track of a few small trees, without a README."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from codelab.readme import Codelab, Fence, Page, Step, Track, TrackRef, write_tree

Tree = Mapping[str, str]


def make_track(root: Path, *states: Tree, works: bool = True, console: str = "") -> TrackRef:
    """Write START, the first state, and return a track with one step from each state to the next."""
    module = root / "mod0-test"
    write_tree(states[0], module / "START")
    steps = [
        Step(number, f"Step {number}", number, 60, works, "", "", (Fence(1, "diff", _diff(old, new)),))
        for number, (old, new) in enumerate(pairwise(states), 1)
    ]
    track = Track("START", "FINISH", "Title", 1, 60 * len(steps), "", tuple(steps))
    readme = module / "README.md"
    page = Page(readme, "mod0-test/README.md", (Fence(1, "console", console),), ())
    return TrackRef(Codelab(readme, 0, "Title", track.seconds, "", (track,), (), page), track)


def _diff(old: Tree, new: Tree) -> str:
    return "".join(
        line
        for file in sorted({*old, *new})
        for line in difflib.unified_diff(
            old.get(file, "").splitlines(keepends=True),
            new.get(file, "").splitlines(keepends=True),
            f"a/{file}" if file in old else "/dev/null",
            f"b/{file}" if file in new else "/dev/null",
        )
    )
