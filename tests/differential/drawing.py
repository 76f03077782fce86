"""Hypothesis strategies for programs.

Names, keys and the values that queries compare are few, so that filters find something, orders meet ties and writes
meet what is there.
"""

from __future__ import annotations

import datetime
import math
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from tests.differential.program import (
    Aggregate,
    Both,
    Client,
    Collide,
    Delete,
    Either,
    Entity,
    Get,
    Mutate,
    Path,
    Point,
    Put,
    PutNew,
    Query,
    Ref,
    Transaction,
    Where,
)

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
PATHS: tuple[Path, ...] = (
    ("K", 1),
    ("K", 2),
    ("K", "x"),
    ("K", "ü"),
    ("K", 1, "K", 1),
    ("K", 1, "L", "a"),
    ("L", 1),
    ("L", 1, "K", 2),
)
FEW_VALUES: tuple[Any, ...] = (
    None,
    False,
    True,
    -1,
    0,
    1,
    2**53 + 1,
    -1.5,
    -0.0,
    0.0,
    1.0,
    math.inf,
    -math.inf,
    math.nan,
    "",
    "a",
    "b",
    "é",
    b"",
    b"a",
    b"\xff",
    EPOCH,
    EPOCH + datetime.timedelta(microseconds=1),
    Ref(("K", 1)),
    Ref(("L", 1, "K", 2)),
    Point(0.0, 0.0),
    Point(-90.0, 180.0),
)
"""One or more of each type that has a place in an index."""

RANGES = ("<", "<=", ">", ">=")

names = st.sampled_from(["p", "q"])
paths = st.sampled_from(PATHS)
few = st.sampled_from(FEW_VALUES)
wild = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    st.binary(max_size=20),
    st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31), timezones=st.just(datetime.timezone.utc)),
    st.builds(Point, st.floats(-90, 90), st.floats(-180, 180)),
)
# Most values are of the few, for queries to find.
scalars = st.one_of(few, few, few, wild)
long_texts = st.sampled_from(["long " * 400, b"\0long" * 400])
by = st.sampled_from(["datastore", "datastore", "ndb"])
lists = st.lists(scalars, max_size=3)
embedded = st.dictionaries(st.sampled_from(["i", "j"]), scalars | lists, max_size=2)


@st.composite
def entities(draw: st.DrawFn, of: st.SearchStrategy[Path] = paths) -> Entity:
    values = st.one_of(scalars, scalars, scalars, lists, lists, embedded)
    properties = draw(st.dictionaries(names, values, max_size=2))
    unindexed = tuple(name for name in draw(st.sampled_from([(), (), (), ("p",)])) if name in properties)
    if draw(st.integers(0, 7)) == 7:
        properties["t"] = draw(long_texts)
        unindexed += ("t",)
    return Entity(draw(of), properties, unindexed)


@st.composite
def puts(draw: st.DrawFn, least: int = 1, most: int = 3) -> Put:
    several = st.lists(entities(), min_size=least, max_size=most, unique_by=lambda entity: entity.path)
    return _by(draw(by), Put(tuple(draw(several))))


@st.composite
def new_puts(draw: st.DrawFn) -> PutNew:
    # Where no id is chosen here: one that is allocated may be one that a program has chosen, and overwrite that entity.
    unfinished = st.sampled_from([("N",), ("K", 1, "N"), ("L", "none", "K")])
    return _by(draw(by), PutNew(draw(entities(unfinished))))


def _by(client: Client, step: Any) -> Any:
    """The step by this client, without what google-cloud-ndb's generic properties cannot write."""
    if client == "ndb" and isinstance(step, Put):
        step = replace(step, entities=tuple(map(_for_ndb, step.entities)))
    elif client == "ndb" and isinstance(step, PutNew):
        step = replace(step, entity=_for_ndb(step.entity))
    elif client == "ndb" and isinstance(step, Query) and not _ndb_can_ask(step):
        return step
    return replace(step, by=client)


