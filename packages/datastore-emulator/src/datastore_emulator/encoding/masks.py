"""Property masks: which properties of an entity a read returns, or a write touches.

A path is property names joined by dots, each step but the last an embedded entity; a backslash before a dot or a
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
    """Return the paths' steps without that of the key, which is always there; DatastoreError for what is no path."""
    return [parse_path(path, written=written) for path in paths if path != KEY]


def parse_path(path: str, *, written: bool = False) -> PropertyPath:
    """Return the path's steps; those of `written` properties may not have reserved names."""
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
    """Remove from the entity what none of the paths leads to."""
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
    """Return the value that the path leads to, None if there is none."""
    holder = _holder(entity, path, make=False)
    if holder is None or path[-1] not in holder.properties:
        return None
    return holder.properties[path[-1]]


def find_or_add(entity: m.Entity, path: PropertyPath) -> m.Value:
    """Return the value that the path leads to, made if it is not there, embedded entities on the way as well."""
    holder = _holder(entity, path, make=True)
    assert holder is not None
    return holder.properties[path[-1]]


def overlay(target: m.Entity, source: m.Entity, paths: Iterable[PropertyPath]) -> None:
    """Copy what the paths lead to from `source` onto `target`; what `source` does not have is removed there."""
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
