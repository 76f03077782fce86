"""Measures the modules: the visits per second that START and FINISH serve, and the calls that one visit makes."""

from __future__ import annotations

import http.client
import itertools
import multiprocessing
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from codelab.readme.course import find_course
from datastore_emulator.api.grpc_server import DatastoreServer
from datastore_emulator.api.interface import Datastore
from datastore_emulator.api.tracing import Call, intercepted
from datastore_emulator.engine import Engine
from localcloud import App, Cloud

_FUNCTION = "visitme"
_WARM_UP, _COUNTED = 12, 10
_CONNECTIONS = 4
_ROUNDS, _SECONDS = 3, 2.0
_FULL = 1  # EntityResult.ResultType


def counted(engine: Engine, counts: Counter[str]) -> Datastore:
    """Return the engine with its calls, and the entities that Google would bill, added to `counts`."""

    def make(rpc: str, request: Any, call: Call) -> Any:
        answer = call(request)
        counts["Datastore calls"] += 1
        if rpc == "Lookup":
            # A missing entity is billed like a found one.
            counts["entity reads"] += len(answer.found) + len(answer.missing)
        elif rpc == "RunQuery":
            full = answer.batch.entity_result_type == _FULL
            counts["entity reads"] += len(answer.batch.entity_results) if full else 1
        elif rpc == "Commit":
            deletes = sum(mutation.HasField("delete") for mutation in request.mutations)
            counts["entity writes"] += len(request.mutations) - deletes
        return answer

    return intercepted(engine, make)


def measure() -> dict[str, Any]:
    """Return for each module and side the visits per second and the counts of a visit."""
    course = find_course(Path(__file__))
    return {module: _measure_module(course.root / module) for module in course.modules}


def _measure_module(module: Path) -> dict[str, Any]:
    results: dict[str, Any] = {}
    with _counted_cloud() as (cloud, count):
        apps = {side: cloud.add(module / side, name=side, function=_FUNCTION) for side in ("START", "FINISH")}
        cloud.start()
        for side, app in apps.items():
            visitors = (f"{side} {number}" for number in itertools.count())
            for _ in range(_WARM_UP):
                _visit(app, next(visitors))
            new = count(lambda app=app, visitors=visitors: _visit(app, next(visitors)))
            again = count(lambda app=app: _visit(app, "a returning visitor"))
            results[side] = {"platform": app.plan.platform.value, "new": new, "again": again}
        rates: dict[str, list[float]] = {side: [] for side in apps}
        for _, (side, app) in itertools.product(range(_ROUNDS), apps.items()):
            rates[side].append(_visits_per_second(app))
        for side, taken in rates.items():
            results[side]["visits per second"] = sorted(taken)[_ROUNDS // 2]
            print(f"{module.name}/{side}: {results[side]}", file=sys.stderr, flush=True)
    return results


@contextmanager
def _counted_cloud() -> Iterator[tuple[Cloud, Callable[[Callable[[], None]], dict[str, float]]]]:
    counts: Counter[str] = Counter()

    def observe(call: str) -> None:
        counts["Memcache calls"] += call.startswith("Memcache ")

    with ExitStack() as stack:
        server = DatastoreServer(counted(stack.enter_context(Engine()), counts))
        server.start()
        stack.callback(server.stop)
        cloud = stack.enter_context(Cloud(datastore=server.address, observe=observe))

        def so_far() -> Counter[str]:
            return counts + Counter({"Redis calls": sum(cloud.redis_calls().values())})

        def count(visit: Callable[[], None]) -> dict[str, float]:
            """Return the calls of a visit, after a first one of its kind."""
            visit()
            before = so_far()
            for _ in range(_COUNTED):
                visit()
            return {name: number / _COUNTED for name, number in (so_far() - before).items()}

        yield cloud, count


def _visit(app: App, user_agent: str) -> None:
    parts = urlsplit(app.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    connection.request("GET", "/", headers={"User-Agent": user_agent})
    answer = connection.getresponse()
    page = answer.read()
    connection.close()
    if answer.status != http.client.OK:
        raise RuntimeError(f"{app.url}: expected a page, found {answer.status}: {page[:200]!r}")


def _visits_per_second(app: App) -> float:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    parts = urlsplit(app.url)
    # Not in this process, where the front end and the Datastore are.
    process = context.Process(target=_load, args=(parts.hostname, parts.port, theirs), daemon=True)
    process.start()
    served: int = ours.recv()
    process.join()
    return served / _SECONDS


def _load(host: str, port: int, pipe: Any) -> None:
    """Visit over some connections at once, each time as a new visitor; send how many visits were answered."""
    end = time.monotonic() + _SECONDS
    served = [0] * _CONNECTIONS

    def visit(number: int) -> None:
        connection = http.client.HTTPConnection(host, port, timeout=60)
        while time.monotonic() < end:
            connection.request("GET", "/", headers={"User-Agent": f"{number} {time.monotonic_ns()}"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != http.client.OK:
                return
            served[number] += 1

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(_CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send(sum(served))


