"""Commit and Lookup: what is written is read back, exactly, and nowhere else."""

from __future__ import annotations

import datetime
import math

import pytest
from google.api_core import exceptions
from google.cloud import datastore
from google.cloud.datastore.helpers import GeoPoint


def test_every_kind_of_value_comes_back_as_it_was(client, put):
    written = put(
        "Thing",
        "all",
        none=None,
        yes=True,
        integer=-(2**63),
        real=0.1,
        infinite=math.inf,
        text="héllo ☃ \0 end",
        blob=b"\x00\xff",
        moment=datetime.datetime(2026, 11, 23, 12, 30, 59, 123456, datetime.timezone.utc),
        key=client.key("Parent", 1, "Child", "x"),
        place=GeoPoint(-12.5, 130.25),
        array=[1, "two", None, 3.0],
        empty=[],
    )
    assert dict(client.get(written.key)) == dict(written)


def test_embedded_entities_come_back_whole(client, put):
    inner = datastore.Entity(exclude_from_indexes=("note",))
    inner.update(note="n" * 2000, tags=["a", "b"])
    written = put("Thing", "embedding", inner=inner, several=[inner, inner])
    found = client.get(written.key)
    assert (found["inner"]["note"], found["several"][1]["tags"]) == ("n" * 2000, ["a", "b"])


def test_exclude_from_indexes_comes_back(client):
    entity = datastore.Entity(client.key("Thing", 1), exclude_from_indexes=("text",))
    entity["text"] = "x" * 5000
    client.put(entity)
    assert client.get(entity.key).exclude_from_indexes == {"text"}


def test_missing_entity_is_not_among_the_found(client, put):
    put("Thing", 1)
    missing = []
    found = client.get_multi([client.key("Thing", 1), client.key("Thing", 2)], missing=missing)
    assert ([entity.key.id for entity in found], [entity.key.id for entity in missing]) == ([1], [2])


def test_an_insert_of_what_exists_is_refused(put, commit):
    entity = put("Thing", 1, n=1)
    with pytest.raises(exceptions.AlreadyExists):
        commit({"insert": entity})


def test_an_update_of_what_does_not_exist_is_refused(client, commit):
    with pytest.raises(exceptions.NotFound):
        commit({"update": datastore.Entity(client.key("Thing", 1))})


def test_a_refused_mutation_undoes_the_others_of_its_commit(client, put, commit):
    existing = put("Thing", 1)
    other = datastore.Entity(client.key("Thing", 2))
    with pytest.raises(exceptions.AlreadyExists):
        commit({"upsert": other}, {"insert": existing})
    assert client.get(other.key) is None


def test_deleted_entity_is_absent_from_lookup_and_queries(client, put, find):
    entity = put("Thing", 1, n=1)
    client.delete(entity.key)
    assert (client.get(entity.key), find("Thing", ("n", "=", 1))) == (None, [])


def test_deleting_what_does_not_exist_succeeds(client):
    client.delete(client.key("Thing", "never"))


def test_an_update_replaces_all_properties(client, put):
    put("Thing", 1, old=1)
    entity = put("Thing", 1, new=2)
    assert dict(client.get(entity.key)) == {"new": 2}


def test_an_updated_value_leaves_the_index_and_the_new_one_enters(put, find):
    put("Thing", 1, n=1)
    put("Thing", 1, n=2)
    assert (find("Thing", ("n", "=", 1)), find("Thing", ("n", "=", 2))) == ([], [1])


def test_an_updated_entity_moves_to_its_new_place(put, find):
    put("Thing", 1, n=1, same=0)
    put("Thing", 2, n=2, same=0)
    put("Thing", 1, n=3, same=0)
    assert find("Thing", ("same", "=", 0), order=["n"]) == [2, 1]


def test_a_put_of_the_same_again_keeps_the_version(client, put, commit):
    entity = put("Thing", 1, n=1)
    first = commit({"upsert": entity}).mutation_results[0].version
    assert commit({"upsert": entity}).mutation_results[0].version == first


def test_a_change_raises_the_version_and_keeps_the_creation(client, commit):
    entity = datastore.Entity(client.key("Thing", 1))
    before = commit({"upsert": entity}).mutation_results[0]
    entity["n"] = 1
    after = commit({"upsert": entity}).mutation_results[0]
    assert after.version > before.version
    assert after.create_time == before.create_time == before.update_time < after.update_time


