"""A Datastore that reports each call made to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from datastore_emulator.api.interface import RPCS, Datastore


def traced(datastore: Datastore, report: Callable[[str], None]) -> Datastore:
    """Return the Datastore with `report` called before each RPC, as in report("Datastore RunQuery")."""

    class Traced:
        close = staticmethod(datastore.close)

    def reporting(rpc: str, call: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def run(request: Any) -> Any:
            report(f"Datastore {rpc}")
            return call(request)

        return run

    result = Traced()
    for method, rpc, *_ in RPCS:
        setattr(result, method, reporting(rpc, getattr(datastore, method)))
    return cast(Datastore, result)
