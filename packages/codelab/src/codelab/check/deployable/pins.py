"""Requirements that the folder's Python cannot install."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion, Version

from codelab.check.deployable.fault import Fault, fault
from codelab.check.deployable.folder import REQUIREMENTS, Folder

_AT_LEAST = ("==", "===", ">=", ">", "~=")


@dataclass(frozen=True)
class Python27Record:
    """The packages of Python 2.7: the last version of each, and the names in their modules and classes."""

    last_versions: dict[str, str]
    modules: dict[str, list[str]]
    classes: dict[str, dict[str, Any]]
    absent_modules: frozenset[str]
    absent_names: frozenset[str]
    absent_methods: frozenset[str]
    absent_arguments: dict[str, list[str]]


@cache
def read_record() -> Python27Record:
    """Read python27.json and python27_library.json."""
    here = files("codelab.check.deployable")
    packages = json.loads((here / "python27.json").read_text(encoding="utf-8"))
    library = json.loads((here / "python27_library.json").read_text(encoding="utf-8"))
    return Python27Record(
        packages["last_versions"],
        packages["modules"],
        packages["classes"],
        frozenset(library["modules"]),
        frozenset(library["names"]),
        frozenset(library["methods"]),
        library["arguments"],
    )


def find_impossible_pins(folder: Folder) -> Iterator[Fault]:
    """Yield each requirement of a folder for Python 2.7 that no version for it fulfils."""
    if not folder.is_python27:
        return
    for entry in folder.requirements:
        last = read_record().last_versions.get(entry.name)
        if last and _needs_later(entry.text, last):
            message = f'"{entry.text}" has no version for Python 2.7; the last one is {entry.name}=={last}'
            yield fault("pin", REQUIREMENTS, entry.line, message)


def _needs_later(text: str, last: str) -> bool:
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return False
    if requirement.marker and not requirement.marker.evaluate(
        {"python_version": "2.7", "python_full_version": "2.7.18"}
    ):
        return False
    return any(
        specifier.operator in _AT_LEAST and _is_later(specifier.version, last) for specifier in requirement.specifier
    )


def _is_later(version: str, last: str) -> bool:
    try:
        return Version(version.removesuffix(".*")) > Version(last)
    except InvalidVersion:
        return False
