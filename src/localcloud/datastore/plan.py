"""From a query in normal form to one SQL statement whose rows are its results, in order.

A statement has one driver, the index it walks, and looks up in `cells` what else the query asks of each row. The
walk along a property's postings comes in the query's order, so that a limited query stops early; an equality filter
or a range of keys is taken as the driver instead when it leaves few enough rows to sort.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from localcloud.datastore.cursors import Position
from localcloud.datastore.query import KEY, Query, Range, Term
from localcloud.datastore.storage import Storage

# Sorting this many rows takes a few milliseconds: about what a limited query may cost.
FEW = 2000


class Scan(NamedTuple):
    """A SELECT without LIMIT. Its rows are the entity's number, its key, then each property of `terms`."""

    sql: str
    parameters: list[object]


class _Driver(NamedTuple):
    """The index to walk: `condition` fixes its leading columns; `name` is the property whose values it gives."""

    table: str
    condition: str
    parameters: list[object]
    entity: str
    name: str | None = None


class _Numbers(NamedTuple):
    """The dictionary's numbers for what a query names; no kind in a kindless one."""

    partition: int
    kind: int | None
    properties: dict[str, int]


@dataclass(slots=True)
class _Where:
    conditions: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)

    def add(self, condition: str, *parameters: object) -> None:
        self.conditions.append(condition)
        self.parameters += parameters

    def within(self, column: str, interval: Range) -> None:
        if interval.low is not None:
            self.add(f"{column} {'>=' if interval.low_included else '>'} ?", interval.low)
        if interval.high is not None:
            self.add(f"{column} {'<=' if interval.high_included else '<'} ?", interval.high)

    def __str__(self) -> str:
        return " AND ".join(self.conditions)


def plan(
    storage: Storage,
    connection: sqlite3.Connection,
    query: Query,
    start: Position | None = None,
    end: Position | None = None,
) -> Scan | None:
    """Return the scan of the query's results between two positions; None if it names what nothing was written to."""
    numbers = _find_numbers(storage, connection, query)
    if numbers is None:
        return None
    driver = _choose_driver(connection, query, numbers)
    where = _Where()
    where.add(driver.condition, *driver.parameters)
    where.within("d.key", query.keys)
    tables = [f"{driver.table} AS d"]
    columns = {KEY: "d.key"}
    for term in query.terms:
        if term.name != KEY:
            columns[term.name] = _add_column(where, tables, driver, query, term, numbers.properties[term.name])
    for name, value in query.equals:
        if not (driver.name == name and driver.parameters[-1] == value):
            _require_cell(where, driver, numbers.properties[name], Range(value, value))
    for name, interval in query.ranges.items():
        if name not in columns:
            _require_cell(where, driver, numbers.properties[name], interval)
    for position, forward in ((start, True), (end, False)):
        if position:
            _bound(where, query.terms, columns, position, forward)
    selected = ", ".join((driver.entity, *columns.values()))
    order = ", ".join(columns[term.name] + (" DESC" if term.descending else "") for term in query.terms)
    sql = f"SELECT {selected} FROM {' CROSS JOIN '.join(tables)} WHERE {where} ORDER BY {order}"
    return Scan(sql, where.parameters)


def _find_numbers(storage: Storage, connection: sqlite3.Connection, query: Query) -> _Numbers | None:
    partition = storage.partitions.find(connection, *query.partition)
    if partition is None:
        return None
    if query.kind is None:
        return _Numbers(partition, None, {})
    kind = storage.kinds.find(connection, partition, query.kind)
    if kind is None:
        return None
    names = {term.name for term in query.terms if term.name != KEY}
    names.update(query.ranges, (name for name, _ in query.equals))
    properties: dict[str, int] = {}
    for name in names:
        number = storage.properties.find(connection, kind, name)
        if number is None:
            return None
        properties[name] = number
    return _Numbers(partition, kind, properties)


