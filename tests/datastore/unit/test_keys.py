"""Keys as bytes, and the keys and partitions that no request may have."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from datastore_emulator import messages as m
from datastore_emulator.encoding import keys
from datastore_emulator.encoding.damage import damaged_entity
from datastore_emulator.encoding.keys import Partition
from datastore_emulator.errors import DatastoreError

Path = Sequence[tuple[str, int | str | None]]
PARTITION = Partition("demo", "base", "space")


def make_key(*path: tuple[str, int | str | None]) -> m.Key:
    key = m.Key()
    for kind, identity in path:
        element = key.path.add(kind=kind)
        if isinstance(identity, int):
            element.id = identity
        elif identity is not None:
            element.name = identity
    return key


@pytest.mark.parametrize(
    "path", [[("K", 1)], [("K", 2**63 - 1)], [("K", -(2**63))], [("K", "n\0m")], [("K\0", 1), ("L", "n"), ("K", 3)]]
)
def test_path_comes_back_from_its_bytes(path):
    key = m.Key()
    keys.decode_path(keys.encode_path(make_key(*path)), PARTITION, key)
    assert [(one.kind, one.id or one.name) for one in key.path] == path
    assert (key.partition_id.project_id, key.partition_id.database_id) == ("demo", "base")
    assert key.partition_id.namespace_id == "space"


def test_default_database_and_namespace_are_left_out():
    message = m.PartitionId()
    keys.fill_partition(message, Partition("demo", "", ""))
    assert message.SerializeToString() == m.PartitionId(project_id="demo").SerializeToString()


def test_descendants_come_after_a_key_and_before_all_others():
    paths: list[Path] = [
        [("K", 1)],
        [("K", 1), ("A", 1)],
        [("K", 1), ("\U0010ffff", "z")],
        [("K", 2)],
        [("K", "a")],
        [("K", "a"), ("A", 1)],
        [("K", "ab")],
        [("KA", 1)],
    ]
    encoded = [keys.encode_path(make_key(*path)) for path in paths]
    assert encoded == sorted(encoded)
    assert encoded[2] < encoded[0] + keys.AFTER_DESCENDANTS < encoded[3]


def test_incomplete_path_is_completed_by_an_id():
    assert keys.encode_path(make_key(("K", 1), ("L", None)), complete=False) + keys.encode_id(7) == keys.encode_path(
        make_key(("K", 1), ("L", 7))
    )


@pytest.mark.parametrize(
    ("key", "complete"), [(make_key(("K", 1)), True), (make_key(("K", "n")), True), (make_key(("K", None)), False)]
)
def test_key_with_an_id_or_a_name_is_complete(key, complete):
    assert keys.is_complete(key) is complete


def test_key_without_a_path_is_not_complete():
    assert keys.is_complete(m.Key()) is False


LONG = "n" * 1500


@pytest.mark.parametrize(
    ("path", "options", "message"),
    [
        ([], {}, "Key path is empty."),
        ([("K", 1)] * 101, {}, "Cannot exceed 100 elements."),
        ([("", 1)], {}, "The kind is the empty string."),
        ([("K", "")], {}, "The key path element name is the empty string."),
        ([("K", 0)], {}, "Must not be zero."),
        ([("K" * 1501, 1)], {}, "The kind is longer than 1500 bytes."),
        ([("é" * 751, 1)], {}, "The kind is longer than 1500 bytes."),
        ([("K", None)], {}, "Key path element must not be incomplete: [K: ]"),
        ([("K", None), ("L", 1)], {"complete": False}, "must not be incomplete: [K: , L: 1]"),
        ([("__K__", 1)], {"written": True}, 'The kind "__K__" is reserved.'),
        ([("K", "__n__")], {"written": True}, 'The key path element name "__n__" is reserved.'),
        ([("K", LONG)] * 4 + [("K", "n" * 130)], {"written": True}, "The key is longer than 6144 bytes."),
        ([("K", LONG)] * 4 + [("K", "n" * 120), ("L", 1)], {"written": True}, "longer than 6144 bytes."),
    ],
)
def test_invalid_path_is_refused(path, options, message):
    with pytest.raises(DatastoreError) as caught:
        keys.encode_path(make_key(*path), **options)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("path", "options"),
    [
        ([("K", 1)] * 100, {"written": True}),
        ([("K" * 1500, LONG)], {"written": True}),
        ([("é" * 750, 1)], {"written": True}),
        ([("__K__", "__n__")], {}),
        ([("__K", "n__")], {"written": True}),
        ([("K", LONG)] * 4 + [("K", "n" * 129)], {"written": True}),
        ([("K", LONG)] * 4 + [("K", "n" * 119), ("L", 1)], {"written": True}),
        ([("K", LONG)] * 5, {}),
    ],
)
def test_path_at_a_limit_is_accepted(path, options):
    assert keys.encode_path(make_key(*path), **options)


@pytest.mark.parametrize(
    ("partition", "found"),
    [
        (m.PartitionId(), Partition("demo", "base", "")),
        (m.PartitionId(project_id="demo", database_id="base", namespace_id="a.b-c_D9"), ("demo", "base", "a.b-c_D9")),
        (m.PartitionId(namespace_id="n" * 100), ("demo", "base", "n" * 100)),
    ],
)
def test_partition_gets_the_project_and_database_of_the_request(partition, found):
    assert keys.read_partition("demo", "base", partition) == found


@pytest.mark.parametrize(
    ("project", "partition", "message"),
    [
        ("", m.PartitionId(project_id="demo"), "missing project id in header"),
        ("demo", m.PartitionId(project_id="other"), "mismatched databases within request: demo/base vs. other/base"),
        ("demo", m.PartitionId(database_id="other"), "mismatched databases within request: demo/base vs. demo/other"),
        ("demo", m.PartitionId(namespace_id="a b"), 'Illegal string "a b" in namespace id.'),
        ("demo", m.PartitionId(namespace_id="n" * 101), "in namespace id."),
    ],
)
def test_partition_of_another_request_is_refused(project, partition, message):
    with pytest.raises(DatastoreError) as caught:
        keys.read_partition(project, "base", partition)
    assert message in caught.value.message


def test_damaged_entity_is_named_unless_its_key_is_damaged_too():
    path = keys.encode_path(make_key(("K", 1), ("L", "n")))
    assert "the entity [K: 1, L: n] is damaged" in damaged_entity(path).message
    assert "an entity is damaged" in damaged_entity(path[:-1]).message
