"""List the packages of a Python 2 requirements file, without the versions that Python 3 cannot install."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from localcloud.deployment.requirements import Option, Requirement, read_requirements
from localcloud.launch.errors import FileError
from localcloud.launch.packages import path_of, read_requirements_text
from localcloud.launch.python27_libraries import find_package

# Options about the source of packages, and versions, which do not count here.
_WITHOUT_EFFECT = ("--constraint", "--extra-index-url", "--index-url")


def read_package_names(file: Path, _seen: frozenset[Path] = frozenset()) -> Iterator[str]:
    """Yield each package of the file and of those it includes, by its name on Python 3 or its path, extras kept.

    Raises UserError, with the line, for a package of another place.
    """
    if file in _seen:
        return
    for entry in read_requirements(read_requirements_text(file)):
        if isinstance(entry, Requirement) and not entry.problem and (path_of(entry) or not entry.location):
            name = f"./{path_of(entry)}" if entry.location else find_package(entry.name)
            if name:
                yield name + (f"[{','.join(sorted(entry.extras))}]" if entry.extras else "")
        elif isinstance(entry, Option) and entry.name == "--requirement":
            yield from read_package_names(Path(os.path.normpath(file.parent / entry.value)), _seen | {file})
        elif not (isinstance(entry, Option) and entry.name in _WITHOUT_EFFECT):
            raise FileError(
                file.name,
                entry.line,
                f'"{entry.text}" does not name a package; on Python 3 a python27 folder takes its packages by name, '
                'so write a line such as "Flask==1.1.4"',
            )
