"""Reads the package names of a Python 2 requirements file, without versions, which Python 3 could not install."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from datastore_emulator.errors import UserError
from localcloud.launch.errors import read_text

_INCLUDE = re.compile(r"(?:-r|--requirement)[ =]\s*(\S+)")


def read_package_names(file: Path, _seen: frozenset[Path] = frozenset()) -> Iterator[str]:
    """Yield each package name of the file and of those it includes, extras kept.

    Raises UserError, with the line, for anything but a plain requirement.
    """
    if file in _seen:
        return
    for number, line in enumerate(read_text(file).splitlines(), 1):
        text = line.split("#")[0].strip()
        included = _INCLUDE.match(text)
        if included:
            yield from read_package_names(Path(os.path.normpath(file.parent / included[1])), _seen | {file})
        elif text and not text.startswith(("-c", "--constraint", "-i", "--index-url", "--extra-index-url")):
            yield _name(text, f"{file.name}:{number}")


def _name(text: str, where: str) -> str:
    try:
        requirement = Requirement(text.split(" --hash", maxsplit=1)[0].rstrip("\\ "))
    except InvalidRequirement as error:
        raise UserError(
            f'{where}: "{text}" is not a requirement such as "Flask==1.1.4"; write the name of the package, '
            "by which it is installed when a python27 app runs on Python 3"
        ) from error
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return requirement.name + extras