def _ndb_can_ask(query: Query) -> bool:
    # ndb makes several queries of an IN, != or OR and merges their results itself, which not all values allow.
    return all(isinstance(one, Where) and one.operator in ("=", *RANGES) for one in query.where)


def _for_ndb(entity: Entity) -> Entity:
    kept = {
        name: [one for one in value if one is not None] if isinstance(value, list) else value
        for name, value in entity.properties.items()
        if not isinstance(value, dict)
    }
    return replace(entity, properties=kept, unindexed=tuple(name for name in entity.unindexed if name in kept))


some_paths = st.lists(paths, min_size=1, max_size=3, unique=True).map(tuple)
gets = st.builds(Get, some_paths, by)
deletes = st.builds(Delete, some_paths, by)


@st.composite
def mutates(draw: st.DrawFn) -> Mutate:
    several = draw(st.lists(entities(), min_size=1, max_size=3, unique_by=lambda entity: entity.path))
    # One that may fail comes first: what becomes of those before it is left open.
    first = draw(st.sampled_from(["insert", "update", "upsert", "delete"]))
    further = [draw(st.sampled_from(["upsert", "delete"])) for _ in several[1:]]
    return Mutate(tuple(zip([first, *further], several, strict=True)))


plain = st.builds(Where, names | st.sampled_from(["q", "p.i"]), st.sampled_from(["=", "=", "=", *RANGES]), few)
of_keys = st.builds(Where, st.just("__key__"), st.sampled_from([*RANGES, *RANGES, "="]), st.builds(Ref, paths))
one_of = st.builds(Where, names, st.just("IN"), st.lists(few, min_size=1, max_size=3))
other_than = st.builds(Where, names, st.just("!="), few)
none_of = st.builds(Where, names, st.just("NOT_IN"), st.lists(few, min_size=1, max_size=3))


@st.composite
def filters(draw: st.DrawFn, *, newer: bool) -> tuple[Where | Either | Both, ...]:
    if not newer or draw(st.booleans()):
        where = draw(st.lists(plain | plain | of_keys, max_size=2))
        # Ranges on several properties are new, too.
        first = next((one.name for one in where if one.operator in RANGES), None)
        return tuple(one for one in where if newer or one.operator not in RANGES or one.name == first)
    return draw(
        st.one_of(
            st.tuples(one_of),
            st.tuples(other_than),
            st.tuples(none_of),
            st.tuples(plain, one_of | other_than | none_of),
            st.builds(lambda *several: (Either(several),), plain | one_of, plain | one_of),
            st.builds(lambda first, *both: (Either((first, Both(both))),), plain, plain, plain),
        )
    )


@st.composite
def queries(draw: st.DrawFn, *, newer: bool = True, ancestor: bool = False, plain_only: bool = False) -> Query:
    """A query; whether the service would run it is for the Datastores to say."""
    client = draw(by)
    ancestors = st.sampled_from([("K", 1), ("L", 1)])
    within = draw(ancestors if ancestor else st.sampled_from([None, None, None, ("K", 1), ("L", 1)]))
    if draw(st.integers(0, 7)) == 7:
        where = draw(st.lists(of_keys, max_size=1).map(tuple))
        query = Query(None, where, within, draw(st.sampled_from([(), ("__key__",)])))
    else:
        where = draw(filters(newer=newer))
        ranged = [one.name for one in where if isinstance(one, Where) and one.operator in (*RANGES, "!=", "NOT_IN")]
        order = draw(st.lists(names | names | st.just("__key__") if newer else names, max_size=2, unique=True))
        if ranged and draw(st.integers(0, 7)):
            # What every Datastore takes: the order begins with what is compared.
            order = [ranged[0], *(name for name in order if name != ranged[0] and (newer or ranged[0] != "__key__"))]
        directed = tuple(draw(st.sampled_from(["", "-"])) + name for name in order)
        if "__key__" not in order and draw(st.integers(0, 7)):
            # Without it, Datastores break ties differently.
            directed += (draw(st.sampled_from(["__key__", "__key__", "-__key__"])),)
        query = Query("K", where, within, directed)
    return _by(client, query if plain_only else _shaped(draw, query))


