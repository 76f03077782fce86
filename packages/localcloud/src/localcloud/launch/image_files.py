"""The files of a container image, in a directory: what WORKDIR makes and COPY brings."""

from __future__ import annotations

import fnmatch
import glob
import os
import posixpath
import re
import shutil
import stat
import warnings
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from localcloud.files.paths import OutsideError, format_name, resolve_inside
from localcloud.launch.errors import FileError, LineError, read_text


class ImageFiles:
    """An image's file tree below `root`, filled from the folder `context` as its .dockerignore allows.

    Paths in the image are absolute POSIX paths ("/app"); `locate` returns where they are on this machine. Raises
    LineError for a COPY that docker would refuse.
    """

    def __init__(self, context: Path, root: Path, dockerfile: str) -> None:
        self._context = context
        self._root = root
        self._included = _included(context, dockerfile)
        self._working_directories: set[str] = set()

    def make_directory(self, path: str) -> None:
        """Make a WORKDIR."""
        self._working_directories.add(path)
        self.locate(path).mkdir(parents=True, exist_ok=True)

    def locate(self, path: str) -> Path:
        """Return where an absolute path in the image is on this machine."""
        return self._root / posixpath.normpath(path).lstrip("/")

    def holds(self, path: str) -> bool:
        """Return whether the Dockerfile made an absolute path, which is somewhere else on this machine."""
        path = posixpath.normpath(path)
        below = any(f"{path}/".startswith(f"{directory}/") for directory in self._working_directories)
        return below or self.locate(path).exists()

    def find_source(self, name: str) -> Path:
        """Return a file of the context; raises LineError if docker would not find it there."""
        (found,) = self._matching(name)
        return _in_context(self._context, found)

    def allow_to_run(self, path: str, allowed: bool) -> None:
        """Allow the files at an absolute path, which may have wildcards, to run, or forbid them to."""
        pattern = posixpath.normpath(path).lstrip("/") or "."
        for found in glob.glob(pattern, root_dir=self._root):
            place = self._root / found
            for file in [place, *place.rglob("*")] if place.is_dir() else [place]:
                _set_run_right(file, allowed)

    def copy(self, sources: Sequence[str], destination: str, working_directory: str, runs: bool | None = None) -> None:
        """Copy as COPY does: a directory's contents, a file into what ends in "/", else to that name.

        `runs` allows the copied files to run, or forbids them to.
        """
        target = self.locate(posixpath.join(working_directory, destination))
        names = [name for source in sources for name in self._matching(source, may_miss=True)]
        if not names:
            self._matching(sources[0])  # which says what is missing
        says_directory = destination in (".", "..") or destination.endswith(("/", "/.", "/.."))
        if len(names) > 1 and not says_directory:
            raise LineError(
                f'COPY of several files needs a directory; write "{destination}/" instead of "{destination}"'
            )
        into_directory = says_directory or target.is_dir()
        for name in names:
            origin = self._context if name == "." else _in_context(self._context, name)
            try:
                if origin.is_dir():
                    self._copy_contents(name, target, runs)
                elif not origin.is_file():
                    raise LineError(f"COPY {name}: it is neither a file nor a folder; name it in .dockerignore")
                else:
                    # docker follows a link that COPY names, and copies links below a directory as links.
                    self._copy_file(origin.resolve(), target / origin.name if into_directory else target, runs)
            except OSError as error:
                raise LineError(f"COPY {name}: it cannot be copied ({error.strerror})") from error

    def _matching(self, source: str, *, may_miss: bool = False) -> list[str]:
        """Return the names in the context that a COPY source matches.

        With `may_miss`, a source with wildcards may match nothing.
        """
        name = posixpath.normpath(source.lstrip("/") or ".")
        if name.startswith(".."):
            raise LineError(f"COPY {source}: docker copies nothing from outside the folder; move it inside")
        if any(character in name for character in "*?["):
            found = [path for path in self._included if _matches(path, name)]
            if may_miss:
                return found
        else:
            below = "" if name == "." else f"{name}/"
            found = [name] if any(path == name or path.startswith(below) for path in self._included) else []
        if not found:
            exists = (self._context / name).exists()
            reason = (
                ".dockerignore leaves it out; remove it there"
                if exists
                else f"it is not in {self._context}; add it or remove the line"
            )
            raise LineError(f'COPY "{source}": {reason}')
        return found

    def _copy_contents(self, name: str, target: Path, runs: bool | None) -> None:
        target.mkdir(parents=True, exist_ok=True)
        below = "" if name == "." else f"{name}/"
        for path in self._included:
            if not path.startswith(below):
                continue
            origin, copied = self._context / path, target / path[len(below) :]
            if origin.is_dir() and not origin.is_symlink():
                copied.mkdir(parents=True, exist_ok=True)
            else:
                self._copy_file(origin, copied, runs)

    def _copy_file(self, origin: Path, target: Path, runs: bool | None) -> None:
        """Copy a file or a link. A link that leads out of the image would lead nowhere, so it is left out."""
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_symlink() or target.is_file():
            target.unlink()  # a copy replaces what is there, even if that is read-only or a link to another file
        if origin.is_symlink():
            with suppress(OutsideError):
                resolve_inside(self._context, origin.relative_to(self._context).as_posix())
                target.symlink_to(os.readlink(origin))
                if os.path.isabs(os.readlink(origin)) or not _leads_into(target, self._root):
                    target.unlink()
        elif origin.is_file():
            shutil.copy2(origin, target)
            if runs is not None:
                _set_run_right(target, runs)


