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

from datastore_emulator.encoding.keys import KEY
from datastore_emulator.query.cursors import Position
from datastore_emulator.query.filters import Conjunction, Range
from datastore_emulator.query.normal_form import NormalQuery, Term
from datastore_emulator.storage.database import CURRENT, Source, Storage

# Sorting this many rows takes a few milliseconds: about what a limited query may cost.
FEW = 2000


class Scan(NamedTuple):
    """A SELECT without LIMIT. Its rows are the entity's number, its key, then each property of `terms`.

    `walked` is what it reads of indexes: a property or KEY each, whether downwards, in the order of its walk.
    """

    sql: str
    parameters: list[object]
    walked: list[Term]


COUNT = "count_row"
"""The SQL function that a counted scan calls for each row of the index that it comes by."""


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
        for value in sorted(interval.excluded):
            self.add(f"{column} <> ?", value)

    def __str__(self) -> str:
        return " AND ".join(self.conditions)


def plan(
    storage: Storage,
    connection: sqlite3.Connection,
    query: NormalQuery,
    branch: Conjunction,
    start: Position | None = None,
    end: Position | None = None,
    *,
    source: Source = CURRENT,
    counted: bool = False,
) -> Scan | None:
    """Return the scan of what one branch of the query finds between two positions.

    None if it names what nothing was ever written to. A `counted` scan calls COUNT on its way.
    """
    numbers = _find_numbers(storage, connection, query, branch)
    if numbers is None:
        return None
    return _Planner(connection, query, branch, numbers, source).plan(start, end, counted)


def _find_numbers(
    storage: Storage, connection: sqlite3.Connection, query: NormalQuery, branch: Conjunction
) -> _Numbers | None:
    partition = storage.partitions.find(connection, *query.partition)
    if partition is None:
        return None
    if query.kind is None:
        return _Numbers(partition, None, {})
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
    return _Numbers(partition, kind, properties)