def _shaped(draw: st.DrawFn, query: Query) -> Query:
    """The query with a shape of its results, and how many of them are asked for."""
    options: dict[str, Any] = {}
    shape = draw(st.sampled_from(["whole", "whole", "keys", "projection", "distinct"]))
    if shape == "keys":
        options["keys_only"] = True
    elif shape in ("projection", "distinct") and query.kind:
        projection = tuple(draw(st.lists(names, min_size=1, max_size=2, unique=True)))
        options["projection"] = projection
        if shape == "distinct":
            options["distinct_on"] = projection[: draw(st.integers(1, 2))]
    options["offset"] = draw(st.sampled_from([0, 0, 0, 1, 2]))
    paging = draw(st.booleans())
    options["page" if paging else "limit"] = draw(st.integers(1, 3) if paging else st.none() | st.integers(1, 3))
    return replace(query, **options)


@st.composite
def aggregates(draw: st.DrawFn) -> Aggregate:
    query = draw(queries(plain_only=True))
    aggregation = st.one_of(st.just(("count", None)), st.tuples(st.sampled_from(["sum", "avg"]), names))
    return Aggregate(query, tuple(draw(st.lists(aggregation, min_size=1, max_size=3, unique=True))))


@st.composite
def transactions(draw: st.DrawFn, *, newer: bool) -> Transaction:
    client = draw(by)
    read_only = draw(st.sampled_from([False, False, False, True]))
    # ndb cannot ask all newer queries, and the steps of a transaction are of one client.
    reads = gets | queries(newer=newer and client == "datastore", ancestor=draw(st.booleans()), plain_only=True)
    steps = draw(st.lists(reads if read_only else reads | puts() | deletes, max_size=4))
    end = draw(st.sampled_from(["commit", "commit", "rollback"]))
    return Transaction(tuple(_by(client, step) for step in steps), end, read_only, client)


@st.composite
def collisions(draw: st.DrawFn) -> Collide:
    reads = st.lists(gets | queries(newer=False, ancestor=True, plain_only=True), max_size=2)
    writes = st.lists(puts() | deletes, max_size=2)
    earlier_reads, later_reads, later_writes, earlier_writes = (
        tuple(_by("datastore", step) for step in draw(several)) for several in (reads, reads, writes, writes)
    )
    if draw(st.booleans()):
        # They meet in an entity, which chance alone seldom brings about.
        path = draw(paths)
        earlier_reads = (Get((path,)), *earlier_reads)
        later_writes = (*later_writes, Put((Entity(path),)))
        earlier_writes = (*earlier_writes, Put((Entity(draw(paths)),)))
    # Whether a write that changes nothing is one to other transactions is left open: each of these changes something.
    stamped = tuple(_stamped(step, draw(st.integers(10, 2**40))) for step in later_writes)
    return Collide(earlier_reads, later_reads, stamped, earlier_writes)


def _stamped(step: Any, number: int) -> Any:
    if isinstance(step, Delete):
        return step
    return replace(
        step, entities=tuple(replace(one, properties={**one.properties, "c": number}) for one in step.entities)
    )


@st.composite
def programs(draw: st.DrawFn, *, newer: bool) -> tuple[Any, ...]:
    """Some entities to begin with, then steps of all sorts, and queries of what has come of them.

    `newer` programs ask what Google's Datastore emulator does not know: OR, IN, NOT_IN, !=, and aggregations.
    """
    begin = draw(puts(least=3, most=7))
    ask = queries(newer=newer)
    if newer:
        ask |= aggregates()
    kinds = [puts(), deletes, gets, new_puts(), mutates(), transactions(newer=newer), collisions(), ask]
    steps = draw(st.lists(st.one_of(kinds), max_size=6))
    return (begin, *steps, *draw(st.lists(ask, min_size=1, max_size=5)))
