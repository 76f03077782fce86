"""The packages that a Python 2 requirements file names, without the versions Python 3 cannot install."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from datastore_emulator.errors import UserError
from localcloud.launch.errors import read_text

_INCLUDE = re.compile(r"(?:-r|--requirement)[ =]\s*(\S+)")


def names_in(file: Path, _seen: frozenset[Path] = frozenset()) -> Iterator[str]:
    """Yield each package name of the file and of those it includes, extras kept.

    Raises UserError, with the line, for what is no plain requirement.
    """
    if file in _seen:
        return
    for number, line in enumerate(read_text(file).splitlines(), 1):
        text = line.split("#")[0].strip()
        included = _INCLUDE.match(text)
        if included:
            yield from names_in(Path(os.path.normpath(file.parent / included[1])), _seen | {file})
        elif text and not text.startswith(("-c", "--constraint", "-i", "--index-url", "--extra-index-url")):
            yield _name(text, f"{file.name}:{number}")


def _name(text: str, where: str) -> str:
    try:
        requirement = Requirement(text.split(" --hash", maxsplit=1)[0].rstrip("\\ "))
    except InvalidRequirement as error:
        raise UserError(
            f'{where}: expected a requirement such as "Flask==1.1.4", found "{text}"; '
            "on Python 3 a python27 folder takes its packages by name, so write the name"
        ) from error
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return requirement.name + extras
