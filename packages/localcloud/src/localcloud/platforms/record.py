"""Reads the records: one YAML file for each platform, and one for what the local cloud adds everywhere.

A value is a pattern. `{visitor}`, `{claims}` (the client's own value, and a comma), `{load_balancer}`, `{host}`,
`{project}`, `{service}`, `{function}` and `{port}` are replaced by the values of a request; `{hex}`, `{digits}` and
`{any}` match what the platform generates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from localcloud.launch.plan import Platform

_HERE = Path(__file__).parent
_FILES = ("app_engine_python27", "app_engine_python3", "cloud_run", "cloud_run_load_balanced", "cloud_run_functions")
_MADE_UP = {"hex": "[0-9a-fA-F]+", "digits": "[0-9]+", "any": ".+"}
_ABSENT = "absent"
# The fates of a header that a client sends under a name that apps trust.
OUTCOMES = ("removed", "replaced", "kept first", "passed on")


@dataclass(frozen=True)
class Source:
    """A source: its name, the day or month in which it was read, and its address if it has one."""

    what: str
    date: str
    url: str | None


@dataclass(frozen=True)
class Entry:
    """One header, address or variable.

    `value` is the platform's pattern, None if only the local cloud has the name. `here` is the local cloud's, None if
    it lacks the name; `why` is the reason if the two differ. Without `sources`, `assumed` has the reason to assume it.
    """

    name: str
    value: str | None
    here: str | None
    why: str
    sources: tuple[Source, ...]
    assumed: str

    def matches(self, text: str | None, **known: str) -> bool:
        """Return whether `text` is what an app receives here; None means that it receives nothing under the name."""
        if self.here is None or text is None:
            return self.here is None and text is None
        parts = re.split(r"\{(\w+)\}", self.here)
        pattern = "".join(
            re.escape(part) if number % 2 == 0 else _MADE_UP.get(part) or re.escape(known[part])
            for number, part in enumerate(parts)
        )
        return re.fullmatch(pattern, text) is not None


@dataclass(frozen=True)
class Record:
    """One platform: its headers, the peer's address, the environment, and the fate of forged headers.

    The entries of `forged` have one of OUTCOMES as their value.
    """

    platform: Platform
    behind_load_balancer: bool
    headers: tuple[Entry, ...]
    peer: Entry
    forged: tuple[Entry, ...]
    environment: tuple[Entry, ...]

    @property
    def title(self) -> str:
        """The platform's name, as a heading."""
        if self.behind_load_balancer:
            return f"{self.platform.value} behind a load balancer"
        return {Platform.APP_ENGINE: "App Engine (Python 3)"}.get(self.platform, self.platform.value)


@cache
def records() -> tuple[Record, ...]:
    """Read the record of every platform; raises ValueError if a file is not in the format."""
    return tuple(_record(_load(name)) for name in _FILES)


def everywhere() -> tuple[Entry, ...]:
    """Read the variables that the local cloud gives every app."""
    return tuple(_entries(_load("here"), "environment", {}))


def _load(name: str) -> dict[str, Any]:
    content = YAML(typ="safe").load(_HERE / f"{name}.yaml")
    if not isinstance(content, dict):
        raise ValueError(f"{name}.yaml: expected a mapping")
    return content


def _record(content: dict[str, Any]) -> Record:
    sources = {key: Source(**{"url": None, **source}) for key, source in content["sources"].items()}
    record = Record(
        Platform(content["platform"]),
        content.get("load_balancer", False),
        tuple(_entries(content, "headers", sources)),
        _entry(content["peer"], sources),
        tuple(_entries(content, "forged", sources)),
        tuple(_entries(content, "environment", sources)),
    )
    for entry in record.forged:
        if entry.value not in OUTCOMES:
            raise ValueError(f"{record.title}: {entry.name}: {entry.value} is none of {', '.join(OUTCOMES)}")
    return record


def _entries(content: dict[str, Any], section: str, sources: Mapping[str, Source]) -> Iterator[Entry]:
    names = set()
    for given in content[section]:
        entry = _entry(given, sources)
        if entry.name in names:
            raise ValueError(f"{entry.name} appears twice in {section}")
        names.add(entry.name)
        yield entry


def _entry(given: dict[str, Any], sources: Mapping[str, Source]) -> Entry:
    name = given.get("name", "an entry without a name")
    if unknown := given.keys() - {"name", "value", "here", "why", "seen", "assumed"}:
        raise ValueError(f"{name}: unknown keys {', '.join(sorted(unknown))}")
    if ("value" in given) != (("seen" in given) != ("assumed" in given)):
        raise ValueError(f"{name}: a platform's value needs either `seen` or `assumed`, and nothing else does")
    if ("here" in given) != ("why" in given) or not given.keys() & {"value", "here"}:
        raise ValueError(f"{name}: a value of the local cloud's own needs a `why`, and nothing else does")
    here = given.get("here", given.get("value"))
    return Entry(
        name,
        given.get("value"),
        None if here == _ABSENT else here,
        given.get("why", ""),
        tuple(sources[key] for key in given.get("seen", ())),
        given.get("assumed", ""),
    )
