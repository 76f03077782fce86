"""The index that a scan walks: the one with the fewest entries, unless an order makes another cheaper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from datastore_emulator import messages as m
from datastore_emulator.encoding.values import encode
from datastore_emulator.engine import Engine
from datastore_emulator.query.planner import plan_query
from datastore_emulator.query.requests import read_query
from datastore_emulator.storage.database import Storage
from tests.datastore.unit.stored import make_request, make_value, put


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Storage]:
    """A file with a hundred entities: "few" on 10 of them, "some" on 30, "many" on 90."""
    path = tmp_path_factory.mktemp("choice") / "data.db"
    with Engine(path) as engine:
        entities = {}
        for n in range(1, 101):
            tags = [tag for tag, count in (("few", 10), ("some", 30), ("many", 90)) if n <= count]
            entities[n] = {"n": n, "tag": tags}
        put(engine, "K", entities)
    storage = Storage(path)
    yield storage
    storage.close()


def walked(storage: Storage, text: str) -> str:
    """Return what the only scan of a query walks: "keys", a tag, or "order", the property of the order."""
    query = read_query(make_request(text), m.RunQueryResponse()).query
    with storage.snapshot() as snapshot:
        (scan,) = plan_query(storage, snapshot, query).scans
    if " FROM entities AS d" in scan.sql:
        return "keys"
    tags = {encode("tag", make_value(tag)): tag for tag in ("few", "some", "many")}
    return tags.get(scan.parameters[1], "order") if len(scan.parameters) > 1 else "order"


@pytest.mark.parametrize(
    ("clauses", "index"),
    [
        ("", "keys"),
        ("ORDER BY __key__ DESC LIMIT 1", "keys"),
        ("WHERE __key__ > KEY(K, 98)", "keys"),
        ("WHERE __key__ > KEY(K, 98) ORDER BY n", "keys"),
        # The order would pass over the 97 other keys.
        ("WHERE __key__ > KEY(K, 98) AND n > 1 ORDER BY n", "keys"),
        ("WHERE __key__ > KEY(K, 1) AND n > 99 ORDER BY n", "order"),
        ("WHERE tag = 'many'", "many"),
        ("WHERE tag = 'many' AND tag = 'few'", "few"),
        ("WHERE tag = 'few' AND tag = 'many' ORDER BY __key__ DESC", "few"),
        ("WHERE tag = 'some' AND tag = 'many' LIMIT 1", "some"),
        # All before key 11 have each of the tags, and the first of several is as good as the others.
        ("WHERE tag = 'many' AND tag = 'few' AND __key__ < KEY(K, 11)", "many"),
        ("WHERE tag = 'many' AND tag = 'few' AND __key__ < KEY(K, 12)", "few"),
        ("WHERE tag = 'some' ORDER BY tag", "some"),
        ("ORDER BY n", "order"),
        ("WHERE tag = 'few' ORDER BY n", "few"),
        ("WHERE tag = 'many' ORDER BY n", "many"),
        ("WHERE tag = 'few' AND n > 89 ORDER BY n", "few"),
        ("WHERE tag = 'few' AND n > 90 ORDER BY n", "order"),
        ("WHERE tag = 'few' AND n < 10 ORDER BY n DESC", "order"),
        ("WHERE tag = 'few' AND n < 10 ORDER BY __key__", "few"),
    ],
)
def test_scan_walks_the_index_with_the_fewest_entries(storage, clauses, index):
    assert walked(storage, f"SELECT * FROM K {clauses}") == index


@pytest.mark.parametrize(
    ("clauses", "index"),
    [
        ("WHERE tag = 'some' ORDER BY n LIMIT 1", "order"),
        ("WHERE tag = 'few' ORDER BY n LIMIT 1", "few"),
        # All results are wanted, so that a sort costs less than to pass over the others.
        ("WHERE tag = 'some' ORDER BY n", "some"),
        # Two branches may sort half as many each.
        ("WHERE tag = 'some' ORDER BY __key__ LIMIT 1", "some"),
    ],
)
def test_limited_query_reads_the_order_if_a_filter_leaves_many(storage, monkeypatch, clauses, index):
    monkeypatch.setattr("datastore_emulator.query.planner.FEW", 30)
    assert walked(storage, f"SELECT * FROM K {clauses}") == index


def test_branches_together_sort_no_more_than_one_would(storage, monkeypatch):
    text = "SELECT * FROM K WHERE tag = 'few' OR tag = 'some' ORDER BY n LIMIT 1"
    query = read_query(make_request(text), m.RunQueryResponse()).query
    for few, sorts in ((22, True), (21, False)):
        monkeypatch.setattr("datastore_emulator.query.planner.FEW", few)
        with storage.snapshot() as snapshot:
            first, _ = plan_query(storage, snapshot, query).scans
        assert (first.parameters[1] == encode("tag", make_value("few"))) is sorts


def test_kindless_query_walks_the_keys_of_its_partition(storage):
    query = read_query(make_request("SELECT * WHERE __key__ > KEY(K, 1)"), m.RunQueryResponse()).query
    with storage.snapshot() as snapshot:
        (scan,) = plan_query(storage, snapshot, query).scans
    assert "FROM entities AS d WHERE d.partition = ?" in scan.sql


@pytest.mark.parametrize(
    "text", ["SELECT * FROM Other", "SELECT * FROM K WHERE x = 1", "SELECT * FROM K ORDER BY x", "SELECT x FROM K"]
)
def test_query_on_a_name_that_was_never_written_has_no_scan(storage, text):
    query = read_query(make_request(text), m.RunQueryResponse()).query
    with storage.snapshot() as snapshot:
        assert plan_query(storage, snapshot, query).scans == []


def test_query_in_a_partition_that_was_never_written_has_no_scan(storage):
    query = read_query(make_request("SELECT * FROM K", namespace="other"), m.RunQueryResponse()).query
    with storage.snapshot() as snapshot:
        assert plan_query(storage, snapshot, query).scans == []
