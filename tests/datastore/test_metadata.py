"""Metadata queries: which namespaces, kinds and properties there are."""

from __future__ import annotations

import datetime

import pytest
from google.api_core import exceptions
from google.cloud import datastore, ndb
from google.cloud.ndb import metadata


@pytest.fixture
def names(client):
    """Query a metadata kind and return the last name or id of each key."""

    def run(kind, **options):
        limits = {name: options.pop(name) for name in ("limit", "offset", "start_cursor") if name in options}
        return [entity.key.id_or_name for entity in client.query(kind=kind, **options).fetch(**limits)]

    return run


@pytest.fixture
def three(put) -> None:
    put("Ant", 1, legs=6, name="ann")
    put("Bee", 1, legs=6)
    put("Cat", 1, legs=[4, None])


@pytest.mark.usefixtures("three")
def test_kinds_are_listed_in_order(names):
    assert names("__kind__") == ["Ant", "Bee", "Cat"]
    assert names("__kind__", order=["-__key__"]) == ["Cat", "Bee", "Ant"]


@pytest.mark.usefixtures("three")
def test_kinds_have_limits_offsets_and_cursors(client, names):
    assert names("__kind__", limit=1, offset=1) == ["Bee"]
    page = client.query(kind="__kind__").fetch(limit=2)
    assert len(list(page)) == 2
    assert names("__kind__", start_cursor=page.next_page_token) == ["Cat"]


@pytest.mark.usefixtures("three")
def test_a_kind_without_entities_is_not_listed(client, names):
    client.delete(client.key("Bee", 1))
    assert names("__kind__") == ["Ant", "Cat"]


@pytest.mark.usefixtures("three")
def test_kinds_are_those_of_the_namespace_and_database(connect):
    other = connect(namespace="other")
    other.put(datastore.Entity(other.key("Dog", 1)))
    assert [entity.key.name for entity in other.query(kind="__kind__").fetch()] == ["Dog"]
    assert not list(connect(database="second").query(kind="__kind__").fetch())


def test_namespaces_are_listed_the_default_one_by_its_id(client, connect, names, put):
    put("Ant", 1)
    for namespace in ("north", "south"):
        other = connect(namespace=namespace)
        other.put(datastore.Entity(other.key("Ant", 1)))
    assert names("__namespace__") == [1, "north", "south"]


@pytest.mark.usefixtures("three")
def test_properties_are_listed_with_the_types_of_their_values(client):
    found = {
        entity.key.flat_path: entity["property_representation"] for entity in client.query(kind="__property__").fetch()
    }
    assert found == {
        ("__kind__", "Ant", "__property__", "legs"): ["INT64"],
        ("__kind__", "Ant", "__property__", "name"): ["STRING"],
        ("__kind__", "Bee", "__property__", "legs"): ["INT64"],
        ("__kind__", "Cat", "__property__", "legs"): ["INT64", "NULL"],
    }


@pytest.mark.usefixtures("three")
def test_the_properties_of_one_kind_are_its_descendants(client, names):
    assert names("__property__", ancestor=client.key("__kind__", "Ant")) == ["legs", "name"]


@pytest.mark.usefixtures("three")
def test_ndb_reads_all_of_it(ndb_context):
    assert metadata.get_kinds() == ["Ant", "Bee", "Cat"]
    assert metadata.get_kinds(start="B", end="C") == ["Bee"]
    assert metadata.get_namespaces() == [""]
    assert metadata.get_properties_of_kind("Ant", start="m") == ["name"]
    assert metadata.get_representations_of_kind("Cat") == {"legs": ["INT64", "NULL"]}
    assert ndb.Query(kind="__kind__").count() == 3


def test_filters_on_anything_but_keys_are_refused(find):
    with pytest.raises(exceptions.InvalidArgument, match="Metadata queries"):
        find("__property__", ("property_representation", "=", "INT64"))


@pytest.mark.usefixtures("three")
def test_metadata_at_a_read_time_is_that_of_then(client, put):
    then = _moment()
    put("Dog", 1, name="dan")
    client.put(datastore.Entity(client.key("Bee", 1)))
    client.delete(client.key("Ant", 1))

    def listed(kind, **options):
        return [entity.key.id_or_name for entity in client.query(kind=kind).fetch(**options)]

    assert listed("__kind__") == ["Bee", "Cat", "Dog"]
    assert listed("__kind__", read_time=then) == ["Ant", "Bee", "Cat"]
    assert listed("__property__", read_time=then) == ["legs", "name", "legs", "legs"]


def test_namespaces_at_a_read_time_are_those_of_then(client, put):
    put("Ant", 1)
    then = _moment()
    client.put(datastore.Entity(client.key("Ant", 1, namespace="new")))
    client.delete(client.key("Ant", 1))
    query = client.query(kind="__namespace__")
    assert [entity.key.id_or_name for entity in query.fetch(read_time=then)] == [1]
    assert [entity.key.id_or_name for entity in query.fetch()] == ["new"]


def _moment() -> datetime.datetime:
    """Return a time that is after every commit so far and before every later one."""
    moment = datetime.datetime.now(tz=datetime.timezone.utc)
    while datetime.datetime.now(tz=datetime.timezone.utc) <= moment:
        pass
    return moment