def test_stale_base_version_is_reported_and_changes_nothing(client, put, commit):
    entity = put("Thing", 1, n=1)
    result = commit({"delete": entity.key, "base_version": 1}).mutation_results[0]
    assert result.conflict_detected
    assert client.get(entity.key) is not None


def test_a_stale_base_version_fails_the_commit_if_asked_to(put, commit):
    entity = put("Thing", 1, n=1)
    with pytest.raises(exceptions.FailedPrecondition, match="does not match the required base version"):
        commit({"upsert": entity, "base_version": 1, "conflict_resolution_strategy": "FAIL"})


def test_the_current_base_version_is_no_conflict(client, put, commit):
    entity = put("Thing", 1, n=1)
    version = commit({"upsert": entity}).mutation_results[0].version
    assert not commit({"delete": entity.key, "base_version": version}).mutation_results[0].conflict_detected


def test_the_update_time_detects_conflicts_too(put, commit):
    entity = put("Thing", 1, n=1)
    past = datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    assert commit({"delete": entity.key, "update_time": past}).mutation_results[0].conflict_detected


def test_mutations_of_one_entity_in_a_transaction_apply_in_order(client):
    key = client.key("Thing", 1)
    with client.transaction() as transaction:
        for n in (1, 2):
            entity = datastore.Entity(key)
            entity["n"] = n
            transaction.put(entity)
    assert client.get(key)["n"] == 2


def test_an_entity_written_twice_in_a_transaction_is_indexed_as_it_ended(client, find):
    with client.transaction() as transaction:
        for name, n in (("changed", 1), ("changed", 2), ("deleted", 1)):
            entity = datastore.Entity(client.key("Thing", name))
            entity["n"] = n
            transaction.put(entity)
        transaction.delete(client.key("Thing", "deleted"))
    assert (find("Thing", ("n", "=", 1)), find("Thing", ("n", "=", 2))) == ([], ["changed"])


@pytest.mark.parametrize(
    ("first", "second"),
    [("insert", "insert"), ("update", "insert"), ("upsert", "insert"), ("delete", "update")],
)
def test_mutations_that_contradict_one_another_are_refused(client, project, put, first, second):
    key = put("Thing", 1).key.to_protobuf()
    mutations = [{name: key if name == "delete" else {"key": key}} for name in (first, second)]
    request = {"project_id": project, "single_use_transaction": {}, "mutations": mutations}
    with pytest.raises(exceptions.InvalidArgument, match=f"Cannot {first} then {second}"):
        client._datastore_api.commit(request={**request, "mode": "TRANSACTIONAL"})


def test_one_entity_twice_outside_a_transaction_is_refused(client, commit):
    entity = datastore.Entity(client.key("Thing", 1))
    with pytest.raises(exceptions.InvalidArgument, match="multiple mutations affecting the same entity"):
        commit({"upsert": entity}, {"delete": entity.key})


@pytest.mark.parametrize("dimension", ["namespace", "database"])
def test_namespaces_and_databases_are_kept_apart(connect, dimension):
    here, there = connect(**{dimension: "here"}), connect(**{dimension: "there"})
    entity = datastore.Entity(here.key("Thing", 1))
    here.put(entity)
    assert here.get(entity.key) is not None
    assert there.get(there.key("Thing", 1)) is None
    assert [list(one.query(kind="Thing").fetch()) != [] for one in (here, there)] == [True, False]


def test_a_lookup_larger_than_a_reply_is_deferred_and_completed(client):
    keys = []
    for number in range(1, 9):
        entity = datastore.Entity(client.key("Large", number), exclude_from_indexes=("data",))
        entity["data"] = b"x" * 1_000_000
        client.put(entity)
        keys.append(entity.key)
    assert {entity.key.id for entity in client.get_multi(keys)} == set(range(1, 9))


def test_timestamps_are_cut_to_microseconds(client, project):
    value = {"timestamp_value": {"seconds": 1, "nanos": 123_456_789}}
    path = [{"kind": "Thing", "id": 1}]
    client._datastore_api.commit(
        request={
            "project_id": project,
            "mode": "NON_TRANSACTIONAL",
            "mutations": [{"upsert": {"key": {"path": path}, "properties": {"t": value}}}],
        }
    )
    assert client.get(client.key("Thing", 1))["t"].nanosecond == 123_456_000
