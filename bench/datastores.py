"""The Datastores beside one another: load, ask, load more, ask again."""

from __future__ import annotations

import itertools
import os
import platform
import sqlite3
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from bench import stores
from bench.clock import medians
from bench.floor import BareTable, empty_call
from bench.visits import VISITOR, Client, visitor, visits_per_second

COUNTED = 100_000
_CONCURRENT_VISITS = 800
_ROUNDS = 2
_STARTS = 3
_LOADED_AT_ONCE = 5_000


def measure(sizes: list[int], *, google: bool) -> dict[str, Any]:
    """Return all figures, in seconds, bytes and visits per second, by store and size.

    Google's emulators are left out above COUNTED visits: at a million a query would take them ten seconds.
    """
    results: dict[str, Any] = {"machine": _machine(), "sizes": sizes}
    results |= {"p50": {}, "load_total": {}, "resident": {}, "count": {}}
    absent = stores.why_not_google() if google else "left out by --no-google"
    results["google_absent"] = absent
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        makers = {"localcloud": partial(stores.embedded, place / "data.sqlite3")}
        if not absent:
            makers |= {"Datastore emulator": stores.google_datastore, "Firestore emulator": stores.google_firestore}
        results["ready"] = {name: _ready(name, maker, place) for name, maker in makers.items()}
        running = {name: stack.enter_context(maker()) for name, maker in makers.items()}
        clients = {name: Client(store.address) for name, store in running.items()}
        results["resident"]["0"] = {name: store.resident_bytes() for name, store in running.items()}
        with stores.embedded(place / "rest.sqlite3", rest=True) as store:
            results["rest"] = _with_rest(Client(store.address), clients["localcloud"])
        bare = BareTable(place / "bare.sqlite3")
        nothing = stack.enter_context(empty_call())
        loaded, taken = 0, dict.fromkeys(clients, 0.0)
        for size in sizes:
            if size > COUNTED:
                clients = {"localcloud": clients["localcloud"]}
            for name, seconds in _load(clients, bare, loaded, size).items():
                taken[name] += seconds
            loaded = size
            if size <= COUNTED:
                results["load_total"][str(size)] = {name: size / seconds for name, seconds in taken.items()}
            results["p50"][str(size)] = _ask(clients, bare, nothing)
            if size == COUNTED:
                results["count"] = _count(clients, bare)
                results["concurrent"] = _concurrent({name: running[name].address for name in clients})
            results["resident"][str(size)] = {name: running[name].resident_bytes() for name in clients}
    return results


def _ready(name: str, maker: Any, place: Path) -> float:
    taken = []
    for _ in range(_STARTS):
        with maker() as store:
            taken.append(store.ready)
    _say(f"{name} is ready after {sorted(taken)[1]:.2f} s")
    return sorted(taken)[_STARTS // 2]


def _with_rest(both: Client, grpc_only: Client) -> dict[str, float]:
    """Return the seconds of a put where the port answers REST too, and where it does not."""
    return medians({"both": both.calls()["put"], "gRPC only": grpc_only.calls()["put"]})


def _load(clients: dict[str, Client], bare: BareTable, start: int, stop: int) -> dict[str, float]:
    # In turns, as the questions are.
    taken = dict.fromkeys(clients, 0.0)
    for first in range(start, stop, _LOADED_AT_ONCE):
        last = min(first + _LOADED_AT_ONCE, stop)
        for name, client in clients.items():
            # A million through a client library would be measuring the client for a quarter of an hour.
            taken[name] += client.load(first, last) if stop <= COUNTED else client.load_by_rpc(first, last)
        bare.load(visitor(number) for number in range(first, last))
    rates = [f"{name} took {(stop - start) / seconds:.0f} a second" for name, seconds in taken.items()]
    _say(f"up to {stop:,}: {', '.join(rates)}")
    return taken


def _ask(clients: dict[str, Client], bare: BareTable, nothing: Any) -> dict[str, dict[str, float]]:
    calls = {name: client.calls() for name, client in clients.items()}
    floor = {
        "newest 10": bare.newest,
        "put": bare.put,
        "equality filter, 10": partial(bare.equal, VISITOR),
        "equality filter, newest 10": partial(bare.newest_equal, VISITOR),
    }
    results = {}
    for question, bare_call in floor.items():
        times = medians({**{name: calls[name][question] for name in calls}, "bare SQLite": bare_call})
        results[question] = times
        _say(f"{question}: " + ", ".join(f"{name} {1000 * taken:.2f} ms" for name, taken in times.items()))
    results["RPC alone, newest 10"] = medians({name: client.newest_rpc for name, client in clients.items()})
    results["empty gRPC call"] = medians({"empty gRPC call": nothing})
    return results


def _count(clients: dict[str, Client], bare: BareTable) -> dict[str, float | None]:
    counting = {name: client.count for name, client in clients.items() if client.count() is not None}
    times: dict[str, float | None] = dict(medians({**counting, "bare SQLite": bare.count}))
    return {name: times.get(name) for name in (*clients, "bare SQLite")}


def _concurrent(addresses: dict[str, str]) -> dict[str, dict[str, float]]:
    results: dict[str, dict[str, float]] = {name: {"1": 0.0, "8": 0.0} for name in addresses}
    for _, (name, address), clients in itertools.product(range(_ROUNDS), addresses.items(), ("1", "8")):
        visits = _CONCURRENT_VISITS if name == "localcloud" else _CONCURRENT_VISITS // 50
        rate = visits_per_second(address, int(clients), visits)
        results[name][clients] = max(results[name][clients], rate)
    _say(f"visits a second by one client and by eight: {results}")
    return results


def _machine() -> str:
    system = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    software = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"Machine: {system}, {software}, in {time.strftime('%B %Y')}."


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
