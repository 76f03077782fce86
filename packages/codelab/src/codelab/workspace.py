"""The learner's copies under work/, and what the commands remember: the current track and the finished ones."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from codelab.errors import CodelabError
from codelab.invocation import suggest
from codelab.readme.course import TrackRef
from codelab.readme.trees import Tree, held, place_in, read_tree, write_tree
from codelab.text_diff import describe_change
from localcloud.files.reading import NotReadError, copy_folder, read_file

_HEAD = "# The progress that `codelab` keeps, one entry per line. Delete a line to remove it.\n"
_VERDICTS: dict[bool | None, str] = {True: "works", False: "fails", None: "undecided"}


class Workspace:
    """The folder work/ of a course. Nothing a learner wrote is deleted: files that are replaced go to work/.kept."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "work"
        self._memory = self.folder / "progress.txt"

    def start(self, ref: TrackRef, tree: Tree) -> None:
        """Make the learner's copy; raises CodelabError if it exists already."""
        self._expect_folder(ref)
        if ref.copy.exists():
            raise CodelabError(
                f"{_shown(ref)} exists already; go on with `{make_command('check', ref)}`, or begin again with "
                f"`{make_command('reset', ref)}`, which keeps your files"
            )
        with _reported(ref.copy):
            ref.copy.mkdir(parents=True)
            write_tree(tree, ref.copy)
        self._forget_verdict(ref)

    def read(self, ref: TrackRef) -> dict[str, str]:
        """Read the learner's copy; raises CodelabError if there is none."""
        self._expect_folder(ref)
        if not ref.copy.is_dir():
            raise CodelabError(f"{_shown(ref)}: your copy is not there; make one with `{make_command('start', ref)}`")
        return read_tree(ref.copy)

    def replace(self, ref: TrackRef, tree: Tree) -> Path:
        """Replace the copy with these files, and return the folder where the old one is kept."""
        self._expect_folder(ref)
        with _reported(ref.copy):
            kept = self._make_kept_folder(ref)
            shutil.move(ref.copy, kept)
            ref.copy.mkdir(parents=True)
            write_tree(tree, ref.copy)
        self._forget_verdict(ref)
        return kept

    def change(self, ref: TrackRef, files: Mapping[str, str | None], *, keep: bool) -> Path | None:
        """Write these files of the copy, and delete those that are None; with `keep`, first keep a copy of all of it.

        Return the folder where that is kept, None without `keep`.
        """
        kept = None
        self._expect_folder(ref)
        with _reported(ref.copy):
            # All of them, before anything is written.
            places = {file: place_in(ref.copy, file) for file in files}
            if keep:
                kept = self._make_kept_folder(ref)
                copy_folder(ref.copy, kept)
            write_tree({file: text for file, text in files.items() if text is not None}, ref.copy)
            for file in (file for file, text in files.items() if text is None):
                places[file].unlink(missing_ok=True)
        return kept

    @property
    def current(self) -> str | None:
        """The name of the track that was started or checked last."""
        return next((name for word, name, *_ in self._read_lines() if word == "current"), None)

    def read_finished(self) -> dict[str, str]:
        """Read the day on which each finished track was finished, by the track's name."""
        return {name: rest[0] for word, name, *rest in self._read_lines() if word == "finished" and rest}

    def remember(self, ref: TrackRef, *, finished: bool = False) -> None:
        """Make this the current track; with `finished`, note that it was finished today."""
        lines = [
            line
            for line in self._read_lines()
            if line[0] != "current" and not (finished and line[:2] == ["finished", ref.name])
        ]
        lines.append(["current", ref.name])
        if finished:
            lines.append(["finished", ref.name, f"{datetime.now().astimezone():%Y-%m-%d}"])
        self._write_lines(lines)

    def remember_verdict(self, ref: TrackRef, step: int, *, works: bool | None) -> None:
        """Note that the running app has shown that this step is done, or that it fails at it; None: neither."""
        lines = [line for line in self._read_lines() if line[:2] != ["judged", ref.name]]
        lines.append(["judged", ref.name, str(step), _VERDICTS[works]])
        self._write_lines(lines)

    def read_verdict(self, ref: TrackRef) -> tuple[int, bool | None] | None:
        """Return the step of the last verdict, and whether the app worked; None for one that could not be decided."""
        for word, name, *rest in self._read_lines():
            if (word, name) == ("judged", ref.name) and len(rest) == 2 and rest[0].isdecimal():
                return int(rest[0]), next((works for works, text in _VERDICTS.items() if text == rest[1]), False)
        return None

    def _forget_verdict(self, ref: TrackRef) -> None:
        lines = self._read_lines()
        kept = [line for line in lines if line[:2] != ["judged", ref.name]]
        if kept != lines:
            self._write_lines(kept)

    def _write_lines(self, lines: list[list[str]]) -> None:
        with _reported(self._memory):
            self.folder.mkdir(exist_ok=True)
            new = self._memory.with_suffix(".new")
            new.unlink(missing_ok=True)  # it may be a link to a file elsewhere
            new.write_text(_HEAD + "".join(" ".join(line) + "\n" for line in lines))
            os.replace(new, self._memory)

    def _read_lines(self) -> list[list[str]]:
        try:
            text = read_file(self._memory).decode()
        except (OSError, UnicodeDecodeError, NotReadError):
            return []
        return [line.split() for line in text.splitlines() if len(line.split()) > 1 and not line.startswith("#")]

    def _expect_folder(self, ref: TrackRef) -> None:
        """Raise CodelabError if the copy is a file, or a link that leads out of work/."""
        if ref.copy.is_file():
            raise CodelabError(
                f"{_shown(ref)} is a file, where the folder with your copy should be; move it away, then run "
                f"`{make_command('start', ref)}`"
            )
        held(self.folder, ref.copy.name)

    def _make_kept_folder(self, ref: TrackRef) -> Path:
        """Return a new path under work/.kept for this track's files."""
        kept = held(self.folder, ".kept")
        kept.mkdir(parents=True, exist_ok=True)
        name = f"{ref.copy.name}-{datetime.now():%Y%m%d-%H%M%S}"
        candidates = (kept / f"{name}{suffix}" for suffix in ["", *(f"-{number}" for number in range(2, 1000))])
        return next(path for path in candidates if not path.exists())


