"""Requests that the engine refuses before it reads or writes anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from datastore_emulator import messages as m
from datastore_emulator.engine import Engine
from datastore_emulator.errors import DatastoreError
from tests.datastore.unit.stored import make_request, put

NON_TRANSACTIONAL, TRANSACTIONAL = m.CommitRequest.NON_TRANSACTIONAL, m.CommitRequest.TRANSACTIONAL


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with Engine() as engine:
        put(engine, "K", {1: {"n": 1}})
        yield engine


def explain(text: str) -> m.RunQueryRequest:
    request = make_request(text)
    request.explain_options.SetInParent()
    return request


def count(text: str) -> m.RunAggregationQueryRequest:
    request = m.RunAggregationQueryRequest(project_id="demo")
    request.gql_query.query_string = text
    return request


def look_up(number: int) -> m.LookupRequest:
    request = m.LookupRequest(project_id="demo")
    for one in range(1, number + 1):
        request.keys.add().path.add(kind="K", id=one)
    return request


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda e: e.commit(m.CommitRequest(mode=NON_TRANSACTIONAL)), "missing project id in header"),
        (lambda e: e.lookup(m.LookupRequest()), "missing project id in header"),
        (lambda e: e.begin_transaction(m.BeginTransactionRequest()), "missing project id in header"),
        (lambda e: e.rollback(m.RollbackRequest(project_id="demo", transaction=b"no")), "Invalid transaction."),
        (lambda e: e.lookup(look_up(1001)), "cannot get more than 1000 keys"),
        (lambda e: e.run_query(m.RunQueryRequest(project_id="demo")), "must be set"),
        (lambda e: e.run_aggregation_query(m.RunAggregationQueryRequest(project_id="demo")), "must be set"),
        (lambda e: e.run_query(explain("SELECT * FROM __kind__")), "Explain of a metadata query is not implemented"),
        (lambda e: e.run_query(make_request("SELECT n FROM __kind__")), "Projection in a metadata query is not"),
        (lambda e: e.run_query(make_request("SELECT DISTINCT ON (n) * FROM __kind__")), "Projection in a metadata"),
        (lambda e: e.run_query(make_request("SELECT * FROM __kind__ ORDER BY n")), "can only be filtered and ordered"),
        (lambda e: e.run_query(make_request("SELECT * FROM __kind__ WHERE n = 1")), "can only be filtered and ordered"),
        (
            lambda e: e.run_aggregation_query(count("SELECT COUNT(*) FROM __kind__")),
            "Aggregation over a metadata query is not implemented",
        ),
    ],
)
def test_request_is_refused_with_its_reason(engine, call: Callable[[Engine], object], message):
    with pytest.raises(DatastoreError) as caught:
        call(engine)
    assert message in caught.value.message


def test_a_thousand_keys_are_looked_up_at_once(engine):
    response = engine.lookup(look_up(1000))
    assert (len(response.found), len(response.missing)) == (1, 999)
