"""The limits of a request, and the messages of the refusals."""

from __future__ import annotations

import re

import pytest
from google.api_core import exceptions

INDEXED = 1500
LONG = "x" * (INDEXED + 1)


def _entity(path=(("Thing", 1),), **properties):
    elements = []
    for kind, name in path:
        identity = {} if name is None else {"id": name} if isinstance(name, int) else {"name": name}
        elements.append({"kind": kind, **identity})
    return {"key": {"path": elements}, "properties": properties}


def _text(text, **options):
    return {"string_value": text, **options}


def _nested(depth):
    value = {"integer_value": 1}
    for _ in range(depth):
        value = {"entity_value": {"properties": {"a": value}}}
    return value


ONE = {"integer_value": 1}


@pytest.mark.parametrize(
    ("entity", "message"),
    [
        (_entity(a=_text(LONG)), 'The value of property "a" is longer than 1500 bytes.'),
        (_entity(a=_text("é" * 751)), 'The value of property "a" is longer than 1500 bytes.'),
        (_entity(a={"blob_value": LONG.encode()}), 'The value of property "a" is longer than 1500 bytes.'),
        (
            _entity(a={"array_value": {"values": [ONE, _text(LONG)]}}),
            'The value of property "a" is longer than 1500 bytes.',
        ),
        (
            _entity(a={"entity_value": {"properties": {"b": _text(LONG)}}}),
            'The value of property "b" is longer than 1500 bytes.',
        ),
        (
            _entity(a=_text("x" * 1_048_488, exclude_from_indexes=True)),
            'The value of property "a" is longer than 1048487 bytes.',
        ),
        (
            _entity(**{name: _text("x" * 600_000, exclude_from_indexes=True) for name in "ab"}),
            "maximum entity size is 1048572 bytes",
        ),
        (_entity([("Thing", LONG)]), "The key path element name is longer than 1500 bytes."),
        (
            _entity(a={"array_value": {"values": [{"integer_value": n} for n in range(20_001)]}}),
            "Too many indexed properties",
        ),
        (_entity([(LONG, 1)]), "The kind is longer than 1500 bytes."),
        (_entity([("Thing", "x" * 1500)] * 5), "The key is longer than 6144 bytes."),
        (_entity(**{LONG: ONE}), "The property.name is longer than 1500 bytes."),
        (_entity(**{"": ONE}), "The property.name is the empty string."),
        (_entity(__a__=ONE), 'The property.name "__a__" is reserved.'),
        (_entity([("", 1)]), "The kind is the empty string."),
        (_entity([("__a__", 1)]), 'The kind "__a__" is reserved.'),
        (_entity([("__BlobMigration__", 1)]), 'The kind "__BlobMigration__" is reserved.'),
        (_entity([("Thing", "__a__")]), 'The key path element name "__a__" is reserved.'),
        (_entity([("Thing", "")]), "The key path element name is the empty string."),
        (_entity([("Thing", 0)]), "Key path id is invalid. Must not be zero."),
        (
            _entity([("Thing", None), ("Thing", 1)]),
            "Key path element must not be incomplete: [Thing: , Thing: 1]",
        ),
        (_entity([("Thing", 1)] * 101), "Key path is too long. Cannot exceed 100 elements."),
        ({"properties": {}}, "Entity is missing key."),
        (_entity(a={}), 'The value "a" does not contain a value.'),
        (
            _entity(a={"array_value": {"values": [{"array_value": {}}]}}),
            "list_value cannot contain a Value containing another list_value.",
        ),
        (
            _entity(a={"array_value": {}, "exclude_from_indexes": True}),
            "Exclude from indexes cannot be set on a list value",
        ),
        (_entity(a=_nested(21)), "At most 20 nested entity values are supported."),
        (
            _entity(a={"geo_point_value": {"latitude": 91}}),
            "Geo point latitude outside permitted range -90.0 to 90.0.",
        ),
    ],
)
def test_an_entity_that_cannot_be_stored_is_refused(client, project, entity, message):
    with pytest.raises(exceptions.InvalidArgument, match=f"^400 {re.escape(message)}$"):
        client._datastore_api.commit(
            request={"project_id": project, "mode": "NON_TRANSACTIONAL", "mutations": [{"upsert": entity}]}
        )


@pytest.mark.parametrize(
    "entity",
    [
        _entity(a=_text("x" * INDEXED)),
        _entity(a=_text("é" * 750)),
        _entity(a=_text("x" * 1_000_000, exclude_from_indexes=True)),
        _entity([("Thing", "x" * INDEXED)]),
        _entity([("Thing", 1)] * 100),
        _entity([("Thing", -1)]),
        _entity(a=_nested(20)),
        _entity(_a_=ONE),
    ],
)
def test_an_entity_just_within_a_limit_is_stored(client, project, entity):
    client._datastore_api.commit(
        request={"project_id": project, "mode": "NON_TRANSACTIONAL", "mutations": [{"upsert": entity}]}
    )
    key = {"key": entity["key"]}["key"]
    assert len(client._datastore_api.lookup(request={"project_id": project, "keys": [key]}).found) == 1


