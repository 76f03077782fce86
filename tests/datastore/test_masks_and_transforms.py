"""Parts of entities: property masks of reads and writes, and property transforms."""

from __future__ import annotations

import math

import pytest
from google.api_core import exceptions
from google.cloud import datastore


@pytest.fixture
def thing(client):
    """Thing 1 with a nested entity."""
    inner = datastore.Entity()
    inner.update(x=1, y=2)
    entity = datastore.Entity(client.key("Thing", 1))
    entity.update({"a": 1, "b": 2, "in": inner, "dotted.name": 3})
    client.put(entity)
    return entity


@pytest.fixture
def read(client, project, thing):
    """Look Thing 1 up with a mask and return its properties."""

    def run(*paths):
        request = {"project_id": project, "keys": [thing.key.to_protobuf()], "property_mask": {"paths": list(paths)}}
        found = client._datastore_api.lookup(request=request).found[0].entity
        return dict(datastore.helpers.entity_from_protobuf(found))

    return run


def test_a_mask_returns_the_properties_it_names(read):
    assert read("a") == {"a": 1}
    assert read("a", "b", "missing") == {"a": 1, "b": 2}
    assert read("__key__") == {}


def test_a_mask_reaches_into_embedded_entities(read):
    assert read("in.x") == {"in": {"x": 1}}
    assert read("in") == {"in": {"x": 1, "y": 2}}


def test_a_dot_in_a_name_is_escaped(read):
    assert read("dotted\\.name") == {"dotted.name": 3}


@pytest.mark.usefixtures("thing")
def test_a_query_takes_a_mask(client, project):
    request = {"project_id": project, "query": {"kind": [{"name": "Thing"}]}, "property_mask": {"paths": ["b"]}}
    (result,) = client._datastore_api.run_query(request=request).batch.entity_results
    assert list(result.entity.properties) == ["b"]


@pytest.mark.parametrize("path", ["", "a..b", ".a", "a\\b"])
def test_invalid_path_is_refused(read, path):
    with pytest.raises(exceptions.InvalidArgument, match="Invalid property path"):
        read(path)


def _value(**properties):
    return {name: {"integer_value": value} for name, value in properties.items()}


def test_a_masked_write_changes_only_what_the_mask_names(client, commit, thing):
    entity = {"key": thing.key.to_protobuf(), "properties": _value(a=10, b=20)}
    commit({"upsert": entity, "property_mask": {"paths": ["a", "in.x"]}})
    stored = client.get(thing.key)
    assert (stored["a"], stored["b"], dict(stored["in"])) == (10, 2, {"y": 2})


def test_a_masked_write_makes_an_entity_of_what_the_mask_names(client, commit):
    key = client.key("Thing", 2)
    entity = {"key": key.to_protobuf(), "properties": _value(a=1, b=2)}
    commit({"upsert": entity, "property_mask": {"paths": ["a"]}})
    assert dict(client.get(key)) == {"a": 1}


@pytest.mark.usefixtures("thing")
def test_a_masked_write_is_indexed_as_a_whole(commit, client, find):
    entity = {"key": client.key("Thing", 1).to_protobuf(), "properties": _value(a=10)}
    commit({"upsert": entity, "property_mask": {"paths": ["a"]}})
    assert find("Thing", ("a", "=", 10), ("b", "=", 2)) == [1]
    assert find("Thing", ("a", "=", 1)) == []


@pytest.fixture
def transform(client, commit):
    """Write Thing 1 with property p and transforms of it; return what p is then, and the results."""

    def run(before, *transforms):
        entity = datastore.Entity(client.key("Thing", 1))
        if before is not None:
            entity["p"] = before
        found = commit({"upsert": entity, "property_transforms": [{"property": "p", **one} for one in transforms]})
        return client.get(entity.key)["p"], list(found.mutation_results[0].transform_results)

    return run


def _integer(value):
    return {"integer_value": value}


def _array(*values):
    return {"values": [_integer(value) if isinstance(value, int) else {"double_value": value} for value in values]}


@pytest.mark.parametrize(
    ("before", "one", "after"),
    [
        (5, {"increment": _integer(2)}, 7),
        (5, {"increment": {"double_value": 0.5}}, 5.5),
        ("text", {"increment": _integer(2)}, 2),
        (None, {"increment": _integer(2)}, 2),
        (2**63 - 1, {"increment": _integer(1)}, 2**63 - 1),
        (5, {"maximum": _integer(7)}, 7),
        (5, {"maximum": _integer(3)}, 5),
        (5, {"minimum": {"double_value": 3.5}}, 3.5),
        (3, {"maximum": {"double_value": 3.0}}, 3),
        ([1, 2], {"append_missing_elements": _array(2, 3, 3)}, [1, 2, 3]),
        ([1, 2], {"append_missing_elements": _array(2.0)}, [1, 2]),
        (None, {"append_missing_elements": _array(1)}, [1]),
        ([1, 2, 1], {"remove_all_from_array": _array(1)}, [2]),
        ("text", {"remove_all_from_array": _array(1)}, []),
    ],
)
def test_a_transform_changes_what_was_written(transform, before, one, after):
    found, _ = transform(before, one)
    assert found == after
    assert type(found) is type(after)


def test_transforms_apply_in_order_and_each_has_its_result(transform):
    found, results = transform(1, {"increment": _integer(1)}, {"maximum": _integer(10)}, {"increment": _integer(5)})
    assert (found, [result.integer_value for result in results]) == (15, [2, 10, 15])


def test_the_server_value_is_the_time_of_the_request_in_milliseconds(transform):
    found, results = transform(None, {"set_to_server_value": "REQUEST_TIME"})
    assert found == results[0].timestamp_value
    assert found.microsecond % 1000 == 0


def test_an_extreme_with_nan_is_nan(transform):
    found, _ = transform(5, {"maximum": {"double_value": math.nan}})
    assert math.isnan(found)


def test_a_transform_is_indexed(transform, find):
    transform(5, {"increment": _integer(2)})
    assert (find("Thing", ("p", "=", 7)), find("Thing", ("p", "=", 5))) == ([1], [])


@pytest.mark.parametrize(
    ("one", "message"),
    [
        ({}, "missing its type"),
        ({"increment": {"string_value": "x"}}, "Input must be int64 or double."),
        ({"append_missing_elements": _array(*range(501))}, "At most 500 property transformations"),
    ],
)
def test_invalid_transform_is_refused(transform, one, message):
    with pytest.raises(exceptions.InvalidArgument, match=message):
        transform(1, one)
