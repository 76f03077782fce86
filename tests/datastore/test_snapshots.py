"""A transaction reads the state of its first read while others commit, and does not make the log grow."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from google.cloud.datastore_v1 import types
from grpc import StatusCode

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine
from datastore_emulator.errors import DatastoreError
from datastore_emulator.storage import database, history
from tests.datastore.clock import ManualClock
from tests.support.deadline import DEADLINE

PROJECT = "demo"
TRANSACTIONAL, NON_TRANSACTIONAL = m.CommitRequest.TRANSACTIONAL, m.CommitRequest.NON_TRANSACTIONAL


@pytest.fixture
def engine(tmp_path: Path, clock: ManualClock) -> Iterator[Engine]:
    with Engine(tmp_path / "data.db", clock=clock) as opened:
        yield opened


def _key(*path: Any, namespace: str = "") -> m.Key:
    key = m.Key(partition_id={"namespace_id": namespace} if namespace else None)
    for kind, number in zip(path[::2], path[1::2], strict=True):
        key.path.add(kind=kind, id=number)
    return key


def commit(engine: Engine, *, put: tuple[m.Entity, ...] = (), delete: tuple[m.Key, ...] = ()) -> None:
    request = m.CommitRequest(project_id=PROJECT, mode=NON_TRANSACTIONAL)
    for entity in put:
        request.mutations.add().upsert.CopyFrom(entity)
    for key in delete:
        request.mutations.add().delete.CopyFrom(key)
    engine.commit(request)


def ballast(number: int, size: int) -> m.Entity:
    entity = m.Entity(key=_key("Ballast", number))
    value = entity.properties["data"]
    value.blob_value = random.Random(number).randbytes(size)
    value.exclude_from_indexes = True
    return entity


def begin(engine: Engine, mode: str = "read_only") -> bytes:
    """Begin a transaction and let it read."""
    request = m.LookupRequest(project_id=PROJECT, keys=[_key("Thing", 1)])
    request.read_options.transaction = engine.begin_transaction(
        m.BeginTransactionRequest(project_id=PROJECT, transaction_options={mode: {}})
    ).transaction
    engine.lookup(request)
    return request.read_options.transaction


def read(engine: Engine, key: m.Key, transaction: bytes) -> m.LookupResponse:
    request = m.LookupRequest(project_id=PROJECT, keys=[key])
    request.read_options.transaction = transaction
    return engine.lookup(request)


PLACES = [
    *(("Thing", number) for number in range(1, 9)),
    *(("Thing", 1, "Part", number) for number in range(1, 4)),
    *(("Other", number) for number in range(1, 4)),
]


class RandomEntities:
    """Random entities, and reads of all kinds."""

    def __init__(self, engine: Engine, seed: int) -> None:
        self.engine = engine
        self.random = random.Random(seed)

    def change(self, commits: int) -> None:
        """Put and delete at random."""
        choice = self.random
        for _ in range(commits):
            if choice.random() < 0.2:
                commit(self.engine, delete=(self._key(),))
            else:
                commit(
                    self.engine, put=tuple({entity.key.SerializeToString(): entity for entity in self._some()}.values())
                )

    def _key(self) -> m.Key:
        return _key(*self.random.choice(PLACES), namespace=self.random.choice(["", "", "aside"]))

    def _some(self) -> Iterator[m.Entity]:
        choice = self.random
        for _ in range(choice.randint(1, 3)):
            entity = m.Entity(key=self._key())
            entity.properties["n"].integer_value = choice.randrange(5)
            if choice.random() < 0.5:
                entity.properties["tags"].array_value.values.extend(
                    m.Value(string_value=text) for text in choice.sample("abcd", choice.randint(1, 3))
                )
            if choice.random() < 0.1:
                entity.properties[f"rare{choice.randrange(50)}"].double_value = 0.5
            yield entity

    def answers(self, transaction: bytes = b"") -> list[bytes]:
        """Return the responses to all reads, without their times."""
        found = []
        for question in READS:
            response = question(self.engine, transaction)
            for batch in [response.batch] if hasattr(response, "batch") else []:
                batch.ClearField("read_time")
            response.ClearField("transaction")
            with suppress(ValueError):
                response.ClearField("read_time")
            found.append(response.SerializeToString(deterministic=True))
        return found


def _query(**query: Any) -> Callable[[Engine, bytes], Any]:
    namespace = query.pop("namespace", "")
    # The wrapper takes plain dicts for every field.
    message = types.Query.pb(types.Query(query))

    def ask(engine: Engine, transaction: bytes) -> Any:
        request = m.RunQueryRequest(project_id=PROJECT, query=message)
        request.partition_id.namespace_id = namespace
        if transaction:
            request.read_options.transaction = transaction
        return engine.run_query(request)

    return ask


def _count(engine: Engine, transaction: bytes) -> Any:
    request = m.RunAggregationQueryRequest(project_id=PROJECT)
    request.aggregation_query.nested_query.kind.add(name="Thing")
    for alias, operator in (("count", "count"), ("sum", "sum"), ("avg", "avg")):
        one = request.aggregation_query.aggregations.add(alias=alias)
        if operator == "count":
            one.count.SetInParent()
        else:
            getattr(one, operator).property.name = "n"
    if transaction:
        request.read_options.transaction = transaction
    return engine.run_aggregation_query(request)


def _look_up(engine: Engine, transaction: bytes) -> Any:
    request = m.LookupRequest(project_id=PROJECT, keys=[_key(*place) for place in PLACES])
    if transaction:
        request.read_options.transaction = transaction
    return engine.lookup(request)


def _filter(name: str, op: str, **value: Any) -> dict[str, Any]:
    return {"property_filter": {"property": {"name": name}, "op": op, "value": value}}


THING = {"kind": [{"name": "Thing"}]}
KEYS_ONLY = {"projection": [{"property": {"name": "__key__"}}]}
BY_N = {"order": [{"property": {"name": "n"}, "direction": "DESCENDING"}]}
ABOUT_THINGS = [
    _look_up,
    _count,
    _query(**THING),
    _query(kind=[{"name": "Nothing"}]),
    _query(**THING, **KEYS_ONLY),
    _query(**THING, **BY_N),
    _query(**THING, **BY_N, limit={"value": 3}, offset=1),
    _query(**THING, offset=100),
    _query(**THING, filter=_filter("n", "EQUAL", integer_value=2)),
    _query(**THING, filter=_filter("n", "GREATER_THAN", integer_value=2), **KEYS_ONLY),
    _query(**THING, filter=_filter("tags", "EQUAL", string_value="a"), **BY_N),
    _query(**THING, filter=_filter("tags", "IN", array_value={"values": [{"string_value": t} for t in "bc"]})),
    _query(**THING, filter=_filter("tags", "NOT_EQUAL", string_value="a")),
    _query(**THING, order=[{"property": {"name": "tags"}}], limit={"value": 4}),
    _query(**THING, projection=[{"property": {"name": "tags"}}]),
    _query(**THING, projection=[{"property": {"name": "n"}}], distinct_on=[{"name": "n"}]),
    _query(
        kind=[{"name": "Part"}],
        filter=_filter(
            "__key__",
            "HAS_ANCESTOR",
            key_value={"partition_id": {"project_id": PROJECT}, "path": [{"kind": "Thing", "id": 1}]},
        ),
    ),
]
READS = [
    *ABOUT_THINGS,
    _query(),
    _query(namespace="aside"),
    *(_query(kind=[{"name": name}]) for name in ("__namespace__", "__kind__", "__property__")),
    _query(kind=[{"name": "__property__"}], namespace="aside"),
]


@pytest.mark.parametrize("seed", range(4))
def test_every_read_of_a_transaction_is_answered_as_at_its_first_one(engine, seed):
    entities = RandomEntities(engine, seed)
    opened: list[tuple[bytes, list[bytes]]] = []
    for _ in range(5):
        entities.change(commits=12)
        opened.append((begin(engine), entities.answers()))
        for transaction, before in opened:
            assert entities.answers(transaction) == before
    # Were the states all one, nothing was shown.
    assert len({b"".join(answers) for _, answers in opened}) == 5


def replace(engine: Engine, times: int) -> None:
    """Put 400 KB again and again, other ones each time."""
    for number in range(2, times + 2):
        entity = ballast(number, 400_000)
        entity.key.CopyFrom(_key("Ballast", 1))
        commit(engine, put=(entity,))


def test_a_transaction_reads_its_state_however_much_others_replace(engine, monkeypatch):
    monkeypatch.setattr(history, "KEPT_BYTES", 1_000_000)
    commit(engine, put=(ballast(1, 400_000),))
    transaction = begin(engine)
    before = read(engine, _key("Ballast", 1), transaction).found
    replace(engine, 20)
    assert read(engine, _key("Ballast", 1), transaction).found == before


def test_history_that_only_an_ended_transaction_needed_is_given_up(engine, clock, monkeypatch):
    monkeypatch.setattr(history, "KEPT_BYTES", 1_000_000)
    commit(engine, put=(ballast(1, 400_000),))

    def kept() -> int:
        replace(engine, 10)
        with engine._storage.snapshot() as snapshot:
            return snapshot.connection.execute("SELECT count(*) FROM history").fetchone()[0]

    begin(engine)
    assert kept() == 10
    clock.now += 61
    assert kept() <= 3


def test_a_change_elsewhere_aborts_no_commit_of_what_was_read_in_the_past(engine):
    RandomEntities(engine, seed=1).change(commits=20)
    transaction = begin(engine, "read_write")
    commit(engine, put=(ballast(1, 10),))
    commit(engine, put=(ballast(1, 11),))
    for question in ABOUT_THINGS:
        question(engine, transaction)
    request = m.CommitRequest(project_id=PROJECT, mode=TRANSACTIONAL, transaction=transaction)
    request.mutations.add().upsert.CopyFrom(ballast(2, 10))
    assert engine.commit(request).mutation_results


def test_reset_aborts_transactions_that_read_the_removed_entities(engine):
    commit(engine, put=(ballast(1, 10),))
    transaction = begin(engine)
    engine.reset(PROJECT)
    with pytest.raises(DatastoreError) as caught:
        read(engine, _key("Ballast", 1), transaction)
    assert caught.value.code is StatusCode.ABORTED


@pytest.fixture
def log(tmp_path: Path) -> Callable[[], int]:
    """Return the bytes of the write-ahead log."""
    return lambda: (tmp_path / "data.db-wal").stat().st_size


def test_abandoned_transactions_do_not_make_the_log_grow(engine, clock, log):
    largest = 0
    for number in range(1, 61):
        # At every time there is one that has read, within the minute that it may be idle.
        begin(engine)
        clock.now += 10
        commit(engine, put=(ballast(number, 1_000_000),))
        largest = max(largest, log())
    assert largest < database.LONGEST_LOG_BYTES


def test_a_transaction_that_has_read_keeps_no_connection(engine):
    begin(engine)
    before = len(engine._storage._open)
    for number in range(50):
        transaction = begin(engine)
        commit(engine, put=(ballast(1, number),))
        read(engine, _key("Ballast", 1), transaction)
    assert len(engine._storage._open) == before


def test_the_connections_of_transactions_that_read_the_past_are_closed_with_them(engine, clock):
    ask = _query(kind=[{"name": "Ballast"}])
    commit(engine, put=(ballast(1, 10),))
    before = len(engine._storage._open)
    for number in range(20):
        transaction = begin(engine)
        commit(engine, put=(ballast(1, 11 + number),))
        ask(engine, transaction)
    assert len(engine._storage._open) > before
    clock.now += 61
    commit(engine, put=(ballast(1, 10),))
    assert len(engine._storage._open) == before


def test_log_is_truncated_once_a_long_read_ends(engine, log, monkeypatch):
    monkeypatch.setattr(database, "_READERS_SECONDS", 0.01)
    with engine._storage.snapshot():
        for number in range(1, 41):
            commit(engine, put=(ballast(number, 1_000_000),))
        assert log() > database.LONGEST_LOG_BYTES
    for number in range(41, 44):
        commit(engine, put=(ballast(number, 1_000_000),))
    assert log() <= database._LOG_BYTES


def test_log_is_truncated_under_constant_reads(engine, log, monkeypatch):
    monkeypatch.setattr(database, "_READERS_SECONDS", DEADLINE)  # so that the reader's turn comes on any machine
    over = threading.Event()

    def read_without_a_gap() -> None:
        snapshot = engine._storage.open_snapshot()
        while not over.is_set():
            # Long enough for a commit to come in between.
            over.wait(0.02)
            following = engine._storage.open_snapshot()
            engine._storage.close_snapshot(snapshot)
            snapshot = following
        engine._storage.close_snapshot(snapshot)

    reader = threading.Thread(target=read_without_a_gap)
    reader.start()
    largest = 0
    for number in range(1, 71):
        commit(engine, put=(ballast(number, 1_000_000),))
        largest = max(largest, log())
    over.set()
    reader.join()
    assert largest < database.LONGEST_LOG_BYTES + 5_000_000
