"""The learner's copies under work/, and the little that is remembered between two commands."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from codelab.errors import CodelabError
from codelab.readme.course import TrackRef
from codelab.readme.trees import Tree, held, place_in, read_tree, write_tree
from codelab.text_diff import changed_lines
from localcloud.files.reading import NotReadError, copy_folder, read_file

_HEAD = "# What `codelab` remembers, a line each. Delete a line to have it forgotten.\n"


class Workspace:
    """The folder work/ of a course. Nothing a learner wrote is deleted: what is replaced goes to work/.kept first."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "work"
        self._memory = self.folder / "progress.txt"

    def start(self, place: TrackRef, tree: Tree) -> None:
        """Make the learner's copy; raises CodelabError if there is one already."""
        self._expect_folder(place)
        if place.copy.exists():
            raise CodelabError(
                f"{_shown(place)}: is there already; go on with `make check`, or begin again with "
                f"`{make_command('reset', place)}`, which keeps the old one"
            )
        with _writing(place.copy):
            place.copy.mkdir(parents=True)
            write_tree(tree, place.copy)

    def read(self, place: TrackRef) -> dict[str, str]:
        """Return what is in the learner's copy; raises CodelabError if there is none."""
        self._expect_folder(place)
        if not place.copy.is_dir():
            raise CodelabError(
                f"{_shown(place)}: expected your copy of START, found none; `{make_command('start', place)}`"
            )
        return read_tree(place.copy)

    def replace(self, place: TrackRef, tree: Tree) -> Path:
        """Put these files in place of the copy, and return where the old one is kept."""
        self._expect_folder(place)
        with _writing(place.copy):
            kept = self._new_place_to_keep(place)
            shutil.move(place.copy, kept)
            place.copy.mkdir(parents=True)
            write_tree(tree, place.copy)
        return kept

    def change(self, place: TrackRef, files: Mapping[str, str | None], *, keep: bool) -> Path | None:
        """Write these files of the copy, or delete those that are None; with `keep`, copy all of it aside first."""
        kept = None
        self._expect_folder(place)
        with _writing(place.copy):
            # All of them, before anything is written.
            places = {file: place_in(place.copy, file) for file in files}
            if keep:
                kept = self._new_place_to_keep(place)
                copy_folder(place.copy, kept)
            write_tree({file: text for file, text in files.items() if text is not None}, place.copy)
            for file in (file for file, text in files.items() if text is None):
                places[file].unlink(missing_ok=True)
        return kept

    @property
    def current(self) -> str | None:
        """The name of the track that was started or checked last."""
        return next((name for word, name, *_ in self._lines() if word == "current"), None)

    def finished(self) -> dict[str, str]:
        """Return the day each finished track was finished, by its name."""
        return {name: rest[0] for word, name, *rest in self._lines() if word == "finished" and rest}

    def remember(self, place: TrackRef, *, finished: bool = False) -> None:
        """Make this the current track, and with `finished` note today as the day it was finished."""
        lines = [line for line in self._lines() if line[0] != "current" and not (finished and line[1] == place.name)]
        lines.append(["current", place.name])
        if finished:
            lines.append(["finished", place.name, f"{datetime.now().astimezone():%Y-%m-%d}"])
        with _writing(self._memory):
            self.folder.mkdir(exist_ok=True)
            new = self._memory.with_suffix(".new")
            new.unlink(missing_ok=True)  # it may be a link to a file elsewhere
            new.write_text(_HEAD + "".join(" ".join(line) + "\n" for line in lines))
            os.replace(new, self._memory)

    def _lines(self) -> list[list[str]]:
        try:
            text = read_file(self._memory).decode()
        except (OSError, UnicodeDecodeError, NotReadError):
            return []
        return [line.split() for line in text.splitlines() if len(line.split()) > 1 and not line.startswith("#")]

    def _expect_folder(self, place: TrackRef) -> None:
        """Raise CodelabError for a file in place of the copy, and for a link that leads out of work/."""
        if place.copy.is_file():
            raise CodelabError(
                f"{_shown(place)}: expected a folder, your copy of START, found a file; move it away, then "
                f"`{make_command('start', place)}`"
            )
        held(self.folder, place.copy.name)

    def _new_place_to_keep(self, place: TrackRef) -> Path:
        kept = held(self.folder, ".kept")
        kept.mkdir(parents=True, exist_ok=True)
        name = f"{place.copy.name}-{datetime.now():%Y%m%d-%H%M%S}"
        candidates = (kept / f"{name}{suffix}" for suffix in ["", *(f"-{number}" for number in range(2, 1000))])
        return next(path for path in candidates if not path.exists())


def list_changes(old: Tree, new: Tree) -> list[str]:
    """Return how the new files differ from the old ones, a line for each that does."""
    lines = []
    for file in sorted({*old, *new}):
        before, after = old.get(file), new.get(file)
        if before is None:
            lines.append(f"{file}: a new file of {len((after or '').splitlines())} lines")
        elif after is None:
            lines.append(f"{file}: deleted")
        elif before != after:
            lines.append(f"{file}: {changed_lines(before.splitlines(), after.splitlines())}")
    return lines


def make_command(verb: str, place: TrackRef) -> str:
    """Return the command for this track as a person types it, as in "make start MOD=mod2-cloudndb FROM=FINISH"."""
    start = "" if place.track is place.codelab.tracks[0] else f" FROM={place.track.start}"
    return f"make {verb} MOD={place.codelab.module}{start}"


def _shown(place: TrackRef) -> str:
    return place.copy.relative_to(place.root).as_posix()


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CodelabError(
            f"{error.filename or path}: expected to write here, found it impossible ({error.strerror}); "
            "give yourself permission, or clone the repository to a place of your own"
        ) from error