def _included(context: Path, dockerfile: str) -> list[str]:
    """Return the paths, below the context, that docker would be sent, parents before children."""
    # docker is heavy to import, and only a folder with a Dockerfile needs it.
    from docker.utils.build import exclude_paths

    patterns: list[str] = []
    # A Dockerfile may have an ignore file of its own, which then counts alone.
    for ignore in (context / f"{dockerfile}.dockerignore", context / ".dockerignore"):
        if ignore.is_file():
            patterns = list(_read_patterns(ignore))
            break
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # of Python's `re`, which may read "[[" in another way one day
        # Without a name for the Dockerfile the library keeps it only if the patterns do: an image gets no copy of it.
        return sorted(exclude_paths(str(context), patterns, dockerfile=""))


def _read_patterns(ignore: Path) -> Iterator[str]:
    """Yield the patterns of a .dockerignore; raises FileError for one that docker refuses."""
    from docker.utils.fnmatch import translate

    for number, line in enumerate(read_text(ignore).splitlines(), start=1):
        pattern = line.strip()
        if pattern and not pattern.startswith("#"):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", FutureWarning)
                    re.compile(translate(pattern.removeprefix("!")))
            except re.error as error:
                problem = f'"{format_name(pattern)}" is not a pattern that docker reads ({error.msg}); correct it'
                raise FileError(ignore, number, problem) from error
            yield pattern


def _set_run_right(file: Path, allowed: bool) -> None:
    if file.is_file() and not file.is_symlink():
        mode = stat.S_IMODE(file.stat().st_mode)
        file.chmod(mode | 0o111 if allowed else mode & ~0o111)


def _matches(path: str, pattern: str) -> bool:
    """Match part by part: docker's wildcards do not cross "/", and do match leading dots."""
    parts, wanted = path.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def _in_context(context: Path, name: str) -> Path:
    try:
        return resolve_inside(context, name)
    except OutsideError as error:
        raise LineError(
            f"COPY: {error}; docker copies nothing from outside the folder, so put the file there"
        ) from error


def _leads_into(link: Path, root: Path) -> bool:
    try:
        resolve_inside(root, link.relative_to(root).as_posix())
    except OutsideError:
        return False
    return True
