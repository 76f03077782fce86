"""A Datastore that forwards each RPC to another emulator, as for `localcloud run --datastore HOST:PORT`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import grpc

from datastore_emulator import messages as m
from datastore_emulator.api.interface import RPCS, SERVICE
from datastore_emulator.errors import DatastoreError

_DEADLINE_SECONDS = 60.0
_Response = TypeVar("_Response")


class RemoteDatastore(AbstractContextManager["RemoteDatastore"]):
    """A Datastore at `host_port`: each RPC is forwarded over gRPC without TLS, and fails with the server's error.

    Nothing is sent before the first RPC. If no server listens, an RPC fails with UNAVAILABLE.
    """

    def __init__(self, host_port: str) -> None:
        self._channel = grpc.insecure_channel(host_port, options=[("grpc.max_receive_message_length", -1)])
        self._calls: dict[str, Callable[..., Any]] = {
            method: self._channel.unary_unary(
                f"/{SERVICE}/{rpc}",
                request_serializer=request.SerializeToString,
                response_deserializer=response.FromString,
            )
            for method, rpc, request, response in RPCS
        }

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the channel; calls in progress are cancelled."""
        self._channel.close()

    def lookup(self, request: m.LookupRequest) -> m.LookupResponse:
        """Forward Lookup."""
        return self._forward("lookup", request, m.LookupResponse)

    def run_query(self, request: m.RunQueryRequest) -> m.RunQueryResponse:
        """Forward RunQuery."""
        return self._forward("run_query", request, m.RunQueryResponse)

    def run_aggregation_query(self, request: m.RunAggregationQueryRequest) -> m.RunAggregationQueryResponse:
        """Forward RunAggregationQuery."""
        return self._forward("run_aggregation_query", request, m.RunAggregationQueryResponse)

    def begin_transaction(self, request: m.BeginTransactionRequest) -> m.BeginTransactionResponse:
        """Forward BeginTransaction."""
        return self._forward("begin_transaction", request, m.BeginTransactionResponse)

    def commit(self, request: m.CommitRequest) -> m.CommitResponse:
        """Forward Commit."""
        return self._forward("commit", request, m.CommitResponse)

    def rollback(self, request: m.RollbackRequest) -> m.RollbackResponse:
        """Forward Rollback."""
        return self._forward("rollback", request, m.RollbackResponse)

    def allocate_ids(self, request: m.AllocateIdsRequest) -> m.AllocateIdsResponse:
        """Forward AllocateIds."""
        return self._forward("allocate_ids", request, m.AllocateIdsResponse)

    def reserve_ids(self, request: m.ReserveIdsRequest) -> m.ReserveIdsResponse:
        """Forward ReserveIds."""
        return self._forward("reserve_ids", request, m.ReserveIdsResponse)

    def _forward(self, method: str, request: Any, _response: type[_Response]) -> _Response:
        try:
            response: _Response = self._calls[method](request, timeout=_DEADLINE_SECONDS)
            return response
        except grpc.RpcError as error:
            raise DatastoreError(error.code(), error.details() or "") from error
