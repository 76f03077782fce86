"""The declared differences between the embedded engine and Google's emulators, and which one is right.

Random programs leave out what is declared here, and nothing else; each difference is shown by a program, and a test
fails when an emulator no longer answers that differently. docs/support.md prints this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tests.differential import traits
from tests.differential.program import (
    Aggregate,
    Collide,
    Entity,
    Get,
    Mutate,
    Program,
    Put,
    Query,
    Ref,
    Step,
    Transaction,
    Where,
)

Emulator = Literal["datastore", "firestore"]
"""Google's Datastore emulator, or its Firestore emulator in Datastore mode."""

AS_HERE = "as here"

_CONCEPTS = "https://cloud.google.com/datastore/docs/concepts"
QUERIES, METADATA, LIMITS = f"{_CONCEPTS}/queries", f"{_CONCEPTS}/metadataqueries", f"{_CONCEPTS}/limits"
SINCE_FIRESTORE = "https://cloud.google.com/datastore/docs/firestore-or-datastore#in_datastore_mode"
RANGES = "https://cloud.google.com/datastore/docs/multiple-range-fields"
COMMIT = "https://cloud.google.com/datastore/docs/reference/data/rest/v1/projects/commit#mode"
CONCURRENCY = "https://cloud.google.com/datastore/docs/reference/admin/rest/Shared.Types/ConcurrencyMode"


@dataclass(frozen=True)
class Difference:
    """One difference, in the words of docs/support.md."""

    what: str
    here: str
    right: str
    """Which one behaves as the service is documented."""
    trait: traits.Trait
    """The trait of the steps that may be answered differently."""
    shown: dict[Emulator, Program]
    """By emulator a program whose last step it answers differently."""
    datastore: str = AS_HERE
    firestore: str = AS_HERE


THREE = Put(tuple(Entity(("K", number), {"p": 1}) for number in (1, 2, 3)))

