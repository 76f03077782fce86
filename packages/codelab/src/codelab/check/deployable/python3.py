"""Versions of Python 3 that do not exist, and modules that the folder's version does not have.

The copy runs here on this machine's Python, so a module of another version is not missed.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from codelab.check.alternatives import NEWEST
from codelab.check.deployable.fault import Fault, fault
from codelab.check.deployable.folder import APP_YAML, Folder
from codelab.check.deployable.nodes import guarded_nodes
from codelab.check.facts import Fact, Kind

_IMAGE = re.compile(r"(?:\S*/)?python:3\.(\d+)\b.*")
_VERSION = re.compile(r"(?:python-)?3\.(\d+)\b.*")
_RUNTIME = re.compile(r"runtime python3(\d+)")
_LINES = (".python-version", "runtime.txt")


def find_wrong_python3(folder: Folder) -> Iterator[Fault]:
    """Yield each version of Python 3 that is not out, and each import that the folder's version lacks."""
    asked = sorted(_versions(folder), key=lambda version: version[1].file)
    for minor, fact in asked:
        if minor > NEWEST:
            message = f"there is no Python 3.{minor}; the newest is 3.{NEWEST}"
            yield fault("version", fact.file, fact.line, message)
    for minor in sorted({minor for minor, _ in asked if minor <= NEWEST}):
        for file, module in folder.syntax.items():
            yield from _absent_modules(file, module, minor, folder)


def _versions(folder: Folder) -> Iterator[tuple[int, Fact]]:
    """Yield the minor version that each file asks for."""
    for fact in folder.facts:
        found = None
        if fact.kind is Kind.BASE_IMAGE:
            found = _IMAGE.fullmatch(fact.name)
        elif fact.kind is Kind.LINE and fact.file in _LINES:
            found = _VERSION.fullmatch(fact.name)
        elif fact.kind is Kind.VALUE and fact.file == APP_YAML:
            found = _RUNTIME.fullmatch(fact.name)
        if found:
            yield int(found[1]), fact


def _absent_modules(file: str, module: ast.Module, minor: int, folder: Folder) -> Iterator[Fault]:
    added, removed = _modules()
    guarded = guarded_nodes(module)
    own = {name.removesuffix(".py").partition("/")[0] for name in folder.tree}
    installed = {part for entry in folder.requirements for part in entry.name.split("-")}
    for node in ast.walk(module):
        if node in guarded:
            continue
        for name in imported_names(node):
            top = name.partition(".")[0]
            if top in own or top in installed:
                continue
            parts = name.split(".")
            for known in (".".join(parts[:end]) for end in range(1, len(parts) + 1)):
                if minor < added.get(known, 0):
                    reason = f"it came with 3.{added[known]}"
                elif minor >= removed.get(known, minor + 1):
                    reason = f"3.{removed[known]} removed it"
                else:
                    continue
                line: int = getattr(node, "lineno", 0)
                yield fault(
                    "library", file, line, f"Python 3.{minor}, which this folder asks for, has no {known}: {reason}"
                )
                break


def imported_names(node: ast.AST) -> list[str]:
    """Return the modules that an import names, each with what it takes from it."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def removed_modules() -> frozenset[str]:
    """Return the modules that a version of Python 3 has removed."""
    return frozenset(_modules()[1])


def removed_in(module: str) -> int:
    """Return the minor version of Python 3 that removed a module, 0 for any other."""
    return _modules()[1].get(module, 0)


@cache
def _modules() -> tuple[dict[str, int], dict[str, int]]:
    """Return the minor version that added a module, and the one that removed it."""
    data = json.loads((files("codelab.check.deployable") / "python3.json").read_text(encoding="utf-8"))
    added, removed = (
        {name: int(minor) for minor, names in data[key].items() for name in names} for key in ("added", "removed")
    )
    return added, removed
