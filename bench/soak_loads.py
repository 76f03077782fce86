"""The load of the soak: the work of apps, clients that are killed, and random bytes."""

from __future__ import annotations

import random
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException

import grpc

from datastore_emulator import messages as m
from datastore_emulator.api.interface import RPCS, SERVICE
from datastore_emulator.api.remote import RemoteDatastore
from datastore_emulator.errors import DatastoreError

PROJECT = "demo"
VISITORS = 64
_COUNTERS = 20
_KEPT_NAMES = 5_000
_PATIENCE_SECONDS = 20

# A client that does nothing but put, to be killed.
_VICTIM = """
import itertools, os, sys
from datastore_emulator import messages as m
from datastore_emulator.api.remote import RemoteDatastore
with RemoteDatastore(sys.argv[1]) as store:
    for number in itertools.count():
        request = m.CommitRequest(project_id="demo", mode=2)
        entity = request.mutations.add().upsert
        entity.key.path.add(kind="Victim", name=f"{number % 1000}")
        entity.properties["data"].blob_value = os.urandom(1000)
        entity.properties["data"].exclude_from_indexes = True
        begun = store.begin_transaction(m.BeginTransactionRequest(project_id="demo")).transaction
        lookup = m.LookupRequest(project_id="demo", keys=[entity.key])
        lookup.read_options.transaction = begun
        store.lookup(lookup)
        store.commit(request) if number % 2 else None
        print(number, flush=True)
"""


