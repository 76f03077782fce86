"""What an app's requirements.txt asks for, as far as the platforms look."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from packaging.utils import canonicalize_name

from localcloud.files.paths import OutsideError, resolve_inside
from localcloud.launch.errors import mistake, read_text

_NAME = re.compile(r"\s*(?:[^#]*#egg=)?([A-Za-z0-9][A-Za-z0-9._-]*)")
# What pip reads a path from: an option, or a line that begins as a path does. https://pip.pypa.io/en/stable/reference/requirements-file-format/
_INCLUDES = ("-r", "--requirement", "-c", "--constraint")
_PATH_OPTION = re.compile(
    r"\s*(-r|--requirement|-c|--constraint|-e|--editable|-f|--find-links)(?:\s*=\s*|\s*)(?P<path>[^\s=-]\S*)"
)
_PATH = re.compile(r"\s*(?:[\w.-]+(?:\[.*\])?\s*@\s*)?(?P<path>[./]\S*|file:\S*)")
_MOST_INCLUDED = 50
_DECLARES_DEPENDENCIES = re.compile(r"^\s*(dependencies\s*=|\[tool\.poetry\.dependencies\])", re.MULTILINE)


def requirements_files(directory: Path) -> tuple[Path, ...]:
    """Return the folder's requirements.txt, or nothing if it has none.

    Raises UserError if the packages are named only in a pyproject.toml, which is not read here: an app started
    without its packages would fail with a message about something else.
    """
    requirements = directory / "requirements.txt"
    if requirements.is_file():
        check_includes(requirements, directory)
        return (requirements,)
    project = directory / "pyproject.toml"
    if project.is_file() and (found := _DECLARES_DEPENDENCIES.search(text := read_text(project))):
        raise mistake(
            project,
            text[: found.start(1)].count("\n") + 1,
            "packages are read from requirements.txt only, and there is none; "
            "write one (uv export --no-hashes -o requirements.txt)",
        )
    return ()


def check_includes(file: Path, root: Path) -> None:
    """Raise UserError, with the line, if a requirements file names a path outside the root.

    pip would follow it; a deployed app has nothing but its own folder. The files that it includes with -r and -c are
    checked in the same way.
    """
    waiting, seen = [file], {file}
    while waiting:
        current = waiting.pop()
        for number, line in _logical_lines(read_text(current)):
            option = _PATH_OPTION.match(line)
            included = bool(option and option[1] in _INCLUDES)
            path = option or _PATH.match(line)
            if path is None or (not included and ":" in path["path"] and not path["path"].startswith("file:")):
                continue  # a requirement by name, or an address on the network
            place = _place(current, number, path["path"], root)
            if included and place not in seen:
                if not place.exists():
                    raise mistake(current, number, f"{path['path']} is not there; add the file or remove the line")
                waiting.append(place)
                seen.add(place)
                if len(seen) > _MOST_INCLUDED:
                    raise mistake(current, number, f"more than {_MOST_INCLUDED} files are included; write fewer")


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line with its number, one that ends in a backslash together with the next."""
    begun, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        start = start or number
        begun += line.removesuffix("\\")
        if not line.endswith("\\"):
            yield start, begun
            begun, start = "", 0
    yield start, begun


def _place(file: Path, line: int, path: str, root: Path) -> Path:
    """Return where a path in a requirements file leads; raises UserError if that is outside the root."""
    own = file.parent.relative_to(root).as_posix()
    name = posixpath.normpath(posixpath.join(own, path.removeprefix("file:")))
    try:
        place = root if name == "." else resolve_inside(root, name)
        if os.path.realpath(file.parent / path.removeprefix("file:")) != os.path.realpath(place):
            raise OutsideError(f'"{path}" goes up from a link')
    except (OutsideError, ValueError) as error:
        raise mistake(file, line, f"{error}; a requirements file names files of the app's folder only") from error
    return place


def package_names(directory: Path) -> frozenset[str]:
    """Return the packages that the folder's requirements.txt names, in lower case with "-" between words."""
    return frozenset(
        canonicalize_name(found[1])
        for file in requirements_files(directory)
        for line in read_text(file).splitlines()
        if (found := _NAME.match(line))
    )
