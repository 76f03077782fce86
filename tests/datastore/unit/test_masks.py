"""Property masks: paths, and what they take from one entity to another."""

from __future__ import annotations

import pytest

from datastore_emulator import messages as m
from datastore_emulator.encoding import masks
from datastore_emulator.errors import DatastoreError

Plain = dict[str, object]


def make_entity(plain: Plain) -> m.Entity:
    """Return the entity with these properties: integers, and dicts for embedded entities."""
    entity = m.Entity()
    for name, one in plain.items():
        if isinstance(one, dict):
            entity.properties[name].entity_value.CopyFrom(make_entity(one))
        else:
            entity.properties[name].integer_value = one
    return entity


STORED: Plain = {"a": 1, "b": {"c": 2, "d": {"e": 3, "f": 4}}}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b.c", ("a", "b", "c")),
        (r"a\.b.c", ("a.b", "c")),
        (r"a\\.b", ("a\\", "b")),
        ("__a__", ("__a__",)),
    ],
)
def test_path_is_split_at_its_dots(text, path):
    assert masks.parse_paths([text]) == [path]


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a\\", r"a\b"])
def test_invalid_path_is_refused(text):
    with pytest.raises(DatastoreError, match="Invalid property path"):
        masks.parse_paths([text])


def test_path_of_the_key_is_left_out():
    assert masks.parse_paths(["a", "__key__"], written=True) == [("a",)]


def test_reserved_name_may_be_read_and_not_written():
    with pytest.raises(DatastoreError, match="is reserved"):
        masks.parse_paths(["a.__b__"], written=True)


@pytest.mark.parametrize(
    ("paths", "kept"),
    [
        ([], {}),
        (["a"], {"a": 1}),
        (["b"], {"b": {"c": 2, "d": {"e": 3, "f": 4}}}),
        (["b.c"], {"b": {"c": 2}}),
        (["b.d.f", "b.c"], {"b": {"c": 2, "d": {"f": 4}}}),
        (["b.c", "b"], {"b": STORED["b"]}),
        (["a.x"], {}),
        (["b.x"], {"b": {}}),
        (["x"], {}),
    ],
)
def test_cut_entity_has_the_paths_and_nothing_else(paths, kept):
    entity = make_entity(STORED)
    masks.cut(entity, masks.parse_paths(paths))
    assert entity == make_entity(kept)


@pytest.mark.parametrize(
    ("written", "paths", "stored"),
    [
        ({"a": 9, "x": 9}, ["a"], {"a": 9, "b": STORED["b"]}),
        ({}, ["a"], {"b": STORED["b"]}),
        ({}, ["x"], STORED),
        ({}, ["x.y"], STORED),
        ({}, ["a.y"], STORED),
        ({"b": {"c": 9}}, ["b"], {"a": 1, "b": {"c": 9}}),
        ({"b": {"c": 9}}, ["b.c"], {"a": 1, "b": {"c": 9, "d": {"e": 3, "f": 4}}}),
        ({"b": {}}, ["b.d.e"], {"a": 1, "b": {"c": 2, "d": {"f": 4}}}),
        ({"x": {"y": 9}}, ["x.y"], {**STORED, "x": {"y": 9}}),
        ({"a": {"y": 9}}, ["a.y"], {"a": {"y": 9}, "b": STORED["b"]}),
        ({"a": 9}, [], STORED),
    ],
)
def test_overlay_writes_and_removes_what_the_paths_name(written, paths, stored):
    entity = make_entity(STORED)
    masks.overlay(entity, make_entity(written), masks.parse_paths(paths))
    assert entity == make_entity(stored)


@pytest.mark.parametrize(("path", "value"), [(("a",), 1), (("b", "d", "f"), 4), (("a", "x"), None), (("x", "y"), None)])
def test_find_does_not_change_the_entity(path, value):
    entity = make_entity(STORED)
    found = masks.find(entity, path)
    assert (found.integer_value if found else None) == value
    assert entity == make_entity(STORED)