class Loads:
    """All loads, each on a thread of its own until stop(). `answers` counts what came back, by listener and kind."""

    def __init__(self, places: dict[str, str], seed: int) -> None:
        self.places = places
        self.answers: Counter[tuple[str, str]] = Counter()
        self.acknowledged = 0
        self.problems: list[str] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._seed = seed
        loads: list[tuple[str, Callable[[random.Random], None]]] = [
            ("putter", self._put_names),
            ("big putter", self._put_large),
            *(("counter", self._count) for _ in range(3)),
            ("abandoner", self._abandon),
            ("killer", self._kill_clients),
            *(("visitor", self._visit) for _ in range(VISITORS)),
            ("gRPC fuzzer", self._fuzz_grpc),
        ]
        for name in places:
            if name != "Datastore gRPC":
                loads.append((name, lambda chance, name=name: self._fuzz_http(name, chance)))  # type: ignore[misc]
        self._threads = [
            threading.Thread(target=self._run, args=(name, load, number), daemon=True)
            for number, (name, load) in enumerate(loads)
        ]

    def start(self) -> None:
        """Start every load."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End every load, and return when all have ended."""
        self._over.set()
        for thread in self._threads:
            thread.join(_PATIENCE_SECONDS * 2)
            if thread.is_alive():
                self.problems.append(f"{thread.name} did not end: a call hangs")

    def counted(self) -> int:
        """Return what the counters in the store add up to."""
        with RemoteDatastore(self.places["Datastore gRPC"]) as store:
            keys = [_key("Counter", str(number)) for number in range(_COUNTERS)]
            found = store.lookup(m.LookupRequest(project_id=PROJECT, keys=keys)).found
        return sum(result.entity.properties["count"].integer_value for result in found)

    def _run(self, name: str, load: Callable[[random.Random], None], number: int) -> None:
        threading.current_thread().name = name
        try:
            load(random.Random(self._seed + number))
        except Exception as error:
            self.problems.append(f"{name} ended: {error!r}")

    def _note(self, listener: str, kind: str) -> None:
        with self._lock:
            self.answers[listener, kind] += 1

    def _call(self, call: Callable[[], object]) -> bool:
        try:
            call()
        except DatastoreError as error:
            self._note("Datastore gRPC", error.code.name)
            return False
        self._note("Datastore gRPC", "OK")
        return True

    def _put_names(self, chance: random.Random) -> None:
        """Put entities with names that were never used before, some of a new kind, and delete them in time."""
        names: deque[tuple[str, str]] = deque()
        with RemoteDatastore(self.places["Datastore gRPC"]) as store:
            while not self._over.wait(0.002):
                kind = f"Kind{chance.getrandbits(40)}" if chance.random() < 0.1 else "Named"
                names.append((kind, f"name{chance.getrandbits(60)}"))
                request = m.CommitRequest(project_id=PROJECT, mode=2)
                request.mutations.add().upsert.CopyFrom(_entity(*names[-1], number=len(names)))
                if len(names) > _KEPT_NAMES:
                    request.mutations.add(delete=_key(*names.popleft()))
                self._call(lambda request=request: store.commit(request))  # type: ignore[misc]

    def _put_large(self, chance: random.Random) -> None:
        """Replace a few entities of some hundred kilobytes."""
        with RemoteDatastore(self.places["Datastore gRPC"]) as store:
            while not self._over.wait(0.1):
                entity = _entity("Large", str(chance.randrange(20)), number=0)
                entity.properties["data"].blob_value = chance.randbytes(chance.randrange(500_000))
                entity.properties["data"].exclude_from_indexes = True
                request = m.CommitRequest(project_id=PROJECT, mode=2)
                request.mutations.add().upsert.CopyFrom(entity)
                self._call(lambda request=request: store.commit(request))  # type: ignore[misc]

    def _count(self, chance: random.Random) -> None:
        """Increment counters in transactions that collide."""
        with RemoteDatastore(self.places["Datastore gRPC"]) as store:
            while not self._over.wait(0.01):
                if self._call(lambda: _increment(store, str(chance.randrange(_COUNTERS)))):
                    with self._lock:
                        self.acknowledged += 1

    def _abandon(self, chance: random.Random) -> None:
        """Begin transactions, read in them, and go away."""
        while not self._over.wait(1):
            with RemoteDatastore(self.places["Datastore gRPC"]) as store:
                self._call(lambda: _read_twice(store, chance.choice(["Named", "Large", "Visit"])))

    def _kill_clients(self, chance: random.Random) -> None:
        while not self._over.is_set():
            command = [sys.executable, "-c", _VICTIM, self.places["Datastore gRPC"]]
            victim = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self._over.wait(chance.uniform(1, 10))
            victim.send_signal(signal.SIGKILL)
            victim.communicate()

    def _visit(self, chance: random.Random) -> None:
        """Visit the app's page each second, on one connection."""
        host, port = self.places["front end"].split(":")
        connection = HTTPConnection(host, int(port), timeout=_PATIENCE_SECONDS)
        while not self._over.wait(chance.uniform(0.5, 1.5)):
            try:
                connection.request("GET", "/", headers={"User-Agent": "soak"})
                answer = connection.getresponse()
                answer.read()
                self._note("app's page", str(answer.status))
            except (OSError, HTTPException) as error:
                self._note("app's page", type(error).__name__)
                connection.close()

    def _fuzz_grpc(self, chance: random.Random) -> None:
        requests = [request(project_id=PROJECT).SerializeToString() for _, _, request, _ in RPCS]
        requests += [_commit_of_everything(), _query_of_everything()]
        with grpc.insecure_channel(self.places["Datastore gRPC"]) as channel:
            while not self._over.wait(0.02):
                rpc = chance.choice(RPCS)[1]
                data = _damage(chance, chance.choice(requests))
                try:
                    channel.unary_unary(f"/{SERVICE}/{rpc}")(data, timeout=_PATIENCE_SECONDS)
                    self._note("Datastore gRPC, fuzzed", "OK")
                except grpc.RpcError as error:
                    self._note("Datastore gRPC, fuzzed", error.code().name)

    def _fuzz_http(self, name: str, chance: random.Random) -> None:
        host, port = self.places[name].split(":")
        while not self._over.wait(0.05):
            try:
                with socket.create_connection((host, int(port)), timeout=_PATIENCE_SECONDS) as connection:
                    connection.sendall(_damage(chance, chance.choice(_REQUESTS)))
                    connection.shutdown(socket.SHUT_WR)
                    status = connection.recv(4096).split(b" ", 2)
                kind = status[1].decode("latin-1")[:3] if len(status) > 1 and status[1][:3].isdigit() else "closed"
            except OSError as error:
                kind = type(error).__name__
            self._note(f"{name}, fuzzed", kind)


