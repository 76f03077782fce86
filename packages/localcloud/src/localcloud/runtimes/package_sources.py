"""A copy of the packages that an app names by path, from which they are installed.

A build writes into the folder that it builds, and an app's folder stays as it is.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from localcloud.deployment.requirements import Requirement, read_requirements
from localcloud.files.reading import copy_folder
from localcloud.launch.packages import included_by, path_of, read_requirements_text
from localcloud.launch.plan import LaunchPlan

# Large folders that no build of a package reads.
_LEFT_OUT = frozenset({".git", ".venv", "__pycache__", "node_modules", "venv"})
_EDITABLE = re.compile(r"\s*(-e|--editable)\b")


@dataclass(frozen=True)
class PackageSources:
    """The copy: the directory to install from, and the requirements files. The environment is made at `environment`.

    It is not kept, since an edit of a package must show at the next start.
    """

    directory: Path
    requirements: tuple[Path, ...]
    environment: Path
    copy: Path
    original: Path

    def in_original(self, text: str) -> str:
        """Return a text with the names of files in the app's folder instead of those in the copy."""
        return text.replace(str(self.copy), str(self.original))


def copy_sources(plan: LaunchPlan, scratch: Path) -> PackageSources | None:
    """Copy what the plan's packages are made of to a new folder in `scratch`; None if it names none by path."""
    local = plan.local_packages
    if local is None:
        return None
    copy = (scratch / "sources").absolute()
    for old in (copy, scratch / "environment"):  # of the app before a save
        shutil.rmtree(old, ignore_errors=True)
    for place in sorted(local.places):
        _copy(place, copy / place.relative_to(local.root))
    for file in _with_included(plan.requirements):
        target = copy / file.relative_to(local.root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_without_editables(read_requirements_text(file)), encoding="utf-8")
    directory = copy / local.directory.relative_to(local.root)
    directory.mkdir(parents=True, exist_ok=True)
    requirements = tuple(copy / file.relative_to(local.root) for file in plan.requirements)
    return PackageSources(directory, requirements, scratch / "environment", copy, local.root.absolute())


def _copy(place: Path, target: Path) -> None:
    if target.exists():  # as a part of another package
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    if place.is_dir():
        copy_folder(place, target, lambda path: path.name in _LEFT_OUT)
    else:
        shutil.copy2(place, target)


def _with_included(files: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the requirements files, and those that they include."""
    waiting, seen = list(files), set()
    while waiting:
        file = Path(os.path.normpath(waiting.pop()))
        if file not in seen:
            seen.add(file)
            yield file
            waiting += [
                file.parent / name for name in map(included_by, read_requirements(read_requirements_text(file))) if name
            ]


def _without_editables(text: str) -> str:
    """Return a requirements file that installs copies of local packages, which it says to install as links."""
    lines = text.splitlines()
    for entry in read_requirements(text):
        line = lines[entry.line - 1]
        if isinstance(entry, Requirement) and path_of(entry) and _EDITABLE.match(line):
            extras = f"[{','.join(sorted(entry.extras))}]" if entry.extras else ""
            lines[entry.line - 1] = f"./{path_of(entry)}{extras}"
    return "".join(f"{line}\n" for line in lines)
