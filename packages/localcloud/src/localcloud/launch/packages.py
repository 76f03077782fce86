"""The packages that a folder asks for: its requirements.txt, and the files that this includes."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path

from localcloud.deployment.requirements import Option, Requirement, read_requirements
from localcloud.files.paths import OutsideError, resolve_inside
from localcloud.launch.errors import FileError, read_text

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
        check_includes(requirements, directory)
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
            waiting += [current.parent / path for entry in entries if (path := _included(entry))]
    return list(texts.values())


def check_includes(file: Path, root: Path) -> None:
    """Raise UserError, with the line, if a requirements file names a path outside the root.

    pip would follow such a path, but a deployed app has nothing but its own folder. The files that are included with -r
    and -c are checked in the same way.
    """
    waiting, seen = [file], {file}
    while waiting:
        current = waiting.pop()
        for entry in read_requirements(read_requirements_text(current)):
            path = _path(entry)
            if path is None:
                continue
            place = _resolve(current, entry.line, path, root)
            if _included(entry) and place not in seen:
                if not place.exists():
                    raise FileError(current, entry.line, f"{path} does not exist; add the file or remove the line")
                waiting.append(place)
                seen.add(place)
                if len(seen) > _MOST_INCLUDED:
                    raise FileError(current, entry.line, f"more than {_MOST_INCLUDED} files are included; use fewer")


def _included(entry: Option | Requirement) -> str:
    """Return the file that a line includes, "" if it includes none."""
    return entry.value if isinstance(entry, Option) and entry.name in _INCLUDES else ""


def _path(entry: Option | Requirement) -> str | None:
    """Return the path that a line names, None for a package by name and for an address on the network."""
    if included := _included(entry):
        return included
    path = ""
    if isinstance(entry, Requirement):
        path = entry.location
    elif entry.name == "--find-links":
        path = entry.value
    return path if path and (":" not in path or path.startswith("file:")) else None


def _resolve(file: Path, line: int, path: str, root: Path) -> Path:
    """Return the file that a path in a requirements file leads to; raises UserError if it is outside the root."""
    own = file.parent.relative_to(root).as_posix()
    name = posixpath.normpath(posixpath.join(own, path.removeprefix("file:")))
    try:
        place = root if name == "." else resolve_inside(root, name)
        if os.path.realpath(file.parent / path.removeprefix("file:")) != os.path.realpath(place):
            raise OutsideError(f'"{path}" has ".." after a link')
    except (OutsideError, ValueError) as error:
        raise FileError(file, line, f"{error}; a requirements file can name files of the app's folder only") from error
    return place
