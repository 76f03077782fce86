"""Many clients at once on the same few entities: some order of their transactions must explain what they saw."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.api_core import exceptions
from google.cloud import datastore

from datastore_emulator.api.grpc_server import DatastoreServer
from tests.datastore.broken_engines import IgnoresConflicts
from tests.datastore.histories import Committed, Lists, anomaly

CLIENTS = 8
TRANSACTIONS = 25  # of each client
KEYS = ("a", "b", "c", "d")
ATTEMPTS = 300


class Visitor:
    """A client that runs random transactions, and tries each again until it is committed."""

    def __init__(self, name: str, client: datastore.Client, seed: int) -> None:
        self.history: list[Committed] = []
        self.aborted = 0
        self._name = name
        self._client = client
        self._random = random.Random(seed)

    def run(self) -> None:
        for number in range(TRANSACTIONS):
            self._run_one(f"{self._name}{number}")

    def _run_one(self, name: str) -> None:
        keys = self._random.sample(KEYS, self._random.randint(1, 3))
        by_query = self._random.random() < 0.3
        # Half of the writers write less than they read: that is where snapshots alone are not enough.
        appended = frozenset(keys[: self._random.randint(0, 2)])
        begun = time.monotonic()
        for _ in range(ATTEMPTS):
            try:
                read = self._attempt(name, keys, appended, by_query)
            except exceptions.Aborted:
                self.aborted += 1
            else:
                self.history.append(Committed(name, begun, time.monotonic(), read, appended))
                return
        pytest.fail(f"{name} was aborted {ATTEMPTS} times")

    def _attempt(self, name: str, keys: list[str], appended: frozenset[str], by_query: bool) -> Lists:
        with self._client.transaction(read_only=not appended) as transaction:
            read = self._read_by_query() if by_query else self._read_by_key(keys)
            for key in appended:
                entity = datastore.Entity(self._client.key("List", key), exclude_from_indexes=("names",))
                entity["names"] = [*read[key], name]
                transaction.put(entity)
        return read

    def _read_by_key(self, keys: list[str]) -> dict[str, tuple[str, ...]]:
        found = self._client.get_multi([self._client.key("List", key) for key in keys])
        lists = {entity.key.name: tuple(entity["names"]) for entity in found}
        return {key: lists.get(key, ()) for key in keys}

    def _read_by_query(self) -> dict[str, tuple[str, ...]]:
        lists = {entity.key.name: tuple(entity["names"]) for entity in self._client.query(kind="List").fetch()}
        return {key: lists.get(key, ()) for key in KEYS}


def run_clients(connect: Callable[[], datastore.Client]) -> tuple[list[Committed], Lists, int]:
    """Return the transactions that were committed, what they left, and how many attempts were aborted."""
    visitors = [Visitor(chr(ord("A") + number), connect(), seed=number) for number in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        for future in [pool.submit(visitor.run) for visitor in visitors]:
            future.result()
    final = {entity.key.name: tuple(entity["names"]) for entity in connect().query(kind="List").fetch()}
    history = [transaction for visitor in visitors for transaction in visitor.history]
    return history, {key: final.get(key, ()) for key in KEYS}, sum(visitor.aborted for visitor in visitors)


def test_transactions_of_many_clients_have_an_order_and_each_wins_in_the_end(connect):
    history, final, aborted = run_clients(connect)
    assert anomaly(history, final) is None
    assert len(history) == CLIENTS * TRANSACTIONS
    assert aborted, "nothing collided, so nothing was shown"


@pytest.fixture
def connect_to_broken(connect: Callable[..., datastore.Client]) -> Iterator[Callable[[], datastore.Client]]:
    """Make clients of an engine that ignores conflicts."""
    with IgnoresConflicts() as engine:
        server = DatastoreServer(engine)
        server.start()
        yield lambda: connect(server.address)
        server.stop()


def test_engine_that_ignores_conflicts_loses_updates(connect_to_broken):
    history, final, aborted = run_clients(connect_to_broken)
    assert len(history) == CLIENTS * TRANSACTIONS
    assert not aborted
    assert "expected appends of" in anomaly(history, final)


def _committed(name: str, read: Lists, *appended: str, begun: float = 0, ended: float = 9) -> Committed:
    return Committed(name, begun, ended, read, frozenset(appended))


@pytest.mark.parametrize(
    ("history", "final", "words"),
    [
        pytest.param(
            [_committed("A", {"a": ()}, "a"), _committed("B", {"a": ()}, "a")],
            {"a": ("B",), "b": ()},
            "expected appends of",
            id="lost update",
        ),
        pytest.param(
            [_committed("A", {"a": (), "b": ()}, "a"), _committed("B", {"a": (), "b": ()}, "b")],
            {"a": ("A",), "b": ("B",)},
            "a circle",
            id="write skew",
        ),
        pytest.param(
            [_committed("A", {"a": (), "b": ()}, "a", "b"), _committed("B", {"a": ("A",), "b": ()})],
            {"a": ("A",), "b": ("A",)},
            "a circle",
            id="half a commit",
        ),
        pytest.param(
            [_committed("A", {"a": ("X",)})],
            {"a": (), "b": ()},
            "A read",
            id="dirty read",
        ),
        pytest.param(
            [_committed("A", {"a": ()}, "a", ended=1), _committed("B", {"a": ()}, begun=2)],
            {"a": ("A",), "b": ()},
            "a circle",
            id="stale read",
        ),
    ],
)
def test_the_checker_finds(history, final, words):
    assert words in (anomaly(history, final) or "")


def test_the_checker_accepts_what_ran_one_after_another():
    history = [
        _committed("A", {"a": (), "b": ()}, "a", begun=0, ended=1),
        _committed("B", {"a": ("A",), "b": ()}, "a", "b", begun=2, ended=3),
        _committed("C", {"a": ("A", "B"), "b": ("B",)}, begun=4, ended=5),
    ]
    assert anomaly(history, {"a": ("A", "B"), "b": ("B",)}) is None
