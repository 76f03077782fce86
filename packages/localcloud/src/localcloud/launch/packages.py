"""The packages that a folder asks for: its requirements.txt, and the files that this includes."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from localcloud.deployment.requirements import Option, Requirement, read_requirements
from localcloud.files.paths import OutsideError, resolve_inside
from localcloud.launch.errors import FileError, read_text
from localcloud.launch.plan import LocalPackages

_INCLUDES = ("--requirement", "--constraint")
_MOST_INCLUDED = 50
_DECLARES_DEPENDENCIES = re.compile(r"^\s*(dependencies\s*=|\[tool\.poetry\.dependencies\])", re.MULTILINE)


def find_requirements(directory: Path) -> tuple[Path, ...]:
    """Return the folder's requirements.txt, or nothing if it has none.

    Raises UserError if only a pyproject.toml names packages: localcloud does not install those, and an app started
    without its packages would fail with a message about something else.
    """
    requirements = directory / "requirements.txt"
    if requirements.is_file():
        check_paths(requirements, directory, directory)
        return (requirements,)
    project = directory / "pyproject.toml"
    if project.is_file() and (found := _DECLARES_DEPENDENCIES.search(text := read_text(project))):
        raise FileError(
            project,
            text[: found.start(1)].count("\n") + 1,
            "localcloud installs packages from requirements.txt only, and there is none; "
            "write one (uv export --no-hashes -o requirements.txt)",
        )
    return ()


def list_packages(directory: Path) -> list[Requirement]:
    """Return what the folder's requirements.txt asks for, without the files that it includes."""
    entries = [
        entry for file in find_requirements(directory) for entry in read_requirements(read_requirements_text(file))
    ]
    return [entry for entry in entries if isinstance(entry, Requirement)]


def read_requirements_text(file: Path) -> str:
    """Return the text of a requirements file. As in pip, it may be UTF-16, which PowerShell's `>` writes."""
    return read_text(file, utf16=True)


def names_package(directory: Path, name: str) -> bool:
    """Return whether the folder's requirements.txt names a package; the name is in lower case, with "-"."""
    return any(package.name == name for package in list_packages(directory))


def read_with_includes(file: Path) -> list[str]:
    """Return the text of a requirements file, and of each file that it includes with -r or -c."""
    texts: dict[str, str] = {}  # by real path, since files may include each other
    waiting = [file]
    while waiting:
        current = waiting.pop()
        place = os.path.realpath(current)
        if place not in texts:
            texts[place] = read_requirements_text(current)
            entries = read_requirements(texts[place])
            waiting += [current.parent / path for entry in entries if (path := included_by(entry))]
    return list(texts.values())


def find_local_packages(directory: Path) -> LocalPackages | None:
    """Return the packages that the folder's requirements.txt names by path, None if it names none."""
    places = [place for file in find_requirements(directory) for place in check_paths(file, directory, directory)]
    return LocalPackages(directory, directory, tuple(places)) if places else None


def check_paths(file: Path, root: Path, directory: Path) -> list[Path]:
    """Return the places of the packages that a requirements file, with those it includes, names by path.

    `directory` is where pip runs: the paths of packages count from it. Those of included files and of --find-links
    count from the file that names them. Raises UserError, with the line, for a path outside the root, since a deployed
    app has nothing but its own folder, and for one that does not exist.
    """
    waiting, seen = [file], {file}
    places = []
    while waiting:
        current = waiting.pop()
        for entry in read_requirements(read_requirements_text(current)):
            path = path_of(entry)
            if path is None:
                continue
            start = directory if isinstance(entry, Requirement) else current.parent
            place = _resolve(current, entry.line, path, start, root)
            if not os.path.lexists(place):
                raise MissingError(current, entry.line, path, place)
            if not included_by(entry):
                places.append(place)
            elif place not in seen:
                waiting.append(place)
                seen.add(place)
                if len(seen) > _MOST_INCLUDED:
                    raise FileError(current, entry.line, f"more than {_MOST_INCLUDED} files are included; use fewer")
    return list(dict.fromkeys(places))


class MissingError(FileError):
    """A path in a requirements file that does not exist; `place` is where it should be."""

    def __init__(self, file: Path, line: int, path: str, place: Path) -> None:
        super().__init__(file, line, f"{path} does not exist; add it or remove the line")
        self.path = path
        self.place = place


def included_by(entry: Option | Requirement) -> str:
    """Return the file that a line includes, "" if it includes none."""
    return entry.value if isinstance(entry, Option) and entry.name in _INCLUDES else ""


def path_of(entry: Option | Requirement) -> str | None:
    """Return the path that a line names, None for a package by name and for an address on the network."""
    if included := included_by(entry):
        return included
    path = ""
    if isinstance(entry, Requirement):
        path = entry.location
    elif entry.name == "--find-links":
        path = entry.value
    if path.startswith("file:"):
        return path.removeprefix("file:").removeprefix("//") or "/"
    return path if path and ":" not in path else None


def _resolve(file: Path, line: int, path: str, start: Path, root: Path) -> Path:
    """Return what a path in a requirements file leads to from `start`; raises UserError if it is outside the root."""
    name = posixpath.normpath(posixpath.join(start.relative_to(root).as_posix(), path))
    try:
        place = root if name == "." else resolve_inside(root, name)
        if os.path.realpath(start / path) != os.path.realpath(place):
            raise OutsideError(f'"{path}" has ".." after a link')
    except (OutsideError, ValueError) as error:
        raise FileError(file, line, f"{error}; a requirements file can name files of the app's folder only") from error
    return place
