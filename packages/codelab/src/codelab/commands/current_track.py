"""The track that a command is about."""

from __future__ import annotations

from pathlib import Path

from codelab.errors import CodelabError
from codelab.readme.course import Course, TrackRef
from codelab.workspace import Workspace


def find_track(course: Course, workspace: Workspace, directory: Path, name: str | None) -> TrackRef | None:
    """Return the track of this name, or of the copy that this path from the directory leads to or into.

    Without a name it is the track in whose copy the directory lies, else the one that was started or checked last; None
    if there is neither. Raises CodelabError for a name that no track has.
    """
    if name:
        try:
            return course.track(name)
        except CodelabError:
            if found := _find_copy(course, workspace.folder, directory / name):
                return found
            raise
    if found := _find_copy(course, workspace.folder, directory):
        return found
    return course.track(workspace.current) if workspace.current else None


def _find_copy(course: Course, work: Path, path: Path) -> TrackRef | None:
    """Return the track in whose copy the path lies, None for a path elsewhere."""
    try:
        name = path.resolve().relative_to(work.resolve()).parts[0]
    except (OSError, RuntimeError, ValueError, IndexError):  # elsewhere, or no path that can be
        return None
    return next((ref for ref in course.tracks() if ref.copy.name == name), None)
