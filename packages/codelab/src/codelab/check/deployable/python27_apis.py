"""Calls of what the last versions of packages for Python 2.7 do not have; later versions, as run here, have it."""

from __future__ import annotations

from collections.abc import Iterator

from codelab.check.deployable.fault import Fault, fault
from codelab.check.deployable.folder import Folder
from codelab.check.deployable.pins import Python27Record, read_record
from codelab.check.facts import Fact, Kind

_DISTRIBUTIONS = {
    "flask": "flask",
    "redis": "redis",
    "google.cloud.ndb": "google-cloud-ndb",
    "google.cloud.datastore": "google-cloud-datastore",
    "werkzeug": "werkzeug",
}


def find_absent_apis(folder: Folder) -> Iterator[Fault]:
    """Yield each name and each argument that the last version for Python 2.7 lacks, one for each line."""
    if not folder.is_python27:
        return
    record = read_record()
    seen = set()
    for fact in sorted(folder.facts, key=lambda fact: (fact.where, fact.line, len(fact.name))):
        missing = _missing(fact, record)
        if missing and (fact.where, fact.line) not in seen:
            seen.add((fact.where, fact.line))
            package = next(name for prefix, name in _DISTRIBUTIONS.items() if fact.name.startswith(prefix))
            last = f"{package} {record.last_versions[package]}"
            yield fault("api", fact.where, fact.line, f"{last}, the last for Python 2.7, has no {missing}")


def _missing(fact: Fact, record: Python27Record) -> str | None:
    if fact.kind is Kind.NAME:
        return _missing_name(fact.name, record)
    if fact.kind is Kind.ARGUMENT:
        called, _, argument = fact.name.partition(" ")
        entry = record.classes.get(_resolve(called, record) or "")
        arguments = entry.get("arguments") if entry else None
        if arguments is not None and "**" not in arguments and argument not in arguments:
            return f'argument "{argument}" of {called}'
    return None


def _missing_name(name: str, record: Python27Record) -> str | None:
    """Return the first part of a dotted name that the record proves to be absent."""
    module = _module_of(name, record)
    if module is None:
        # A module of a package whose other modules are known.
        package = name.rpartition(".")[0]
        return name if "()" not in name and package in record.modules and "." not in package else None
    rest = name[len(module) + 1 :].split(".")
    if not rest[0]:
        return None
    first = rest[0].removesuffix("()")
    names = {entry.partition("=")[0] for entry in record.modules[module]}
    if first not in names and f"{module}.{first}" not in record.modules:
        return f"{module}.{first}"
    if rest[0].endswith("()") and len(rest) > 1:
        owner = _resolve(f"{module}.{first}", record)
        member = rest[1].removesuffix("()")
        members = _members(owner, record) if owner else None
        if members is not None and member not in members:
            return f"{module}.{first}.{member}"
    return None


def _module_of(name: str, record: Python27Record) -> str | None:
    parts = name.split(".")
    prefixes = (".".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((prefix for prefix in prefixes if prefix in record.modules), None)


def _resolve(name: str, record: Python27Record, depth: int = 5) -> str | None:
    """Return the full name of a class, from where it is defined."""
    if name in record.classes:
        return name
    module = _module_of(name, record)
    if module is None or depth == 0:
        return None
    first = name[len(module) + 1 :]
    for entry in record.modules[module]:
        bound, _, origin = entry.partition("=")
        if bound == first and origin:
            return _resolve(origin, record, depth - 1)
    return None


def _members(name: str, record: Python27Record) -> set[str] | None:
    """Return the members of a class and its bases; None if a base is not in the record."""
    entry = record.classes[name]
    members = set(entry["members"])
    if {"__getattr__", "__getattribute__"} & members:
        return None
    for base in entry["bases"]:
        if base == "object":
            continue
        owner = _resolve(f"{name.rpartition('.')[0]}.{base}", record)
        inherited = _members(owner, record) if owner else None
        if inherited is None:
            return None
        members |= inherited
    return members
