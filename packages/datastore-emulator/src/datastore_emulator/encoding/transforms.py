"""Apply property transforms: changes of a property that depend on its value at the time of the commit.

https://cloud.google.com/datastore/docs/reference/data/rpc/google.datastore.v1#propertytransform has the rules for
numbers of mixed types and for equality between array elements.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from google.protobuf.struct_pb2 import NULL_VALUE

from datastore_emulator import messages as m
from datastore_emulator.encoding.masks import PropertyPath, find, find_or_add, parse_path
from datastore_emulator.errors import invalid

_MILLISECOND = 1000
# https://cloud.google.com/datastore/docs/concepts/limits: each element of an array transform counts.
_MAX_TRANSFORMS = 500
_MIN, _MAX = -(1 << 63), (1 << 63) - 1


def check(transforms: Sequence[m.PropertyTransform]) -> list[tuple[PropertyPath, m.PropertyTransform]]:
    """Return the transforms with their paths; DatastoreError for one that is invalid whatever is stored."""
    if not transforms:
        return []
    count = sum(max(1, len(_elements(transform))) for transform in transforms)
    if count > _MAX_TRANSFORMS:
        raise invalid(f"At most {_MAX_TRANSFORMS} property transformations are allowed on one entity, found {count}.")
    return [(parse_path(transform.property, written=True), _check(transform)) for transform in transforms]


def _check(transform: m.PropertyTransform) -> m.PropertyTransform:
    which = transform.WhichOneof("transform_type")
    if which is None:
        raise invalid("Property transform is missing its type.")
    if which == "set_to_server_value" and transform.set_to_server_value != m.PropertyTransform.REQUEST_TIME:
        raise invalid("The server value of a property transform must be REQUEST_TIME.")
    if which in ("increment", "maximum", "minimum") and _number(getattr(transform, which)) is None:
        raise invalid("Input must be int64 or double.")
    return transform


def apply(entity: m.Entity, path: PropertyPath, transform: m.PropertyTransform, now: int) -> m.Value:
    """Change the entity and return the transform's result; `now` is the commit's microseconds since 1970."""
    which = transform.WhichOneof("transform_type")
    before = find(entity, path)
    old, result = m.Value(), m.Value()
    if before is not None:
        old.CopyFrom(before)
    target = find_or_add(entity, path)
    excluded = target.exclude_from_indexes
    if which == "set_to_server_value":
        target.Clear()
        target.timestamp_value.FromMicroseconds(now - now % _MILLISECOND)
        result.CopyFrom(target)
    elif which in ("append_missing_elements", "remove_all_from_array"):
        _change_array(target, _elements(transform), append=which == "append_missing_elements")
        result.null_value = NULL_VALUE
        return result
    else:
        assert which
        given = getattr(transform, which)
        chosen = _sum(old, given) if which == "increment" else _extreme(old, given, largest=which == "maximum")
        target.Clear()
        target.MergeFrom(chosen)
        target.exclude_from_indexes = False
        result.CopyFrom(target)
    if excluded:
        target.exclude_from_indexes = True
    return result


def _elements(transform: m.PropertyTransform) -> Sequence[m.Value]:
    which = transform.WhichOneof("transform_type")
    if which in ("append_missing_elements", "remove_all_from_array"):
        elements: Sequence[m.Value] = getattr(transform, which).values
        return elements
    return ()


def _number(value: m.Value) -> int | float | None:
    which = value.WhichOneof("value_type")
    if which == "integer_value":
        return int(value.integer_value)
    return float(value.double_value) if which == "double_value" else None


def _sum(old: m.Value, given: m.Value) -> m.Value:
    before, step = _number(old), _number(given)
    if before is None or step is None:
        return given
    total = before + step
    if isinstance(total, int):
        # It is clamped to 64 bits.
        return m.Value(integer_value=max(_MIN, min(total, _MAX)))
    return m.Value(double_value=total)


def _extreme(old: m.Value, given: m.Value, *, largest: bool) -> m.Value:
    before, other = _number(old), _number(given)
    if before is None or other is None:
        return given
    if math.isnan(before):
        return old
    if math.isnan(other) or (other > before if largest else other < before):
        return given
    return old


def _change_array(target: m.Value, elements: Iterable[m.Value], *, append: bool) -> None:
    if target.WhichOneof("value_type") != "array_value":
        target.Clear()
    array = target.array_value
    array.SetInParent()
    if append:
        present = {_identity(element) for element in array.values}
        for element in elements:
            identity = _identity(element)
            if identity not in present:
                present.add(identity)
                array.values.append(element)
    else:
        named = {_identity(element) for element in elements}
        kept = [element for element in array.values if _identity(element) not in named]
        del array.values[:]
        array.values.extend(kept)


def _identity(value: m.Value) -> object:
    """Return a value that is equal for equal elements: 3 and 3.0 are equal, and so is every NaN."""
    number = _number(value)
    if number is not None:
        return "NaN" if math.isnan(number) else number
    plain = m.Value()
    plain.CopyFrom(value)
    plain.exclude_from_indexes = False
    plain.meaning = 0
    return plain.SerializeToString(deterministic=True)
