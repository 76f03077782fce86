"""A transaction's commit repeats its reads: it is aborted if a result has changed, and only then."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine
from datastore_emulator.errors import DatastoreError
from tests.datastore.unit.stored import make_request, put

Read = Callable[[Engine, bytes], object]


def query(text: str, *, analyze: bool = False) -> Read:
    request = make_request(text)
    if analyze:
        request.explain_options.analyze = True

    def read(engine: Engine, transaction: bytes) -> object:
        request.read_options.transaction = transaction
        return engine.run_query(request)

    return read


def aggregate(text: str, *, analyze: bool = False) -> Read:
    request = m.RunAggregationQueryRequest(project_id="demo")
    request.gql_query.query_string = text
    request.gql_query.allow_literals = True
    if analyze:
        request.explain_options.analyze = True

    def read(engine: Engine, transaction: bytes) -> object:
        request.read_options.transaction = transaction
        return engine.run_aggregation_query(request)

    return read


def lookup(number: int) -> Read:
    def read(engine: Engine, transaction: bytes) -> object:
        request = m.LookupRequest(project_id="demo")
        request.read_options.transaction = transaction
        request.keys.add().path.add(kind="K", id=number)
        return engine.lookup(request)

    return read


READS = {
    "an entity": lookup(1),
    "an entity that is missing": lookup(3),
    "a query": query("SELECT * FROM K"),
    "a query for keys": query("SELECT __key__ FROM K WHERE n > 0"),
    "an explained query": query("SELECT * FROM K WHERE n > 0", analyze=True),
    "a count": aggregate("SELECT COUNT(*) FROM K WHERE n > 0"),
    "an explained sum": aggregate("SELECT SUM(n) FROM K", analyze=True),
}
reads = pytest.mark.parametrize("read", READS.values(), ids=READS)


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        put(engine, "K", {1: {"n": 1}, 2: {"n": 2}})
        yield engine


def begin(engine: Engine) -> bytes:
    return engine.begin_transaction(m.BeginTransactionRequest(project_id="demo")).transaction


def commit(engine: Engine, transaction: bytes) -> None:
    request = m.CommitRequest(project_id="demo", mode=m.CommitRequest.TRANSACTIONAL, transaction=transaction)
    request.mutations.add().upsert.key.path.add(kind="Mine", id=1)
    engine.commit(request)


def change(engine: Engine, kind: str) -> None:
    """Change entities of a kind in another transaction, which waits for nobody."""
    transaction = begin(engine)
    request = m.CommitRequest(project_id="demo", mode=m.CommitRequest.TRANSACTIONAL, transaction=transaction)
    for number, value in ((1, 5), (3, 3)):
        entity = request.mutations.add().upsert
        entity.key.path.add(kind=kind, id=number)
        entity.properties["n"].integer_value = value
    engine.commit(request)


@reads
def test_transaction_is_aborted_if_what_it_read_has_changed(engine, read):
    transaction = begin(engine)
    read(engine, transaction)
    change(engine, "K")
    with pytest.raises(DatastoreError, match="ABORTED"):
        commit(engine, transaction)


@reads
def test_transaction_commits_if_only_other_entities_have_changed(engine, read):
    transaction = begin(engine)
    read(engine, transaction)
    change(engine, "Other")
    commit(engine, transaction)


@reads
def test_transaction_that_writes_nothing_commits_whatever_has_changed(engine, read):
    transaction = begin(engine)
    read(engine, transaction)
    change(engine, "K")
    engine.commit(m.CommitRequest(project_id="demo", mode=m.CommitRequest.TRANSACTIONAL, transaction=transaction))
