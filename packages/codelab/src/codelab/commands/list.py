"""`codelab list`: list all tracks with the learner's progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from codelab.check import Checker, Progress, known_progress
from codelab.errors import CodelabError
from codelab.readme.course import Course, TrackRef
from codelab.workspace import Workspace


@dataclass(frozen=True)
class CopyState:
    """The progress of a learner's copy, or the problem that keeps it from being read. Without a copy, neither."""

    progress: Progress | None = None
    problem: str = ""


@dataclass(frozen=True)
class ListedTrack:
    """A track of the course, the state of its copy, and the day on which it was finished ("" if it was not)."""

    ref: TrackRef
    copy: CopyState
    finished_on: str = ""


@dataclass(frozen=True)
class Listing:
    """All tracks, and the one that was started or checked last, if any."""

    tracks: tuple[ListedTrack, ...]
    current: ListedTrack | None

    def track(self, name: str) -> ListedTrack:
        """Return the track with this name."""
        return next(track for track in self.tracks if track.ref.name == name)


def list_tracks(
    course: Course, workspace: Workspace, read_copy: Callable[[TrackRef], CopyState] | None = None
) -> Listing:
    """List all tracks of the course. `read_copy` reads the state of a copy; a caller may have one that caches."""
    read = read_copy or (lambda ref: read_copy_state(workspace, ref))
    finished = workspace.read_finished()
    tracks = tuple(ListedTrack(ref, read(ref), finished.get(ref.name, "")) for ref in course.tracks())
    current = workspace.current
    return Listing(tracks, next((track for track in tracks if track.ref.name == current), None))


def read_copy_state(workspace: Workspace, ref: TrackRef) -> CopyState:
    """Read the state of a learner's copy. A copy that cannot be read is a state too, not an error."""
    if not ref.copy.is_dir():
        return CopyState()
    try:
        return CopyState(known_progress(Checker(ref), workspace, workspace.read(ref)))
    except CodelabError as error:
        return CopyState(problem=str(error))
