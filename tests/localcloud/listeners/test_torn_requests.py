"""A request that breaks off has no effect, wherever it breaks."""

from __future__ import annotations

import socket

import grpc
import pytest

from datastore_emulator import messages as m
from tests.localcloud.listeners.listening import Listening, holds
from tests.support.deadline import DEADLINE
from tests.support.relays import RecordingRelay

pytestmark = pytest.mark.usefixtures("quiet")


def test_whole_request_has_its_effect(listening: Listening) -> None:
    for name, data in listening.requests.items():
        del listening.acted[:]
        listening.exchange(data)
        assert len(listening.acted) == 1, name


def test_request_cut_at_any_byte_has_no_effect(listening: Listening) -> None:
    del listening.acted[:]
    for name, data in listening.requests.items():
        for length in range(len(data)):
            listening.exchange(data[:length])
            assert listening.acted == [], (name, data[:length])


def test_commit_of_reset_connection_has_no_effect(rest: Listening) -> None:
    del rest.acted[:]
    data = rest.requests["commit"]
    for length in range(data.index(b"\r\n\r\n"), len(data)):
        with rest.connect() as connection:
            connection.sendall(data[:length])
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    rest.exchange(data)  # answered after all of them
    assert rest.acted == ["Datastore Commit"]


@pytest.mark.parametrize("size", [b"zz", b"-1", b"+5", b"5 5", b"fffffffffffffffffffff", b"", b"\xb2"])
def test_body_with_broken_chunk_is_refused_and_has_no_effect(listening: Listening, size: bytes) -> None:
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
    """The bytes that a gRPC client sends for one commit, up to the last one of the call."""
    relay = RecordingRelay(("127.0.0.1", rest.port))
    relay.start()
    with grpc.insecure_channel(relay.address) as channel:
        commit = m.CommitRequest(project_id="demo", mode="NON_TRANSACTIONAL")
        commit.mutations.add().insert.key.path.add(kind="Thing")
        channel.unary_unary("/google.datastore.v1.Datastore/Commit")(commit.SerializeToString(), timeout=DEADLINE)
    relay.stop()
    sent = relay.sent
    # Frames: https://www.rfc-editor.org/rfc/rfc9113#section-4.1. The call ends with a DATA frame that ends its stream.
    position = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    while True:
        length = int.from_bytes(sent[position : position + 3], "big")
        kind, flags = sent[position + 3 : position + 5]
        position += 9 + length
        if kind == 0 and flags & 1:
            return bytes(sent[:position])


def test_grpc_call_cut_at_any_byte_has_no_effect(rest: Listening, recorded: bytes) -> None:
    del rest.acted[:]
    with rest.connect() as connection:
        connection.sendall(recorded)
        assert holds(lambda: rest.acted == ["Datastore Commit"])
    del rest.acted[:]
    for length in range(len(recorded)):
        rest.exchange(recorded[:length])
        assert rest.acted == [], recorded[:length]
