"""A request that breaks off is never acted upon, wherever it breaks."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import grpc
import pytest

from datastore_emulator import messages as m
from tests.localcloud.listeners.listening import DEADLINE, Listening, holds

pytestmark = pytest.mark.usefixtures("quiet")


def test_a_whole_request_is_acted_upon(listening: Listening) -> None:
    for name, data in listening.requests.items():
        del listening.acted[:]
        listening.exchange(data)
        assert len(listening.acted) == 1, name


def test_a_request_cut_at_any_byte_is_not_acted_upon(listening: Listening) -> None:
    del listening.acted[:]
    for name, data in listening.requests.items():
        for length in range(len(data)):
            listening.exchange(data[:length])
            assert listening.acted == [], (name, data[:length])


def test_a_commit_whose_client_resets_the_connection_is_not_acted_upon(rest: Listening) -> None:
    del rest.acted[:]
    data = rest.requests["commit"]
    for length in range(data.index(b"\r\n\r\n"), len(data)):
        with rest.connect() as connection:
            connection.sendall(data[:length])
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    rest.exchange(data)  # answered after all of them
    assert rest.acted == ["Datastore Commit"]


@pytest.mark.parametrize("size", [b"zz", b"-1", b"+5", b"5 5", b"fffffffffffffffffffff", b"", b"\xb2"])
def test_a_body_with_a_broken_chunk_is_not_acted_upon(listening: Listening, size: bytes) -> None:
    del listening.acted[:]
    for name, data in listening.requests.items():
        if name.startswith("chunked"):
            head, _, body = data.partition(b"\r\n\r\n")
            _, _, rest = body.partition(b"\r\n")
            answer = listening.exchange(head + b"\r\n\r\n" + size + b"\r\n" + rest)
            assert answer.startswith(b"HTTP/1.1 400 "), name
    assert listening.acted == []


@pytest.fixture
def recorded(rest: Listening) -> bytes:
    """What a gRPC client sends for one commit, up to the last byte of the call."""
    sent = bytearray()
    with relay(rest.port, sent) as port, grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        commit = m.CommitRequest(project_id="demo", mode="NON_TRANSACTIONAL")
        commit.mutations.add().insert.key.path.add(kind="Thing")
        channel.unary_unary("/google.datastore.v1.Datastore/Commit")(commit.SerializeToString(), timeout=DEADLINE)
    # Frames: https://www.rfc-editor.org/rfc/rfc9113#section-4.1. The call ends with a DATA frame that ends its stream.
    position = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    while True:
        length = int.from_bytes(sent[position : position + 3], "big")
        kind, flags = sent[position + 3 : position + 5]
        position += 9 + length
        if kind == 0 and flags & 1:
            return bytes(sent[:position])


def test_a_grpc_call_cut_at_any_byte_is_not_acted_upon(rest: Listening, recorded: bytes) -> None:
    del rest.acted[:]
    with rest.connect() as connection:
        connection.sendall(recorded)
        assert holds(lambda: rest.acted == ["Datastore Commit"])
    del rest.acted[:]
    for length in range(len(recorded)):
        rest.exchange(recorded[:length])
        assert rest.acted == [], recorded[:length]


@contextlib.contextmanager
def relay(port: int, sent: bytearray) -> Iterator[int]:
    """Pass one connection on to a port and keep what its client sends; yield the relay's own port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(DEADLINE)

        def pump(source: socket.socket, target: socket.socket, keep: bytearray) -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(1 << 16):
                    keep += data
                    target.sendall(data)
            with contextlib.suppress(OSError):
                target.shutdown(socket.SHUT_RDWR)

        def serve() -> None:
            client, _ = listener.accept()
            with client, socket.create_connection(("127.0.0.1", port)) as behind:
                back = threading.Thread(target=pump, args=(behind, client, bytearray()))
                back.start()
                pump(client, behind, sent)
                back.join()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(DEADLINE)