class _Planner:
    """The plan of one branch of a query on one source."""

    def __init__(
        self, connection: sqlite3.Connection, query: NormalQuery, branch: Conjunction, numbers: _Numbers, source: Source
    ) -> None:
        self._connection = connection
        self._query = query
        self._branch = branch
        self._numbers = numbers
        self._source = source
        self._cells = f"{source.schema}cells"
        # All branches together may sort so many.
        self._few = max(1, FEW // len(query.branches))

    def plan(self, start: Position | None, end: Position | None, counted: bool) -> Scan:
        """Return the scan between two positions."""
        query, branch = self._query, self._branch
        driver = self._choose_driver()
        where = _Where()
        if counted:
            where.add(f"{COUNT}(d.key)")
        where.add(driver.condition, *driver.parameters)
        where.within("d.key", branch.keys)
        if self._source.newest is not None:
            version = f"(SELECT v.version FROM {self._source.schema}entities AS v WHERE v.id = {driver.entity})"
            where.add(f"{version} <= ?", self._source.newest)
        tables = [f"{driver.table} AS d"]
        columns = {KEY: "d.key"}
        for term in query.terms:
            if term.name != KEY:
                columns[term.name] = self._add_column(where, tables, driver, term)
        for name, value in branch.equals:
            if not (driver.name == name and driver.parameters[-1] == value):
                self._require_cell(where, driver, name, Range(value, value))
        for name, interval in branch.ranges.items():
            if name not in columns:
                self._require_cell(where, driver, name, interval)
        for position, forward in ((start, True), (end, False)):
            if position:
                _bound(where, query.terms, columns, position, forward)
        selected = ", ".join((driver.entity, *columns.values()))
        order = ", ".join(columns[term.name] + (" DESC" if term.descending else "") for term in query.terms)
        sql = f"SELECT {selected} FROM {' CROSS JOIN '.join(tables)} WHERE {where} ORDER BY {order}"
        return Scan(sql, where.parameters, self._describe(driver))

    def _describe(self, driver: _Driver) -> list[Term]:
        directions = dict(self._query.terms)
        names = dict.fromkeys([driver.name] if driver.name else [])
        names.update(dict.fromkeys(name for name, _ in self._branch.equals))
        names.update(dict.fromkeys(term.name for term in self._query.terms if term.name != KEY))
        names.update(dict.fromkeys(self._branch.ranges))
        return [Term(name, directions.get(name, False)) for name in (*names, KEY)]

    def _choose_driver(self) -> _Driver:
        numbers, schema = self._numbers, self._source.schema
        query, branch = self._query, self._branch
        if numbers.kind is None:
            return _Driver(f"{schema}entities", "d.partition = ?", [numbers.partition], "d.id")
        by_key = _Driver(f"{schema}entities", "d.kind = ?", [numbers.kind], "d.id")
        postings = f"{schema}postings"
        selective = [
            _Driver(postings, "d.property = ? AND d.value = ?", [numbers.properties[name], value], "d.entity", name)
            for name, value in branch.equals
        ]
        if branch.keys:
            selective.append(by_key)
        first = query.terms[0].name
        if first == KEY:
            # Each of these walks in the order of keys.
            ordered = by_key
        else:
            ordered = _Driver(postings, "d.property = ?", [numbers.properties[first]], "d.entity", first)
        if len(selective) < (2 if first == KEY else 1):
            return selective[0] if selective else ordered
        counts = [self._count(driver) for driver in selective]
        fewest = min(counts)
        if first != KEY and (
            (query.limit is not None and fewest >= self._few)
            or (first in branch.ranges and self._count(ordered) <= fewest)
        ):
            return ordered
        return selective[counts.index(fewest)]

    def _count(self, driver: _Driver) -> int:
        where = _Where()
        where.add(driver.condition, *driver.parameters)
        where.within("d.key", self._branch.keys)
        if driver.name in self._branch.ranges and len(driver.parameters) == 1:
            where.within("d.value", self._branch.ranges[driver.name])
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {driver.table} AS d WHERE {where} LIMIT {self._few})"
        count: int = self._connection.execute(sql, where.parameters).fetchone()[0]
        return count

    def _add_column(self, where: _Where, tables: list[str], driver: _Driver, term: Term) -> str:
        """Return the column that has the term's value, joined to the driver if that does not have it itself.

        An entity with several values stands where the first of those in the query's range puts it, unless the
        query asks for all of them.
        """
        interval = self._branch.ranges.get(term.name, Range())
        number = self._numbers.properties[term.name]
        # What a driver that walks one value gives is the term's value only if there can be no other.
        pinned = len(driver.parameters) == 1 or interval.low == interval.high == driver.parameters[-1]
        if term.name == driver.name and pinned:
            column, single = "d.value", "d.many = 0 OR "
        else:
            alias = f"c{len(tables)}"
            column, single = f"{alias}.value", ""
            # CROSS JOIN keeps SQLite from walking these instead of the driver.
            tables.append(f"{self._cells} AS {alias}")
            where.add(f"{alias}.entity = {driver.entity}")
            where.add(f"{alias}.property = ?", number)
        where.within(column, interval)
        if not self._query.expanded:
            other = _Where()
            other.add(f"x.entity = {driver.entity}")
            other.add("x.property = ?", number)
            if term.descending:
                other.add(f"x.value > {column}")
                beyond = Range(high=interval.high, high_included=interval.high_included, excluded=interval.excluded)
            else:
                other.add(f"x.value < {column}")
                beyond = Range(low=interval.low, low_included=interval.low_included, excluded=interval.excluded)
            other.within("x.value", beyond)
            where.add(f"({single}NOT EXISTS (SELECT 1 FROM {self._cells} AS x WHERE {other}))", *other.parameters)
        return column

    def _require_cell(self, where: _Where, driver: _Driver, name: str, interval: Range) -> None:
        cell = _Where()
        cell.add(f"x.entity = {driver.entity}")
        cell.add("x.property = ?", self._numbers.properties[name])
        cell.within("x.value", interval)
        where.add(f"EXISTS (SELECT 1 FROM {self._cells} AS x WHERE {cell})", *cell.parameters)


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
