"""`codelab run`: run folders of a track on the local cloud, on one Datastore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from codelab.commands.diff import WORK
from codelab.errors import CodelabError
from codelab.readme.course import TrackRef
from codelab.readme.trees import held
from codelab.workspace import Workspace
from localcloud.files.paths import format_name


@dataclass(frozen=True)
class RunPlan:
    """The folders to run, the function that they serve if they have no deployment file, and the Datastore's file."""

    folders: tuple[Path, ...]
    function: str
    data: Path


def plan_run(workspace: Workspace, ref: TrackRef, sides: Sequence[str] = ()) -> RunPlan:
    """Find the folders: "work" is the track's copy, another side a folder of the module; by default START and FINISH.

    Raises CodelabError for any other side, and if there is no copy.
    """
    folders = tuple(_find_folder(workspace, ref, side) for side in sides or (ref.track.start, ref.track.finish))
    data = ref.root / ".localcloud" / f"{ref.codelab.module}.sqlite3"
    try:
        data.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise CodelabError(f"cannot make {data.parent}: {(error.strerror or str(error)).lower()}") from error
    return RunPlan(folders, ref.codelab.function or "visitme", data)


def _find_folder(workspace: Workspace, ref: TrackRef, side: str) -> Path:
    if side == WORK:
        workspace.read(ref)  # raises if there is none
        return ref.copy
    module = ref.codelab.readme.parent
    # Looked up among the module's folders, so that no name leads anywhere else.
    known = sorted(entry.name for entry in module.iterdir() if entry.is_dir() and entry.name[0] not in "._")
    if side not in known:
        choices = ", ".join([WORK, *known])
        raise CodelabError(f'{ref.codelab.module} has no folder "{format_name(side)}"; choose one of: {choices}')
    return held(module, side)
