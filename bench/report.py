"""docs/bench.md from the results: tables, and what of the targets is met."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bench import prices

OURS, FLOOR = "localcloud", "bare SQLite"
GOOGLES = ("Datastore emulator", "Firestore emulator")
NEWEST, PUT, EQUAL, NEWEST_EQUAL = "newest 10", "put", "equality filter, 10", "equality filter, newest 10"
RPC, EMPTY = "RPC alone, newest 10", "empty gRPC call"

INTRODUCTION = """# How fast the local cloud is

`make bench` writes this page. It measures everything in one run, with Google's emulators too if the machine has them.
Absolute figures depend on the machine, so compare the ratios. The clients are Google's own (google-cloud-ndb,
google-cloud-datastore). Calls are timed in turns, in five rounds of up to 60. A time here is the median of the fastest
round, because other work on the machine can only make a call slower.
"""

PUT_TEXT = """A put is mostly the client's own work and the gRPC call, which are the same for each Datastore. At 100,000
visits Google's emulators have run long enough to be warm. There, a put on ours has taken 0.9 to 1.3 of their time in
different runs and on different machines. A bulk load has taken 0.9 to 1.2 of it (November 2026).
"""

REST_TEXT = """Ours is measured with `--grpc-only`. Without that flag, and for the apps of `localcloud run`, it answers
REST on the same port as well. A put of {grpc} ms then takes {both} ms.
"""

FLOOR_TEXT = """The floor has two parts. One is the same rows in one bare SQLite table, with an index for each question.
The other is one gRPC call that does nothing. A query by the RPC alone, without a client library, takes these two and
the engine. The rest of a query is the client library's own work, which is the same for each Datastore.
"""

MODULES_TEXT = """START and FINISH of each module ran on the local cloud, both on one store. Visits per second are those
of four connections, each visit by a new visitor. Calls are counted at the engine and the caches. A call to Datastore is
billed by the entities it reads and writes. A visit "again" is by the same visitor within the hour. The caches of
modules 12 and 13 answer it. A cell has one figure if both cost the same.
"""

BILL_TEXT = """The bill is for a million visits, evenly spread over a month of {days} days, in {region}. The free
quota of one project is subtracted. One column has new visitors only. In the other, nine visits of ten are "again". The
bill has the parts that grow with visits. An App Engine app is one F1 instance at this load. It runs all day, within
the free 28 instance hours. A Cloud Run request is assumed to take 100 ms of 1 vCPU and 512 MiB. Memorystore and its way
through the VPC (module 13, FINISH) are billed by the hour, with or without visits. See [what it
costs](platform-facts.md#what-it-costs).
"""


def page(results: dict[str, Any]) -> str:
    """Return the text of docs/bench.md."""
    parts = [INTRODUCTION]
    if "datastores" in results:
        parts += _datastores(results["datastores"])
    if "modules" in results:
        parts += _modules(results["modules"])
    return "\n".join(part.strip() + "\n" for part in parts)


def _datastores(found: dict[str, Any]) -> Iterable[str]:
    stores = [OURS, *(name for name in GOOGLES if name in found["ready"])]
    sizes = [str(size) for size in found["sizes"]]
    yield found["machine"]
    if found["google_absent"]:
        yield f"Google's emulators were not measured: {found['google_absent']}."
    yield "## Datastore\n\n![The ten newest visits, by how many there are](bench.svg)"
    for question in (NEWEST, EQUAL, NEWEST_EQUAL, PUT):
        yield f"Milliseconds for: {question}"
        rows = []
        for size in sizes:
            times = found["p50"][size][question]
            ratios = [_ratio(times[OURS], times[name]) if name in times else "" for name in stores[1:]]
            rows.append([f"{int(size):,}", *(_ms(times.get(name)) for name in (*stores, FLOOR)), *ratios])
        yield _table(["visits", *stores, FLOOR, *(f"ours : {name}" for name in stores[1:])], rows)
    if not found["google_absent"]:
        yield PUT_TEXT
    yield "## What it takes"
    most = max(sizes, key=lambda size: (size in found["load_total"], int(size)))
    rows = [
        ["ready after, s", *(f"{found['ready'][name]:.2f}" for name in stores)],
        *(
            [f"resident at {int(size):,} visits, MB", *(_mb(found["resident"][size].get(name)) for name in stores)]
            for size in ("0", *sizes)
        ),
        [
            f"put_multi of {int(most):,}, visits a second",
            *(_whole(found["load_total"][most].get(name)) for name in stores),
        ],
        ["count of 100,000 by aggregation, ms", *(_ms(found["count"].get(name)) or "refused" for name in stores)],
        *(
            [f"visits a second by {clients} at once", *(f"{found['concurrent'][name][clients]:.1f}" for name in stores)]
            for clients in ("1", "8")
        ),
    ]
    yield _table(["", *stores], rows)
    rest = found["rest"]
    yield REST_TEXT.format(grpc=_ms(rest["gRPC only"]), both=_ms(rest["both"]))
    yield "## Compared with the floor"
    yield FLOOR_TEXT
    yield _table(
        ["visits", "bare SQLite", "empty gRPC call", "engine", "client library", "together", "RPC alone : floor"],
        [_beside_floor(size, found["p50"][size]) for size in sizes],
    )
    yield "## Targets"
    yield _table(["target", "measured", "met"], _targets(found, stores))


def _beside_floor(size: str, p50: dict[str, dict[str, float]]) -> list[str]:
    bare, empty = p50[NEWEST][FLOOR], p50[EMPTY][EMPTY]
    alone, together = p50[RPC][OURS], p50[NEWEST][OURS]
    engine = alone - empty - bare
    return [f"{int(size):,}", *map(_ms, (bare, empty, engine, together - alone, together)), _ratio(alone, bare + empty)]


def _targets(found: dict[str, Any], stores: Sequence[str]) -> Iterable[list[str]]:
    sizes = [str(size) for size in found["sizes"]]
    p50 = found["p50"]
    for question in (NEWEST, EQUAL):
        times = [p50[size][question][OURS] for size in sizes]
        name = f"{question}: flat, the slowest at most 1.5 times the fastest size"
        yield _target(name, max(times) / min(times), 1.5)
    for name in stores[1:]:
        yield _target(f"newest 10 at 1,000, of the {name}'s", _of(p50["1000"][NEWEST], name), 0.5)
        yield _target(f"newest 10 at 100,000, of the {name}'s", _of(p50["100000"][NEWEST], name), 0.01)
        for size in ("1000", "100000"):
            yield _target(f"put at {int(size):,}, of the {name}'s", _of(p50[size][PUT], name), 1.0)
        rates = found["load_total"]["100000"]
        yield _target(f"put_multi of 100,000, the time of the {name}'s", rates[name] / rates[OURS], 1.0)
    count = found["count"].get(OURS)
    if count is None:
        yield ["count of 100,000, ms", "refused", "no"]
    else:
        yield _target("count of 100,000, ms", 1000 * count, 100)
    yield _target("ready, s", found["ready"][OURS], 0.5)
    yield _target("resident at 100,000 visits, MB", found["resident"]["100000"][OURS] / 1e6, 150)
    rates = found["concurrent"][OURS]
    yield _target("one client's throughput, of eight clients'", rates["1"] / rates["8"], 1.0)


def _target(name: str, measured: float, at_most: float) -> list[str]:
    return [f"{name}: at most {at_most:g}", f"{measured:.3g}", "yes" if measured <= at_most else "no"]


def _of(times: dict[str, float], name: str) -> float:
    return times[OURS] / times[name]


def _modules(found: dict[str, Any]) -> Iterable[str]:
    yield "## The modules"
    yield MODULES_TEXT
    counted = ("entity reads", "entity writes", "Memcache calls", "Redis calls")
    rows = []
    for module, sides in found.items():
        start = sides["START"]["visits per second"]
        for side, figures in sides.items():
            rate = figures["visits per second"]
            costs = [
                ", ".join(dict.fromkeys(f"{figures[visit].get(name, 0):g}" for visit in ("new", "again")))
                for name in counted
            ]
            bills = [prices.bill(figures["platform"], figures["new"], figures["again"], share) for share in (0, 0.9)]
            ratio = "" if side == "START" else f"{rate / start:.2f}"
            rows.append(
                [f"{module} {side}", figures["platform"], f"{rate:.0f}", ratio, *costs, *(f"${b:.2f}" for b in bills)]
            )
    headings = [f"{name}: new, again" for name in counted]
    yield _table(
        ["", "platform", "visits a second", "of START's", *headings, "a million new", "nine of ten again"], rows
    )
    yield BILL_TEXT.format(days=prices.DAYS, region=prices.REGION)
    yield f"The prices were looked up in {prices.LOOKED_UP}. Read them on the linked page before you decide by them."
    yield _table(
        ["", "US dollars", "per", "free in a month", "source"],
        [
            [
                price.name,
                f"{price.dollars:.7f}".rstrip("0"),
                f"{price.per:,}",
                f"{price.free:,}",
                f"[prices]({price.source})",
            ]
            for price in prices.ALL
        ],
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _ms(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{1000 * seconds:.3g}" if seconds < 1 else f"{1000 * seconds:,.0f}"


def _mb(size: int | None) -> str:
    return "" if size is None else f"{size / 1e6:,.0f}"


def _whole(number: float | None) -> str:
    return "" if number is None else f"{number:,.0f}"


def _ratio(one: float, other: float) -> str:
    return f"{one / other:.3g}"
