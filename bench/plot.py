"""The plot of docs/bench.md: how long the ten newest visits take, by how many visits there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from bench.report import EMPTY, FLOOR, GOOGLES, NEWEST, OURS

_COLOURS = {OURS: "#1a73e8", GOOGLES[0]: "#e8710a", GOOGLES[1]: "#9334e6", "floor": "#80868b"}


def draw(found: dict[str, Any], path: Path) -> None:
    """Write the plot as SVG, its text as text."""
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bench", "font.family": "sans-serif"})
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot(xscale="log", yscale="log", xlabel="visits", ylabel="milliseconds, median")
    for name, colour in _COLOURS.items():
        points = [(size, _milliseconds(found["p50"][str(size)], name)) for size in found["sizes"]]
        known = [(size, taken) for size, taken in points if taken is not None]
        if known:
            style = ":" if name == "floor" else "-"
            label = "bare SQLite and an empty gRPC call" if name == "floor" else name
            axes.plot(*zip(*known, strict=True), color=colour, linestyle=style, marker="o", label=label)
    axes.set_title("The ten newest visits, through google-cloud-ndb")
    axes.grid(visible=True, which="major", color="#dadce0")
    axes.legend()
    figure.savefig(path, metadata={"Date": None})


def _milliseconds(p50: dict[str, dict[str, float]], name: str) -> float | None:
    taken = p50[EMPTY][EMPTY] + p50[NEWEST][FLOOR] if name == "floor" else p50[NEWEST].get(name)
    return None if taken is None else 1000 * taken
