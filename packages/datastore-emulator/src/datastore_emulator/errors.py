"""The two kinds of error: one that the user can fix, and the failure of an RPC with a code and the service's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    # Commands set variables before gRPC is imported (startup.py), and they need UserError from the first line on.
    from grpc import StatusCode


class UserError(Exception):
    """An error that the user can fix: a port in use, a file that is not a Datastore's, a wrong option.

    The message is one line: what happened, where, and what to do next. Commands print it without a traceback and exit
    with 1; anything else that escapes is a bug and keeps its traceback.
    """


class DatastoreError(Exception):
    """The failure of an RPC: `code` is the canonical gRPC code, `message` is the text that the client shows."""

    def __init__(self, code: StatusCode, message: str) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message


def invalid(message: str) -> DatastoreError:
    """Return the error for a request that is wrong whatever the database holds."""
    from grpc import StatusCode

    return DatastoreError(StatusCode.INVALID_ARGUMENT, message)


def unimplemented(feature: str) -> DatastoreError:
    """Return the error for a feature that this emulator does not have; it says what does."""
    from grpc import StatusCode

    return DatastoreError(
        StatusCode.UNIMPLEMENTED,
        f"{feature} is not implemented by this emulator; to use it, run Google's Datastore emulator instead "
        "(localcloud run --datastore HOST:PORT).",
    )


def conflict() -> DatastoreError:
    """Return the error of a transaction that lost to another; clients retry on it."""
    from grpc import StatusCode

    return DatastoreError(
        StatusCode.ABORTED,
        "Aborted due to cross-transaction contention: another commit changed what this transaction has read. "
        "Try the transaction again.",
    )
