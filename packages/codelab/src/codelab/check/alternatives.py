"""Facts that are as good as one of the codelab: another runtime, a range of versions, a variable of another name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Set
from contextlib import suppress

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion

from codelab.check.facts import Fact, Kind
from codelab.check.ignores import Ignored, IgnoreLine

# docs/platform-facts.md: the runtimes of App Engine that a folder may name in November 2026.
_RUNTIME = re.compile(r"runtime python3(\d\d)")
_PYTHON = re.compile(r"(?:python-)?3\.(\d\d)(?:\.\d+)?")
_OLDEST, NEWEST = 10, 15
_SERVER = "gunicorn"
_DOCKERIGNORE = ".dockerignore"
_VARIABLES = "env_variables."
# Each of these keys leads to the network of the project.
_NETWORK = ("vpc_access_connector", "vpc_access")


def equivalent_facts(copy: Set[Fact], after: Set[Fact]) -> frozenset[Fact]:
    """Return the facts of a codelab's state that the copy lacks and has something as good for."""
    missing = after - copy
    by_file: dict[str, list[Fact]] = {}
    for fact in copy:
        by_file.setdefault(fact.file, []).append(fact)
    return frozenset(fact for fact in missing if _is_as_good(fact, by_file.get(fact.file, []), copy, after))


def unneeded_leftovers(leftover: Set[Fact], copy: Set[Fact]) -> frozenset[Fact]:
    """Return the facts that a step removes and that a copy may keep: `handlers` for other things, such as files."""
    kept = {fact.file for fact in leftover if fact.kind is Kind.ITEM and fact.name.startswith("handlers ")}
    return frozenset(
        fact
        for fact in leftover
        if fact.kind is Kind.KEY
        and fact.name == "handlers"
        and fact.file not in kept
        and any(other.kind is Kind.ITEM and other.name.startswith("handlers ") for other in copy)
    )


def _is_as_good(fact: Fact, here: list[Fact], copy: Set[Fact], after: Set[Fact]) -> bool:
    good = False
    if fact.kind in (Kind.PACKAGE, Kind.VERSION) and fact.name.partition(" ")[0] == _SERVER:
        programs = {other.name for other in copy if other.kind is Kind.PROGRAM}
        if programs and not any(_SERVER in name for name in programs):
            # Another server, which must start, or a script, which must find gunicorn: the app decides.
            return True
    if fact.kind is Kind.VALUE and (runtime := _RUNTIME.fullmatch(fact.name)):
        others = [_RUNTIME.fullmatch(other.name) for other in here if other.kind is Kind.VALUE]
        good = _is_supported(runtime) and any(found and _is_supported(found) for found in others)
    elif fact.kind is Kind.LINE and fact.file in (".python-version", "runtime.txt"):
        lines = [_PYTHON.fullmatch(other.name) for other in here if other.kind is Kind.LINE]
        good = any(found and _is_supported(found) for found in lines)
    elif fact.kind is Kind.LINE and fact.file == _DOCKERIGNORE:
        good = _leaves_out(fact.name, here)
    elif fact.kind is Kind.VERSION:
        good = any(other.kind is Kind.PACKAGE and _takes(other.words, fact) for other in here)
    elif fact.kind is Kind.KEY and fact.name.partition(".")[0] == _NETWORK[0]:
        good = any(other.kind is Kind.KEY and other.name.partition(".")[0] == _NETWORK[1] for other in here)
    elif fact.kind in (Kind.KEY, Kind.VALUE) and fact.name.startswith(_VARIABLES):
        good = any(_renamed(fact, name) in here for name in _own_variables(here, copy, after))
    elif fact.kind is Kind.VARIABLE:
        good = any(_own_variables([other for other in copy if other.file == "app.yaml"], copy, after))
    elif fact.kind is Kind.ITEM and fact.name.startswith("handlers "):
        good = any(other.kind is Kind.ITEM and _serves_the_same(other.name, fact.name) for other in here)
    return good


def _is_supported(runtime: re.Match[str]) -> bool:
    return _OLDEST <= int(runtime[1]) <= NEWEST


def _leaves_out(pattern: str, here: list[Fact]) -> bool:
    """Return whether other lines keep what this pattern names out of the image, as "*" does before exceptions."""
    facts = sorted((other for other in here if other.kind is Kind.LINE), key=lambda other: other.line)
    ignored = Ignored(tuple(IgnoreLine(other.file, other.line, other.name) for other in facts), from_root=True)
    name = pattern.replace("**", "any").replace("*", "any").strip("/")
    return any(ignored.find_reason(path) for path in (name, f"{name}/any"))


def _takes(words: str, fact: Fact) -> bool:
    """Return whether a requirement is for this package in a range that has the codelab's version."""
    name, _, version = fact.name.partition(" ")
    with suppress(InvalidRequirement, InvalidVersion):
        requirement = Requirement(words)
        is_same = canonicalize_name(requirement.name) == name
        return is_same and bool(requirement.specifier) and requirement.specifier.contains(version)
    return False


def _own_variables(here: list[Fact], copy: Set[Fact], after: Set[Fact]) -> Iterator[str]:
    """Yield the variables that the copy sets and reads, and the codelab does not have."""
    read = {fact.name for fact in copy if fact.kind is Kind.VARIABLE}
    known = {fact.name for fact in after if fact.kind is Kind.VARIABLE}
    for fact in here:
        if fact.kind is Kind.KEY and fact.name.startswith(_VARIABLES):
            name = fact.name.removeprefix(_VARIABLES)
            if name in read and name not in known:
                yield name


def _renamed(fact: Fact, name: str) -> Fact:
    """Return the same key or value of another variable."""
    _, space, value = fact.name.partition(" ")
    return Fact(fact.file, fact.kind, f"{_VARIABLES}{name}{space}{value}", "")


def _serves_the_same(one: str, other: str) -> bool:
    """Return whether two handlers serve the same paths by the same script, whatever else they say."""
    with suppress(ValueError):
        mine, theirs = (json.loads(name.removeprefix("handlers ")) for name in (one, other))
        if isinstance(mine, dict) and isinstance(theirs, dict):
            return all(mine.get(key) == theirs.get(key) for key in ("url", "script"))
    return False
