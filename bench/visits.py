"""The calls that are measured, made through Google's own clients: the course's Visit, and the queries of its apps."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import grpc
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import datastore, ndb
from google.cloud.datastore_v1.services.datastore.transports.grpc import DatastoreGrpcTransport

from bench.stores import PROJECT
from datastore_emulator import messages as m

# One visit in a hundred is this visitor's: ten matches at a thousand visits, ten thousand at a million.
VISITORS = 100
VISITOR = "10.0.0.7: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
_BATCH = 500
# As ndb sets it itself for an emulator.
_UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


class Visit(ndb.Model):
    """The course's Visit; `visitor` is indexed here, for the equality filter."""

    visitor = ndb.StringProperty()
    timestamp = ndb.DateTimeProperty(auto_now_add=True)


def visitor(number: int) -> str:
    """Return the visitor of the visit with this number."""
    return VISITOR.replace("0.7", f"0.{number % VISITORS}", 1)


class Client:
    """Google's clients of one Datastore, with no cache between; used within `connected()`."""

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address)
        self._ndb = ndb.Client(project=PROJECT, credentials=AnonymousCredentials())
        self._ndb.stub = DatastoreGrpcTransport(host=address, channel=grpc.insecure_channel(address, _UNLIMITED))
        # With this variable set, the client brings these credentials itself and refuses to be given any.
        credentials = None if "DATASTORE_EMULATOR_HOST" in os.environ else AnonymousCredentials()
        self._datastore = datastore.Client(project=PROJECT, credentials=credentials)
        self._datastore.base_url = f"http://{address}"
        newest = m.RunQueryRequest(project_id=PROJECT)
        newest.query.kind.add(name="Visit")
        newest.query.order.add(direction=2).property.name = "timestamp"
        newest.query.limit.value = 10
        self._newest = newest.SerializeToString()
        self._run_query = self._channel.unary_unary("/google.datastore.v1.Datastore/RunQuery")
        self._put = self._channel.unary_unary(
            "/google.datastore.v1.Datastore/Commit", response_deserializer=m.CommitResponse.FromString
        )

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Make this thread's ndb calls go to this Datastore for the length of a `with` block."""
        with self._ndb.context(cache_policy=False):
            yield

    def _within(self, call: Callable[[], object]) -> Callable[[], object]:
        def run() -> object:
            with self.connected():
                return call()

        return run

    def calls(self) -> dict[str, Callable[[], object]]:
        """Return the measured calls by their names on the page."""
        of_visitor = Visit.visitor == VISITOR
        return {
            "newest 10": self._within(lambda: self._ten(Visit.query().order(-Visit.timestamp))),
            "put": self._within(lambda: Visit(visitor=VISITOR).put()),
            "equality filter, 10": self._within(lambda: self._ten(Visit.query(of_visitor))),
            "equality filter, newest 10": self._within(
                lambda: self._ten(Visit.query(of_visitor).order(-Visit.timestamp))
            ),
        }

    @staticmethod
    def _ten(query: ndb.Query) -> None:
        found = query.fetch(10)
        assert len(found) == 10, f"expected 10 visits, found {len(found)}"

    def newest_rpc(self) -> bytes:
        """Ask for the ten newest by the RPC alone: no client library, and the answer is not decoded."""
        answer: bytes = self._run_query(self._newest)
        return answer

    def count(self) -> int | None:
        """Count the visits by aggregation; None if the Datastore refuses."""
        query = self._datastore.aggregation_query(self._datastore.query(kind="Visit")).count()
        try:
            return int(next(iter(next(iter(query.fetch())))).value)
        except (exceptions.GoogleAPICallError, NotImplementedError):
            return None

    def load(self, start: int, stop: int) -> float:
        """Put the visits with these numbers by put_multi; return the seconds it took."""
        begun = time.perf_counter()
        with self.connected():
            for first in range(start, stop, _BATCH):
                last = min(first + _BATCH, stop)
                ndb.put_multi([Visit(visitor=visitor(number)) for number in range(first, last)])
        return time.perf_counter() - begun

    def load_by_rpc(self, start: int, stop: int) -> float:
        """Put the visits by the RPC alone, as fast as one caller can; return the seconds it took."""
        begun = time.perf_counter()
        for first in range(start, stop, _BATCH):
            request = m.CommitRequest(project_id=PROJECT, mode=2)
            for number in range(first, min(first + _BATCH, stop)):
                entity = request.mutations.add().upsert
                entity.key.partition_id.project_id = PROJECT
                entity.key.path.add(kind="Visit")
                entity.properties["visitor"].string_value = visitor(number)
                entity.properties["timestamp"].timestamp_value.FromMicroseconds(time.time_ns() // 1000)
            self._put(request.SerializeToString())
        return time.perf_counter() - begun


def visits_per_second(address: str, clients: int, visits: int) -> float:
    """Run this many clients, each a process, that store a visit and fetch the newest ten, `visits` times in all."""
    context = multiprocessing.get_context("spawn")
    ready, go = context.Barrier(clients + 1), context.Barrier(clients + 1)
    errors = context.Queue()
    processes = [
        context.Process(target=_visit, args=(address, visits // clients, ready, go, errors), daemon=True)
        for _ in range(clients)
    ]
    for process in processes:
        process.start()
    ready.wait(60)
    begun = time.perf_counter()
    go.wait(60)
    failures = list(itertools.chain.from_iterable(errors.get(timeout=300) for _ in processes))
    taken = time.perf_counter() - begun
    for process in processes:
        process.join()
    if failures:
        raise RuntimeError(f"{len(failures)} of {visits} visits failed, the first with: {failures[0]}")
    return visits // clients * clients / taken


def _visit(address: str, visits: int, ready, go, errors) -> None:  # type: ignore[no-untyped-def]
    client = Client(address)
    calls = client.calls()
    failures = []
    calls["newest 10"]()
    ready.wait()
    go.wait()
    for _ in range(visits):
        try:
            calls["put"]()
            calls["newest 10"]()
        except Exception as error:
            failures.append(f"{type(error).__name__}: {error}")
    errors.put(failures)
