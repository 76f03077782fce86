"""Property paths and masks: the properties of an entity that a read returns, or that a write changes.

A path is property names joined by dots. Each but the last is an embedded entity. A backslash before a dot or a
backslash makes it part of a name: google.datastore.v1.PropertyMask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys
from datastore_emulator.encoding.keys import KEY
from datastore_emulator.errors import invalid

PropertyPath = tuple[str, ...]

_STEP = re.compile(r"(?:[^.\\]|\\[.\\])+")


def parse_paths(paths: Iterable[str], *, written: bool = False) -> list[PropertyPath]:
    """Return the paths without that of the key, which each entity has; DatastoreError for an invalid path."""
    return [parse_path(path, written=written) for path in paths if path != KEY]


def parse_path(path: str, *, written: bool = False) -> PropertyPath:
    """Return the path's names; those of `written` properties may not be reserved."""
    steps = _STEP.findall(path)
    if not steps or ".".join(steps) != path:
        raise invalid(f'Invalid property path "{path}".')
    names = tuple(re.sub(r"\\(.)", r"\1", step) for step in steps)
    for name in names:
        keys.check_name("property.name", name)
        if written:
            keys.check_not_reserved("property.name", name)
    return names


def cut(entity: m.Entity, paths: Iterable[PropertyPath]) -> None:
    """Remove the properties that are in none of the paths."""
    wanted: dict[str, list[PropertyPath]] = {}
    for name, *rest in paths:
        wanted.setdefault(name, []).append(tuple(rest))
    for name in list(entity.properties):
        if name not in wanted:
            del entity.properties[name]
        elif () not in wanted[name]:
            value = entity.properties[name]
            if value.WhichOneof("value_type") == "entity_value":
                cut(value.entity_value, wanted[name])
            else:
                del entity.properties[name]


def find(entity: m.Entity, path: PropertyPath) -> m.Value | None:
    """Return the value at the path, None if there is none."""
    holder = _holder(entity, path, make=False)
    if holder is None or path[-1] not in holder.properties:
        return None
    return holder.properties[path[-1]]


def find_or_add(entity: m.Entity, path: PropertyPath) -> m.Value:
    """Return the value at the path; add it, and the embedded entities on the way, if there is none."""
    holder = _holder(entity, path, make=True)
    assert holder is not None
    return holder.properties[path[-1]]


def overlay(target: m.Entity, source: m.Entity, paths: Iterable[PropertyPath]) -> None:
    """Copy the values at the paths from `source` to `target`; remove those that `source` does not have."""
    for path in paths:
        value = find(source, path)
        if value is not None:
            find_or_add(target, path).CopyFrom(value)
        elif find(target, path) is not None:
            holder = _holder(target, path, make=False)
            assert holder is not None
            del holder.properties[path[-1]]


def _holder(entity: m.Entity, path: PropertyPath, *, make: bool) -> m.Entity | None:
    for name in path[:-1]:
        if name not in entity.properties and not make:
            return None
        value = entity.properties[name]
        if value.WhichOneof("value_type") != "entity_value":
            if not make:
                return None
            value.entity_value.SetInParent()
        entity = value.entity_value
    return entity