def list_changes(old: Tree, new: Tree) -> list[str]:
    """Describe how the new files differ from the old ones, one line for each file that differs."""
    lines = []
    for file in sorted({*old, *new}):
        before, after = old.get(file), new.get(file)
        if before is None:
            lines.append(f"{file}: new file, {_count(len((after or '').splitlines()), 'line')}")
        elif after is None:
            lines.append(f"{file}: deleted")
        elif before != after:
            lines.append(f"{file}: {describe_change(before.splitlines(), after.splitlines())}")
    return lines


def make_command(verb: str, ref: TrackRef) -> str:
    """Return the command line for a verb and a track, such as "make start MOD=mod2-cloudndb/FINISH"."""
    return suggest(verb, ref.name)


def make_diff_command(ref: TrackRef, old: str, new: str) -> str:
    """Return the command line that compares two states, such as "make diff MOD=mod2-cloudndb FROM=START TO=work"."""
    return suggest("diff", ref.name, from_=old, to=new)


def _shown(ref: TrackRef) -> str:
    return ref.copy.relative_to(ref.root).as_posix()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Turn an error of the file system into a CodelabError that says what to do."""
    try:
        yield
    except OSError as error:
        remedies: dict[type[OSError], str] = {
            PermissionError: "fix the permissions, or use a clone that you own",
            FileExistsError: "a file is where a folder should be; move it away",
            NotADirectoryError: "a file is where a folder should be; move it away",
        }
        remedy = f"; {remedies[type(error)]}" if type(error) in remedies else ""
        reason = (error.strerror or str(error)).lower()
        raise CodelabError(f"cannot write to {error.filename or path}: {reason}{remedy}") from error
