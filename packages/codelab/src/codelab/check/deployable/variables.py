"""Environment variables that the code reads and no deployment file sets, while a default hides it; and the reverse."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Set

from codelab.check.deployable.fault import Fault, fault
from codelab.check.deployable.folder import APP_YAML, Folder
from codelab.check.facts import Fact, Kind
from codelab.check.findings import Finding

_CLOSE = 0.75
_SECTION = "env_variables"
# The local cloud sets these in any case, so an app that has the address in its code may work here.
_OF_A_SERVICE = ("REDIS_HOST", "REDIS_PORT")


def find_wrong_variables(folder: Folder, expected: Folder, known: Set[str]) -> Iterator[Fault]:
    """Yield each variable that is set under one name and read under another, or only one of both.

    `expected` is the codelab's folder, `known` are the variables that any state of it reads or sets. A name of the
    learner's own is right if the deployment file sets it and the code reads it.
    """
    read, declared, named = folder.variables_read, folder.variables_set, folder.names_in_code
    own = [name for name in declared if name in named and name not in known]
    blamed = set()
    for name, fact in read.items():
        if name in declared or name in known:
            continue
        close = difflib.get_close_matches(name, [*declared, *known], n=1, cutoff=_CLOSE)
        if close and close[0] not in named:
            blamed.add(close[0])
            message = f"reads {name}, which nothing sets where you deploy it; the name is {close[0]}"
            yield fault("variable", fact.where, fact.line, message)
    if section := _misspelled_section(folder):
        yield fault("variable", APP_YAML, section.line, f'App Engine has no key "{section.name}"; write env_variables')
        return
    for name, fact in read.items():
        if name in expected.variables_set and name not in declared:
            close = difflib.get_close_matches(name, [one for one in declared if one not in named], n=1, cutoff=_CLOSE)
            found = f"; it sets {close[0]}" if close else ""
            line = declared[close[0]][1] if close else 0
            blamed.update(close)
            message = f"sets no {name}, which {fact.where}:{fact.line} reads{found}"
            yield fault("variable", APP_YAML, line, message)
    for name in _unread(folder, expected):
        if name in _OF_A_SERVICE and name not in blamed and not own:
            file, line = declared[name]
            yield fault("variable", file, line, f"sets {name}, and the code never reads it")


def _misspelled_section(folder: Folder) -> Fact | None:
    """Return the key that is meant to be env_variables."""
    keys = {fact.name: fact for fact in folder.facts if fact.kind is Kind.KEY and fact.file == APP_YAML}
    if _SECTION in keys:
        return None
    top = [name for name in keys if "." not in name]
    close = difflib.get_close_matches(_SECTION, top, n=1, cutoff=_CLOSE)
    return keys[close[0]] if close else None


def find_unread_variables(folder: Folder, expected: Folder) -> Iterator[Finding]:
    """Yield a remark for each variable that a deployment file sets and no code reads."""
    for name in _unread(folder, expected):
        if name not in _OF_A_SERVICE:
            file, line = folder.variables_set[name]
            yield Finding(file, line, f"sets {name}, and the code never reads it", firm=False)


def _unread(folder: Folder, expected: Folder) -> list[str]:
    """Return the variables that the codelab's code reads and the copy's does not, although they are set."""
    read = expected.variables_read
    return [name for name in folder.variables_set if name in read and name not in folder.names_in_code]


def redis_names(folder: Folder) -> dict[str, str]:
    """Return the learner's own variables for the address of Redis, each with "host", "port" or "url".

    These are variables that the deployment file sets and the code of an app with a Redis client reads, by their names.
    """
    uses_redis = any(fact.name.startswith("redis.") for fact in folder.facts)
    found: dict[str, str] = {}
    if not uses_redis or "REDIS_HOST" in folder.variables_set:
        return found
    parts = {"URL": "url", "URI": "url", "PORT": "port", "HOST": "host", "ADDR": "host", "SERVER": "host", "IP": "host"}
    for name in folder.variables_set:
        if name in folder.names_in_code and name.upper() == name:
            part = next((part for word, part in parts.items() if word in name), None)
            if part:
                found[name] = part
    return found