DIFFERENCES = (
    Difference(
        what="OR, `IN` of several values, `NOT_IN`, `!=`, aggregations",
        datastore="refused, or fails",
        here="yes",
        right=f"here: [the service has them]({QUERIES})",
        trait=traits.newer,
        shown={"datastore": (THREE, Query(where=(Where("p", "IN", [1, 2]),)))},
    ),
    Difference(
        what="the metadata kinds `__kind__` and `__namespace__`",
        firestore="refused",
        here="yes",
        right=f"here: [the service has them]({METADATA})",
        trait=traits.asks(lambda query: query.kind in ("__kind__", "__namespace__")),
        shown={"firestore": (THREE, Query("__kind__", keys_only=True))},
    ),
    Difference(
        what="the metadata kind `__property__`",
        firestore="always empty",
        here="yes",
        right=f"here: [the service has it]({METADATA})",
        trait=traits.asks(lambda query: query.kind == "__property__"),
        shown={"firestore": (THREE, Query("__property__", keys_only=True))},
    ),
    Difference(
        what="a property of empty arrays only, in `__property__`",
        datastore="listed, as NULL",
        firestore="(empty)",
        here="not listed, since an empty array is not indexed",
        right=f"here: it lists [indexed properties]({METADATA})",
        trait=traits.asks(lambda query: query.kind == "__property__"),
        shown={"datastore": (Put((Entity(("K", 1), {"p": []}),)), Query("__property__", keys_only=True))},
    ),
    Difference(
        what="a key over 6 KiB",
        datastore="accepted",
        firestore="accepted",
        here="refused",
        right=f"here: [the service's limits]({LIMITS})",
        trait=traits.long_key,
        shown=dict.fromkeys(("datastore", "firestore"), (Put((Entity(("K", "x" * 1500) * 5),)),)),
    ),
    Difference(
        what="a lookup of more than 1,000 keys",
        datastore="accepted",
        firestore="accepted",
        here="refused",
        right=f"here: [the service's limits]({LIMITS})",
        trait=lambda step, _: isinstance(step, Get) and len(step.paths) > 1000,
        shown=dict.fromkeys(("datastore", "firestore"), (Get(tuple(("K", number) for number in range(1, 1002))),)),
    ),
    Difference(
        what="ranges on several properties, or an order that does not begin with the compared property",
        datastore="refused",
        here="yes",
        right=f"here: [the service has them]({RANGES})",
        trait=traits.asks(traits.ranges_unlike_order),
        shown={"datastore": (Query(where=(Where("p", ">", 1), Where("q", ">", 1))),)},
    ),
    Difference(
        what="an order besides `=` on `__key__`",
        datastore="ignored, and entities without the property are results too",
        here="the entity must have the property",
        right=f"here: results have [every property that the query names]({QUERIES})",
        trait=traits.asks(lambda query: traits.pins_key(query) and bool(query.order or query.distinct_on)),
        shown={"datastore": (THREE, Query(where=(Where("__key__", "=", Ref(("K", 1))),), order=("q",)))},
    ),
    Difference(
        what="an order by a property after `__key__`",
        datastore="ignored, and entities without the property are results too",
        here="the entity must have the property",
        right=f"here: results have [every property that the query names]({QUERIES})",
        trait=traits.asks(traits.goes_past_key),
        shown={"datastore": (THREE, Query(order=("__key__", "q")))},
    ),
    Difference(
        what="cursors of a query that orders by `__key__` and another property, or projects one",
        firestore="refused",
        here="yes",
        right=f"here: [any query may use cursors]({QUERIES}#cursors_limits_and_offsets)",
        trait=traits.asks(traits.pages_past_key),
        shown={"firestore": (THREE, Query(order=("__key__",), projection=("p",), page=1))},
    ),
    Difference(
        what="an order by a property that `=` fixes, together with `distinct_on`",
        firestore="refused",
        here="ignored",
        right=f"here: [it is ignored]({QUERIES}#restrictions_on_queries)",
        trait=traits.asks(traits.orders_equals_first),
        shown={"firestore": (THREE, Query(where=(Where("q", "=", 1),), order=("q",), distinct_on=("p",)))},
    ),
    Difference(
        what="the order of equal results after a descending order",
        datastore="the key, ascending",
        here="the key, descending",
        right="both: the order of equal results is not specified; here as in the newer emulator",
        trait=traits.asks(traits.ends_downwards),
        shown={"datastore": (THREE, Query(order=("-p",)))},
    ),
    Difference(
        what="a query without an ancestor in a transaction",
        datastore="refused",
        here="yes",
        right=f"here: [any query may be in a transaction]({SINCE_FIRESTORE})",
        trait=traits.asks_within(lambda query: query.ancestor is None),
        shown={"datastore": (Transaction((Query(),)),)},
    ),
    Difference(
        what="a query without a kind in a transaction",
        firestore="fails (UNKNOWN)",
        here="yes",
        right=f"here: [any query may be in a transaction]({SINCE_FIRESTORE})",
        trait=traits.asks_within(lambda query: query.kind is None),
        shown={"firestore": (Transaction((Query(None, ancestor=("K", 1)),)),)},
    ),
    Difference(
        what="a commit that ends a read-only transaction",
        firestore="refused",
        here="yes",
        right="here: Google's clients do this",
        trait=lambda step, _: isinstance(step, Transaction) and step.read_only and step.end == "commit",
        shown={"firestore": (Transaction((), read_only=True),)},
    ),
    Difference(
        what="outside a transaction, the mutations before one that fails",
        datastore="are applied",
        firestore="are applied",
        here="are not applied",
        right=f"both: [such a commit may be applied in part]({COMMIT})",
        trait=traits.fails_in_the_middle,
        shown=dict.fromkeys(
            ("datastore", "firestore"), (Mutate((("upsert", Entity(("K", 1))), ("update", Entity(("K", 2))))), Query())
        ),
    ),
    Difference(
        what="an entity with an array, in a query with `!=`, `IN`, a range or an order",
        firestore="a result for each value that matches",
        here="one result",
        right="here, as in the older emulator: a result is an entity",
        trait=traits.walks_array,
        shown={"firestore": (Put((Entity(("K", 1), {"p": [1, 2]}),)), Query(where=(Where("p", ">", 0),)))},
    ),
    Difference(
        what="cursors of a query that compares or orders by arrays",
        datastore="may leave out results",
        here="all results",
        right="here",
        trait=traits.pages_array,
        shown={
            "datastore": (
                Put((Entity(("K", 1), {"p": 0}), Entity(("K", 2), {"p": [-1, 1]}))),
                Query(order=("-p", "__key__"), page=1),
            )
        },
    ),
    Difference(
        what="an empty array, in a query",
        datastore="NULL",
        here="absent, since it is not indexed",
        right="here, as in the newer emulator",
        trait=traits.walks_empty_array,
        shown={"datastore": (Put((Entity(("K", 1), {"p": []}),)), Query(projection=("p",)))},
    ),
    Difference(
        what="a read or write of an entity group in which another transaction has read; any query without a kind",
        datastore="the other transaction is aborted",
        here="it is aborted only if an entity changes that it has read",
        right=f"both: [the database's concurrency mode]({CONCURRENCY}) decides",
        trait=traits.meets_in_a_group_only,
        shown={
            "datastore": (
                Collide((Get((("K", 1),)),), (), (Put((Entity(("K", 1, "K", 1)),)),), (Put((Entity(("K", 2)),)),)),
            )
        },
    ),
    Difference(
        what="two transactions that read and write the same entities",
        firestore="the first to commit is aborted",
        here="the first to commit wins",
        right=f"both: [the database's concurrency mode]({CONCURRENCY}) decides",
        trait=traits.writes_what_is_read,
        shown={
            "firestore": (
                Collide(
                    (Get((("K", 1),)),),
                    (Get((("K", 1),)),),
                    (Put((Entity(("K", 1), {"p": 1}),)),),
                    (Put((Entity(("K", 1), {"p": 2}),)),),
                ),
            )
        },
    ),
    Difference(
        what="sum or average without a kind",
        datastore="refused, as every aggregation",
        firestore="yes",
        here="refused",
        right=f"here: [a query without a kind cannot name a property]({QUERIES}#kindless_queries)",
        trait=lambda step, _: (
            isinstance(step, Aggregate) and step.query.kind is None and any(n for _, n in step.wanted)
        ),
        shown={"firestore": (Aggregate(Query(None), (("sum", "p"),)),)},
    ),
)


def covering(emulator: Emulator, before: Program, step: Step) -> Difference | None:
    """Return the difference by which the emulator may answer the step, after those before it, differently."""
    return next((one for one in DIFFERENCES if emulator in one.shown and one.trait(step, before)), None)
