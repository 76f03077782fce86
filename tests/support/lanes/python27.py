"""The differences of a pair that appear on a real Python 2.7 only."""

from __future__ import annotations

from dataclasses import replace

from tests.support.course import LONG_QUERY, Folder, Pair


def on_python27(pair: Pair) -> Pair:
    """Return the pair with the differences that only a real Python 2.7 shows."""
    start, finish = (_on_python27(folder) for folder in pair.folders)
    pair = replace(pair, start=start, finish=finish)
    if not pair.leaves_dev_appserver:
        return pair
    # dev_appserver has no limit to a start line where gunicorn has one, 19.10 with another status than later ones.
    too_long = 400 if finish.has_python27_image else 414
    return replace(
        pair,
        statuses={**pair.statuses, LONG_QUERY: (200, too_long)},
        # Flask 1's error pages name no language.
        error_pages_differ=pair.error_pages_differ or not finish.has_python27_image,
    )


def _on_python27(folder: Folder) -> Folder:
    """Return the folder with the header that dev_appserver adds for every app."""
    return replace(folder, cache_control="no-cache") if folder.runs_on_app_engine_python27 else folder
