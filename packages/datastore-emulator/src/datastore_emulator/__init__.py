"""An emulator of Firestore in Datastore mode, on SQLite: the Datastore API v1 over gRPC and REST, without Java.

The map of the package:

- `api/`: the RPCs as a protocol (`Datastore`), the server for gRPC and REST, a client of another emulator.
- `engine.py`, `transactions.py`, `mutations.py`: the RPCs on one SQLite file (`Engine`).
- `query/`: from a query or GQL to a plan and its results.
- `encoding/`: keys and values as bytes that sort as the service sorts them.
- `storage/`: the SQLite file, its tables, history and writer.
- `http/`, `net/`: an HTTP/1.1 server, and ports, addresses and relays.
- `cli.py`, `pytest_plugin.py`: the `datastore-emulator` command and the fixtures.

The names below are the public API. They are imported at first use, because gRPC and Google's messages take a third of
a second.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datastore_emulator.api.grpc_server import DatastoreServer
    from datastore_emulator.api.interface import Datastore
    from datastore_emulator.api.remote import RemoteDatastore
    from datastore_emulator.api.serving import serve
    from datastore_emulator.engine import Engine
    from datastore_emulator.errors import DatastoreError, UserError

__all__ = ["Datastore", "DatastoreError", "DatastoreServer", "Engine", "RemoteDatastore", "UserError", "serve"]

_MODULES = {
    "Datastore": "api.interface",
    "DatastoreError": "errors",
    "DatastoreServer": "api.grpc_server",
    "Engine": "engine",
    "RemoteDatastore": "api.remote",
    "UserError": "errors",
    "serve": "api.serving",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