def _key(kind: str, name: str) -> m.Key:
    key = m.Key()
    key.path.add(kind=kind, name=name)
    return key


def _entity(kind: str, name: str, number: int) -> m.Entity:
    entity = m.Entity(key=_key(kind, name))
    entity.properties["number"].integer_value = number
    return entity


def _read_twice(store: RemoteDatastore, kind: str) -> None:
    """Begin a transaction, read in it, and read again what others may have changed by then."""
    request = m.RunQueryRequest(project_id=PROJECT)
    request.query.kind.add(name=kind)
    request.query.limit.value = 10
    begun = store.begin_transaction(m.BeginTransactionRequest(project_id=PROJECT)).transaction
    request.read_options.transaction = begun
    for _ in range(2):
        store.run_query(request)


def _increment(store: RemoteDatastore, name: str) -> None:
    begun = store.begin_transaction(m.BeginTransactionRequest(project_id=PROJECT)).transaction
    lookup = m.LookupRequest(project_id=PROJECT, keys=[_key("Counter", name)])
    lookup.read_options.transaction = begun
    found = store.lookup(lookup).found
    entity = m.Entity(key=_key("Counter", name))
    entity.properties["count"].integer_value = 1 + (found[0].entity.properties["count"].integer_value if found else 0)
    request = m.CommitRequest(project_id=PROJECT, mode=1, transaction=begun)
    request.mutations.add().upsert.CopyFrom(entity)
    store.commit(request)


def _commit_of_everything() -> bytes:
    request = m.CommitRequest(project_id=PROJECT, mode=2)
    mutation = request.mutations.add()
    mutation.upsert.CopyFrom(_entity("Fuzz", "x", 1))
    for name, value in (
        ("text", m.Value(string_value="x")),
        ("time", m.Value(timestamp_value={"seconds": 1})),
        ("place", m.Value(geo_point_value={"latitude": 1, "longitude": 1})),
        ("list", m.Value(array_value={"values": [m.Value(double_value=1)]})),
        ("key", m.Value(key_value=_key("Fuzz", "y"))),
    ):
        mutation.upsert.properties[name].CopyFrom(value)
    mutation.update_time.seconds = 1
    return bytes(request.SerializeToString())


def _query_of_everything() -> bytes:
    request = m.RunQueryRequest(project_id=PROJECT)
    query = request.query
    query.kind.add(name="Fuzz")
    query.limit.value = 5
    query.start_cursor = b"\1abcd"
    query.order.add().property.name = "text"
    composite = query.filter.composite_filter
    composite.op = 1
    one = composite.filters.add().property_filter
    one.property.name = "text"
    one.op = 4
    one.value.string_value = "x"
    return bytes(request.SerializeToString())


def _post(path: str, kind: str, body: bytes) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


_REQUESTS = [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"HEAD /?a=%41 HTTP/1.1\r\nHost: localhost:8080\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n",
    b"GET /static/../x HTTP/1.0\r\nCookie: a=b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    _post("/v1/projects/demo:commit", "application/x-protobuf", _commit_of_everything()),
    _post("/v1/projects/demo:runQuery", "application/json", b'{"query": {"kind": [{"name": "Fuzz"}], "limit": 5}}'),
    _post("/rpc_http", "application/octet-stream", b"\x12\x0cdatastore_v3\x1a\x03Get\x22\x00"),
]


def _damage(chance: random.Random, data: bytes) -> bytes:
    """Return the bytes cut, with some changed, left out or repeated."""
    damaged = bytearray(data)
    for _ in range(chance.choice([0, 1, 1, 2, 4, 16])):
        at = chance.randrange(len(damaged) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            damaged[at : at + 1] = bytes((chance.randrange(256),))
        elif kind == 1:
            damaged[at:at] = chance.randbytes(chance.choice([1, 2, 100]))
        elif kind == 2:
            del damaged[at : at + chance.randrange(20)]
        else:
            damaged[at:at] = damaged[max(0, at - 20) : at] * chance.choice([1, 50])
    if chance.random() < 0.1:
        del damaged[chance.randrange(len(damaged) + 1) :]
    return bytes(damaged)
