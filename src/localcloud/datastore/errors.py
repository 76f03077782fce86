"""What a Datastore RPC fails with: a canonical code and the service's own wording."""

from __future__ import annotations

from grpc import StatusCode


class DatastoreError(Exception):
    """An RPC's failure: `code` is the canonical gRPC code, `message` what the client shows its user."""

    def __init__(self, code: StatusCode, message: str) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message


def invalid(message: str) -> DatastoreError:
    """Return the error for a request that no state of the database could make right."""
    return DatastoreError(StatusCode.INVALID_ARGUMENT, message)


def unimplemented(feature: str) -> DatastoreError:
    """Return the refusal of a feature this engine does not have, with the way round it."""
    return DatastoreError(
        StatusCode.UNIMPLEMENTED,
        f"{feature} is not implemented by the embedded Datastore; run with --datastore HOST:PORT "
        "against Google's emulator to use it.",
    )


def conflict() -> DatastoreError:
    """Return the error of a transaction that lost to another; clients retry on it."""
    return DatastoreError(
        StatusCode.ABORTED,
        "Aborted due to cross-transaction contention: another commit changed what this transaction has read. "
        "Try the transaction again.",
    )
