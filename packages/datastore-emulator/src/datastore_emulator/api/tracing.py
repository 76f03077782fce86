"""A Datastore that tells of each call made to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from datastore_emulator.api.interface import RPCS, Datastore


def observed(datastore: Datastore, observe: Callable[[str], None]) -> Datastore:
    """Return the Datastore with `observe` called before each RPC, as in "Datastore RunQuery"."""

    class Observed:
        close = staticmethod(datastore.close)

    def telling(rpc: str, call: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def run(request: Any) -> Any:
            observe(f"Datastore {rpc}")
            return call(request)

        return run

    watched = Observed()
    for method, rpc, *_ in RPCS:
        setattr(watched, method, telling(rpc, getattr(datastore, method)))
    return cast(Datastore, watched)