def _choose_driver(connection: sqlite3.Connection, query: Query, numbers: _Numbers) -> _Driver:
    if numbers.kind is None:
        return _Driver("entities", "d.partition = ?", [numbers.partition], "d.id")
    by_key = _Driver("entities", "d.kind = ?", [numbers.kind], "d.id")
    selective = [
        _Driver("postings", "d.property = ? AND d.value = ?", [numbers.properties[name], value], "d.entity", name)
        for name, value in query.equals
    ]
    if query.keys:
        selective.append(by_key)
    first = query.terms[0].name
    if first == KEY:
        # Each of these walks in the order of keys.
        ordered = by_key
    else:
        ordered = _Driver("postings", "d.property = ?", [numbers.properties[first]], "d.entity", first)
    if len(selective) < (2 if first == KEY else 1):
        return selective[0] if selective else ordered
    counts = [_count(connection, driver, query) for driver in selective]
    fewest = min(counts)
    if first != KEY and (
        (query.limit is not None and fewest >= FEW)
        or (first in query.ranges and _count(connection, ordered, query) <= fewest)
    ):
        return ordered
    return selective[counts.index(fewest)]


def _count(connection: sqlite3.Connection, driver: _Driver, query: Query) -> int:
    where = _Where()
    where.add(driver.condition, *driver.parameters)
    where.within("d.key", query.keys)
    if driver.name in query.ranges and len(driver.parameters) == 1:
        where.within("d.value", query.ranges[driver.name])
    sql = f"SELECT count(*) FROM (SELECT 1 FROM {driver.table} AS d WHERE {where} LIMIT {FEW})"
    count: int = connection.execute(sql, where.parameters).fetchone()[0]
    return count


def _add_column(where: _Where, tables: list[str], driver: _Driver, query: Query, term: Term, number: int) -> str:
    """Return the column that has the term's value, joined to the driver if that does not have it itself.

    An entity with several values stands where the first of those in the query's range puts it, unless the query
    asks for all of them.
    """
    interval = query.ranges.get(term.name, Range())
    if term.name == driver.name:
        column, single = "d.value", "d.many = 0 OR "
    else:
        alias = f"c{len(tables)}"
        column, single = f"{alias}.value", ""
        # CROSS JOIN keeps SQLite from walking these instead of the driver.
        tables.append(f"cells AS {alias}")
        where.add(f"{alias}.entity = {driver.entity}")
        where.add(f"{alias}.property = ?", number)
    where.within(column, interval)
    if not query.expanded:
        other = _Where()
        other.add(f"x.entity = {driver.entity}")
        other.add("x.property = ?", number)
        if term.descending:
            other.add(f"x.value > {column}")
            other.within("x.value", Range(high=interval.high, high_included=interval.high_included))
        else:
            other.add(f"x.value < {column}")
            other.within("x.value", Range(low=interval.low, low_included=interval.low_included))
        where.add(f"({single}NOT EXISTS (SELECT 1 FROM cells AS x WHERE {other}))", *other.parameters)
    return column


def _require_cell(where: _Where, driver: _Driver, number: int, interval: Range) -> None:
    cell = _Where()
    cell.add(f"x.entity = {driver.entity}")
    cell.add("x.property = ?", number)
    cell.within("x.value", interval)
    where.add(f"EXISTS (SELECT 1 FROM cells AS x WHERE {cell})", *cell.parameters)


def _bound(where: _Where, terms: Sequence[Term], columns: dict[str, str], position: Position, forward: bool) -> None:
    """Keep what comes after the position (`forward`), or what comes before it."""
    included = position.after != forward
    values = position.values
    if not values:
        # The beginning, or the end of the turned order: either everything lies on one side of it, or nothing.
        if forward != position.after:
            where.add("0")
        return
    equals = "=" if included else ""
    if len({term.descending for term in terms}) == 1:
        # One comparison of rows, which SQLite can begin the walk with.
        sign = ">" if terms[0].descending != forward else "<"
        row = ", ".join(columns[term.name] for term in terms)
        marks = ", ".join("?" for _ in terms)
        where.add(f"({row}) {sign}{equals} ({marks})", *values)
        return
    condition = ""
    parameters: list[object] = []
    for term, value in reversed(list(zip(terms, values, strict=True))):
        sign = ">" if term.descending != forward else "<"
        column = columns[term.name]
        if condition:
            condition = f"({column} {sign} ? OR ({column} = ? AND {condition}))"
            parameters = [value, value, *parameters]
        else:
            condition = f"{column} {sign}{equals} ?"
            parameters = [value]
    # The first term once more by itself, for the walk to begin with.
    sign = ">=" if terms[0].descending != forward else "<="
    where.add(f"{columns[terms[0].name]} {sign} ?", values[0])
    where.add(condition, *parameters)
