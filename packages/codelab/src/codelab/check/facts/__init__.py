"""Facts about a folder's code that do not depend on spelling: they separate "written differently" from "not done".

`file_facts` returns the facts of one file. `is_there`, `is_style` and `marks_a_step` say what a fact counts for.

`fact`: Fact and its kinds. `python`, `template`, `deployment`: the facts of each type of file.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence, Set
from pathlib import PurePosixPath

from packaging.version import InvalidVersion, Version

from codelab.check.facts.deployment import (
    dockerfile_facts,
    line_facts,
    procfile_facts,
    python_version_facts,
    requirements_facts,
    yaml_facts,
)
from codelab.check.facts.fact import Fact, Kind, UnreadableError
from codelab.check.facts.limits import check_size
from codelab.check.facts.python import python_facts
from codelab.check.facts.template import template_facts
from codelab.readme.trees import Tree

__all__ = [
    "Fact",
    "Kind",
    "UnreadableError",
    "file_facts",
    "is_style",
    "is_there",
    "marks_a_step",
    "names_called_from_outside",
]

_BY_NAME: dict[str, Callable[[str, str], Iterator[Fact]]] = {
    ".python-version": python_version_facts,
    "Dockerfile": dockerfile_facts,
    "Procfile": procfile_facts,
    "requirements.txt": requirements_facts,
    "runtime.txt": python_version_facts,
}
_BY_SUFFIX: dict[str, Callable[[str, str], Iterator[Fact]]] = {
    ".html": template_facts,
    ".yaml": yaml_facts,
    ".yml": yaml_facts,
}
# A step may take these away and a learner may keep them: they are ways to write a call.
_STYLE = {Kind.ARGUMENT, Kind.CALL, Kind.HEADER, Kind.WITH_BLOCK, Kind.TOP_LEVEL_OBJECT, Kind.METHOD, Kind.VARIABLE}
# A step replaces these. It is enough that the new value is there.
_REPLACED = {Kind.OPTION, Kind.SERVED_OBJECT, Kind.PROGRAM, Kind.VALUE, Kind.VERSION}

# `main:app`, `main.app` in app.yaml, `--function visitme`
_CALLED = re.compile(r"\bmain[:.]([A-Za-z_]\w*)|--function[ =]([A-Za-z_]\w*)")


def file_facts(file: str, text: str, called_from_outside: frozenset[str]) -> list[Fact]:
    """Return the facts of one file. The first one is that the file is there.

    Raises UnreadableError for a file that is not of the type that its name says.
    """
    path = PurePosixPath(file)
    facts = [Fact(file, Kind.FILE, "", file, firm=True)]
    text = check_size(text)
    try:
        if path.suffix == ".py":
            return facts + python_facts(file, text, called_from_outside)
        reader = _BY_NAME.get(path.name) or _BY_SUFFIX.get(path.suffix, line_facts)
        return facts + list(reader(file, text))
    except (RecursionError, MemoryError) as error:  # the latter is what Python's own parser may raise
        raise UnreadableError(0, "the code is nested too deeply to be read; write it flatter") from error


def names_called_from_outside(trees: Sequence[Tree], commands: str) -> frozenset[str]:
    """Return the names of main.py that deployment files and commands use."""
    files = [text for tree in trees for file, text in tree.items() if not file.endswith(".py")]
    return frozenset(name for text in [*files, commands] for match in _CALLED.findall(text) for name in match if name)


def is_there(fact: Fact, said: Set[Fact]) -> bool:
    """Return whether a folder with the facts `said` has this fact, or one that is as good."""
    if fact in said:
        return True
    here = (other for other in said if other.file == fact.file)
    if fact.kind is Kind.VERSION:
        name, _, pin = fact.name.partition(" ")
        return any(_is_later(other, name, pin) for other in here)
    if fact.kind is Kind.ARGUMENT:
        called = fact.name.partition(" ")[0]
        return any(other.kind is Kind.CALL and other.name == called and other.amount >= fact.amount for other in here)
    return False


def is_style(fact: Fact) -> bool:
    """Return whether a fact may stay although a step takes it away."""
    return fact.kind in _STYLE | _REPLACED or _is_of_standard_library(fact)


def marks_a_step(fact: Fact) -> bool:
    """Return whether adding or removing this fact shows that a step has begun.

    A way to write a call does not show it, and neither does an import from the standard library or the method that is
    called on an object.
    """
    return fact.kind not in _STYLE and not _is_of_standard_library(fact) and "()" not in fact.name


def _is_of_standard_library(fact: Fact) -> bool:
    return fact.kind is Kind.NAME and fact.name.partition(".")[0] in sys.stdlib_module_names


def _is_later(fact: Fact, name: str, pin: str) -> bool:
    package, _, version = fact.name.partition(" ")
    if fact.kind is not Kind.VERSION or package != name:
        return False
    try:
        return Version(version) >= Version(pin)
    except InvalidVersion:
        return False
