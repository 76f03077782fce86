"""A Datastore whose calls are reported, or made in another way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from datastore_emulator.api.interface import RPCS, Datastore

Call = Callable[[Any], Any]


def traced(datastore: Datastore, report: Callable[[str], None]) -> Datastore:
    """Return the Datastore with `report` called before each RPC, as in report("Datastore RunQuery")."""

    def make(rpc: str, request: Any, call: Call) -> Any:
        report(f"Datastore {rpc}")
        return call(request)

    return intercepted(datastore, make)


def intercepted(datastore: Datastore, make: Callable[[str, Any, Call], Any]) -> Datastore:
    """Return the Datastore with `make(rpc, request, call)` in place of each RPC; it returns the response of `call`."""

    class Intercepted:
        close = staticmethod(datastore.close)

    def making(rpc: str, call: Call) -> Call:
        return lambda request: make(rpc, request, call)

    result = Intercepted()
    for method, rpc, *_ in RPCS:
        setattr(result, method, making(rpc, getattr(datastore, method)))
    return cast(Datastore, result)
