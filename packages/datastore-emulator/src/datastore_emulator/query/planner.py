"""Plan a query in normal form: SQL statements whose rows are its results, in order.

There is one statement, a scan, for each branch of the query and each source. A scan walks one index, its driver, and
looks up in `cells` what else the query requires of each row. The postings of a property are in the query's order, so
that a limited query stops early. An equality filter or a range of keys becomes the driver instead if it leaves few
enough rows to sort.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from datastore_emulator.encoding.keys import KEY
from datastore_emulator.query.cursors import Cursors, Position
from datastore_emulator.query.filters import Conjunction
from datastore_emulator.query.normal_form import NormalQuery
from datastore_emulator.query.scans import BranchIds, BranchPlanner, Scan
from datastore_emulator.storage import CURRENT, Snapshot, Storage, TableSource, history

# Sorting this many rows takes a few milliseconds: about what a limited query may cost.
FEW = 2000


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """The scans that find a query's results between its cursors, and those that find what is after the end cursor."""

    query: NormalQuery
    sources: Sequence[TableSource]
    cursors: Cursors
    start: Position | None
    end: Position | None
    scans: Sequence[Scan]
    scans_after_end: Sequence[Scan]
    columns: Mapping[str, int]
    """The column of each term in a row; column 0 is the entity's number and column 1 its key."""


def plan_query(storage: Storage, snapshot: Snapshot, query: NormalQuery, *, counted: bool = False) -> QueryPlan:
    """Return the plan of a query on a snapshot; the scans of a `counted` plan call COUNT_ROW."""
    sources: tuple[TableSource, ...] = (CURRENT,)
    if snapshot.past is not None:
        sources = history.open_sources(storage, snapshot, query.partition, query.kind)
    cursors = Cursors(query.terms)
    start = cursors.decode(query.start) if query.start else None
    end = cursors.decode(query.end) if query.end else None
    connection = snapshot.connection
    branches = list(_plan_branches(storage, connection, query, sources))
    names = (KEY, *(term.name for term in query.terms if term.name != KEY))
    return QueryPlan(
        query,
        sources,
        cursors,
        start,
        end,
        scans=[branch.scan(start, end, counted) for branch in branches],
        scans_after_end=[branch.scan(end, None, counted) for branch in branches] if end else (),
        columns={name: column for column, name in enumerate(names, start=1)},
    )


def _plan_branches(
    storage: Storage, connection: sqlite3.Connection, query: NormalQuery, sources: Sequence[TableSource]
) -> Iterator[BranchPlanner]:
    # All branches together may sort so many.
    few = max(1, FEW // len(query.branches))
    for source, branch in itertools.product(sources, query.branches):
        ids = _find_ids(storage, connection, query, branch)
        # Without them, the branch names something that was never written.
        if ids is not None:
            yield BranchPlanner(connection, query, branch, ids, source, few)


def _find_ids(
    storage: Storage, connection: sqlite3.Connection, query: NormalQuery, branch: Conjunction
) -> BranchIds | None:
    partition = storage.partitions.find(connection, *query.partition)
    if partition is None:
        return None
    if query.kind is None:
        return BranchIds(partition, None, {})
    kind = storage.kinds.find(connection, partition, query.kind)
    if kind is None:
        return None
    names = {term.name for term in query.terms if term.name != KEY}
    names.update(branch.ranges, (name for name, _ in branch.equals))
    properties: dict[str, int] = {}
    for name in names:
        number = storage.properties.find(connection, kind, name)
        if number is None:
            return None
        properties[name] = number
    return BranchIds(partition, kind, properties)
