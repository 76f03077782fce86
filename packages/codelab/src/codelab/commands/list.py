"""`codelab list`: list all tracks with the learner's progress."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from codelab.check.progress import Standing, standing_of
from codelab.check.steps import Judge
from codelab.errors import CodelabError
from codelab.readme.course import Course, Place
from codelab.workspace import Workspace


@dataclass(frozen=True)
class CopyState:
    """The progress of a learner's copy, or the problem that keeps it from being read. Without a copy, neither."""

    progress: Standing | None = None
    problem: str = ""


@dataclass(frozen=True)
class ListedTrack:
    """A track of the course, the state of its copy, and the day on which it was finished ("" if it was not)."""

    place: Place
    copy: CopyState
    finished_on: str = ""


@dataclass(frozen=True)
class Listing:
    """All tracks, and the one that was started or checked last, if any."""

    tracks: tuple[ListedTrack, ...]
    current: ListedTrack | None

    def track(self, name: str) -> ListedTrack:
        """Return the track with this name."""
        return next(track for track in self.tracks if track.place.name == name)


def list_tracks(course: Course, workspace: Workspace, read_copy: Callable[[Place], CopyState] | None = None) -> Listing:
    """List all tracks of the course. `read_copy` reads the state of a copy; a caller may have one that caches."""
    read = read_copy or (lambda place: read_copy_state(workspace, place))
    finished = workspace.read_finished()
    tracks = tuple(ListedTrack(place, read(place), finished.get(place.name, "")) for place in course.places())
    current = workspace.current
    return Listing(tracks, next((track for track in tracks if track.place.name == current), None))


def read_copy_state(workspace: Workspace, place: Place) -> CopyState:
    """Read the state of a learner's copy. A copy that cannot be read is a state too, not an error."""
    if not place.copy.is_dir():
        return CopyState()
    try:
        return CopyState(standing_of(Judge(place.codelab, place.track), workspace.read(place)))
    except CodelabError as error:
        return CopyState(problem=str(error))
