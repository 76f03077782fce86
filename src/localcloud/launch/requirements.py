"""What an app's requirements.txt asks for, as far as the platforms look."""

from __future__ import annotations

import re
from pathlib import Path

from packaging.utils import canonicalize_name

from localcloud.launch.mistake import mistake, read_text

_NAME = re.compile(r"\s*(?:[^#]*#egg=)?([A-Za-z0-9][A-Za-z0-9._-]*)")
_DECLARES_DEPENDENCIES = re.compile(r"^\s*(dependencies\s*=|\[tool\.poetry\.dependencies\])", re.MULTILINE)


def requirements_files(directory: Path) -> tuple[Path, ...]:
    """Return the folder's requirements.txt, or nothing if it has none.

    Raises LocalCloudError if the packages are named only in a pyproject.toml, which is not read here: an app started
    without its packages would fail with a message about something else.
    """
    requirements = directory / "requirements.txt"
    if requirements.is_file():
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


def package_names(directory: Path) -> frozenset[str]:
    """Return the packages that the folder's requirements.txt names, in lower case with "-" between words."""
    return frozenset(
        canonicalize_name(found[1])
        for file in requirements_files(directory)
        for line in read_text(file).splitlines()
        if (found := _NAME.match(line))
    )
