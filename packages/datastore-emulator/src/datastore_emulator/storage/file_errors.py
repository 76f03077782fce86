"""SQLite's errors as errors of the API."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from grpc import StatusCode

from datastore_emulator.errors import DatastoreError, invalid


@contextlib.contextmanager
def file_errors() -> Iterator[None]:
    """Turn SQLite's errors about the file, or about a query's size, into codes that clients act on; others are bugs."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if "malformed" in text or "not a database" in text:
            code, advice = StatusCode.DATA_LOSS, "stop the Datastore and restore its file from a copy"
        elif "full" in text:
            code, advice = StatusCode.RESOURCE_EXHAUSTED, "nothing was written; free some disk space and try again"
        elif any(words in text for words in ("locked", "readonly", "I/O", "unable to open")):
            code, advice = StatusCode.UNAVAILABLE, "nothing was written; check the file and its disk and try again"
        elif any(words in text for words in ("at most", "too many", "too large", "stack overflow")):
            # https://www.sqlite.org/limits.html: a join has 64 tables, an expression a depth of 1000.
            raise invalid(
                f"The query has too many filters, orders or projections for this Datastore: {text}."
            ) from error
        else:
            raise
        raise DatastoreError(code, f"the Datastore's file: {text}; {advice}") from error