@pytest.mark.parametrize("operation", ["update", "delete"])
def test_an_incomplete_key_is_refused_where_the_entity_must_be_known(client, project, operation):
    entity = _entity([("Thing", None)])
    mutation = {operation: entity["key"] if operation == "delete" else entity}
    with pytest.raises(exceptions.InvalidArgument, match=r"must not be incomplete: \[Thing: \]"):
        client._datastore_api.commit(
            request={"project_id": project, "mode": "NON_TRANSACTIONAL", "mutations": [mutation]}
        )


def test_a_key_of_another_project_is_refused(client, project):
    key = {"partition_id": {"project_id": "other"}, "path": [{"kind": "Thing", "id": 1}]}
    with pytest.raises(exceptions.InvalidArgument, match=f"mismatched databases within request: {project} vs. other"):
        client._datastore_api.lookup(request={"project_id": project, "keys": [key]})


def test_a_namespace_with_a_space_is_refused(client, project):
    key = {"partition_id": {"namespace_id": "a b"}, "path": [{"kind": "Thing", "id": 1}]}
    with pytest.raises(exceptions.InvalidArgument, match='Illegal string "a b" in namespace id'):
        client._datastore_api.lookup(request={"project_id": project, "keys": [key]})


def test_a_transactional_commit_without_a_transaction_is_refused(client, project):
    with pytest.raises(exceptions.InvalidArgument, match="transactional commit requires a transaction"):
        client._datastore_api.commit(request={"project_id": project, "mode": "TRANSACTIONAL"})


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"composite_filter": {"op": "AND"}}, "A composite filter must have at least one sub-filter."),
        (
            {"property_filter": {"property": {"name": "a"}, "value": ONE}},
            "a property filter must specify an operator",
        ),
        (
            {"property_filter": {"property": {"name": "a"}, "op": "EQUAL"}},
            'The value "a" does not contain a value.',
        ),
        (
            {"property_filter": {"property": {"name": "a"}, "op": "EQUAL", "value": _nested(1)}},
            "An entity value is not allowed",
        ),
        (
            {"property_filter": {"property": {"name": "a"}, "op": "HAS_ANCESTOR", "value": ONE}},
            "property must be __key__",
        ),
        (
            {"property_filter": {"property": {"name": "__key__"}, "op": "EQUAL", "value": ONE}},
            "__key__ filter value must be a Key",
        ),
    ],
)
def test_invalid_filter_is_refused(client, project, condition, message):
    with pytest.raises(exceptions.InvalidArgument, match=f"^400 {re.escape(message)}$"):
        client._datastore_api.run_query(
            request={"project_id": project, "query": {"kind": [{"name": "Thing"}], "filter": condition}}
        )


def test_a_lookup_of_more_than_a_thousand_keys_is_refused(client, project):
    keys = [{"path": [{"kind": "Thing", "id": number}]} for number in range(1, 1002)]
    with pytest.raises(exceptions.InvalidArgument, match="cannot get more than 1000 keys in a single call"):
        client._datastore_api.lookup(request={"project_id": project, "keys": keys})


def test_a_commit_may_have_more_than_five_hundred_mutations(client, commit):
    # The service's list of limits no longer has the limit of 500, and Google's emulators take more too.
    result = commit(*({"upsert": _entity([("Thing", number)])} for number in range(1, 602)))
    assert len(result.mutation_results) == 601


@pytest.mark.parametrize("seconds", [-(2**63), -62_135_596_801, 253_402_300_800, 2**63 - 1])
def test_update_time_out_of_range_is_refused(client, project, seconds):
    mutation = {"upsert": _entity(), "update_time": {"seconds": seconds}}
    with pytest.raises(exceptions.InvalidArgument, match=r"^400 Timestamp seconds exceeds limit for field$"):
        client._datastore_api.commit(
            request={"project_id": project, "mode": "NON_TRANSACTIONAL", "mutations": [mutation]}
        )


@pytest.mark.parametrize("nanos", [-1, 1_000_000_000])
def test_an_update_time_with_nanoseconds_out_of_range_is_refused(client, project, nanos):
    mutation = {"upsert": _entity(), "update_time": {"seconds": 1, "nanos": nanos}}
    with pytest.raises(exceptions.InvalidArgument, match=r"^400 Timestamp nanos exceeds limit for field$"):
        client._datastore_api.commit(
            request={"project_id": project, "mode": "NON_TRANSACTIONAL", "mutations": [mutation]}
        )
