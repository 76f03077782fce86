"""The two kinds of error: a user's mistake, and an RPC that fails with a canonical code and the service's wording."""

from __future__ import annotations

from grpc import StatusCode


class UserError(Exception):
    """A mistake that the user can fix: a taken port, a file that is not a Datastore's, a wrong option.

    The message is one line: what happened, where, and what to do next. Commands print it without a traceback and exit
    with 1; anything else that escapes is a bug and keeps its traceback.
    """


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
