"""Plan the scans of one branch of a query: choose the index to walk, and write the SELECT."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from datastore_emulator.encoding.keys import KEY
from datastore_emulator.query.cursors import Position
from datastore_emulator.query.filters import ANY, Conjunction, Range
from datastore_emulator.query.normal_form import NormalQuery, Term
from datastore_emulator.storage import TableSource

COUNT_ROW = "count_row"
"""The SQL function that a counted scan calls for each row of its driver."""


@dataclass(frozen=True, slots=True)
class Scan:
    """A SELECT without LIMIT. The columns of its rows are those of the plan."""

    source: TableSource
    sql: str
    parameters: Sequence[object]
    index: Sequence[Term]
    """Properties or KEY that a counted scan reads from indexes, in the order in which it uses them."""


@dataclass(frozen=True, slots=True)
class BranchIds:
    """The numbers of the names in a branch; a kindless query has no kind."""

    partition: int
    kind: int | None
    properties: Mapping[str, int]


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


@dataclass(frozen=True, slots=True)
class _Driver:
    """An index to walk, in the order of the columns after its `leading` ones, which are fixed."""

    table: str
    entity: str
    """The column with the entity's number."""
    leading: Mapping[str, object]
    property: str | None = None
    """The property whose values the index has, None for an index of keys."""
    value: bytes | None = None
    """The value of the property if it is fixed too."""

    def restrict(self, where: _Where, keys: Range) -> None:
        """Add the conditions for the rows to walk."""
        for column, value in self.leading.items():
            where.add(f"{column} = ?", value)
        where.within("d.key", keys)

    def gives(self, name: str, interval: Range) -> bool:
        """Return whether a row has the one value by which its entity is ordered, from this interval.

        With a fixed value that is so only if the interval has no other.
        """
        return self.property == name and (self.value is None or interval.low == interval.high == self.value)


class BranchPlanner:
    """Plans the scans of one branch of a query on one source.

    It sorts fewer than `few` rows where a limited query could read an index in order instead.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        query: NormalQuery,
        branch: Conjunction,
        ids: BranchIds,
        source: TableSource,
        few: int,
    ) -> None:
        self._connection = connection
        self._query = query
        self._branch = branch
        self._ids = ids
        self._source = source
        self._cells = f"{source.schema}cells"
        self._few = few
        self._driver = self._choose_driver()

    def scan(self, start: Position | None, end: Position | None, counted: bool) -> Scan:
        """Return the scan between two positions."""
        query, branch, driver = self._query, self._branch, self._driver
        where = _Where()
        if counted:
            where.add(f"{COUNT_ROW}(d.key)")
        driver.restrict(where, branch.keys)
        if self._source.newest is not None:
            version = f"(SELECT v.version FROM {self._source.schema}entities AS v WHERE v.id = {driver.entity})"
            where.add(f"{version} <= ?", self._source.newest)
        tables = [f"{driver.table} AS d"]
        columns = {KEY: "d.key"}
        for term in query.terms:
            if term.name != KEY:
                columns[term.name] = self._add_column(where, tables, term)
        for name, value in branch.equals:
            if (name, value) != (driver.property, driver.value):
                self._require_value(where, name, Range(value, value))
        for name, interval in branch.ranges.items():
            if name not in columns:
                self._require_value(where, name, interval)
        if start:
            _bound(where, query.terms, columns, start, forward=True)
        if end:
            _bound(where, query.terms, columns, end, forward=False)
        selected = ", ".join((driver.entity, *columns.values()))
        order = ", ".join(columns[term.name] + (" DESC" if term.descending else "") for term in query.terms)
        sql = f"SELECT {selected} FROM {' CROSS JOIN '.join(tables)} WHERE {where} ORDER BY {order}"
        return Scan(self._source, sql, where.parameters, self._describe_index() if counted else ())

    def _describe_index(self) -> list[Term]:
        directions = dict(self._query.terms)
        names = dict.fromkeys([self._driver.property] if self._driver.property else [])
        names.update(dict.fromkeys(name for name, _ in self._branch.equals))
        names.update(dict.fromkeys(term.name for term in self._query.terms if term.name != KEY))
        names.update(dict.fromkeys(self._branch.ranges))
        return [Term(name, directions.get(name, False)) for name in (*names, KEY)]

    def _choose_driver(self) -> _Driver:
        query, branch = self._query, self._branch
        if self._ids.kind is None:
            return self._walk_keys({"d.partition": self._ids.partition})
        by_key = self._walk_keys({"d.kind": self._ids.kind})
        selective = [self._walk_property(name, value) for name, value in branch.equals]
        if branch.keys:
            selective.append(by_key)
        first = query.terms[0].name
        # For an order by keys, each of the selective ones is in order too.
        ordered = by_key if first == KEY else self._walk_property(first)
        if not selective or (first == KEY and len(selective) == 1):
            return selective[0] if selective else ordered
        counts = [self._count(driver) for driver in selective]
        fewest = min(counts)
        too_many = query.limit is not None and fewest >= self._few
        if first != KEY and (too_many or (first in branch.ranges and self._count(ordered) <= fewest)):
            return ordered
        return selective[counts.index(fewest)]

    def _walk_keys(self, leading: Mapping[str, object]) -> _Driver:
        return _Driver(f"{self._source.schema}entities", "d.id", leading)

    def _walk_property(self, name: str, value: bytes | None = None) -> _Driver:
        leading: dict[str, object] = {"d.property": self._ids.properties[name]}
        if value is not None:
            leading["d.value"] = value
        return _Driver(f"{self._source.schema}postings", "d.entity", leading, name, value)

    def _count(self, driver: _Driver) -> int:
        """Return how many rows the driver walks, `few` at most."""
        where = _Where()
        if driver.property and driver.value is None:
            # Keys are in order for one value only. A walk of several values passes over the rows of all other keys.
            driver.restrict(where, ANY)
            where.within("d.value", self._branch.ranges.get(driver.property, ANY))
        else:
            driver.restrict(where, self._branch.keys)
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {driver.table} AS d WHERE {where} LIMIT {self._few})"
        count: int = self._connection.execute(sql, where.parameters).fetchone()[0]
        return count

    def _add_column(self, where: _Where, tables: list[str], term: Term) -> str:
        """Return the column with the term's value, joined to the driver if that does not have it itself.

        An entity with several values takes the position of the first of those in the query's range, unless the query
        is expanded.
        """
        driver = self._driver
        interval = self._branch.ranges.get(term.name, ANY)
        number = self._ids.properties[term.name]
        if driver.gives(term.name, interval):
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

    def _require_value(self, where: _Where, name: str, interval: Range) -> None:
        """Require that the entity has a value of the property in the interval."""
        cell = _Where()
        cell.add(f"x.entity = {self._driver.entity}")
        cell.add("x.property = ?", self._ids.properties[name])
        cell.within("x.value", interval)
        where.add(f"EXISTS (SELECT 1 FROM {self._cells} AS x WHERE {cell})", *cell.parameters)


def _bound(
    where: _Where, terms: Sequence[Term], columns: Mapping[str, str], position: Position, *, forward: bool
) -> None:
    """Keep what comes after the position (`forward`), or what comes before it."""
    included = position.after != forward
    values = position.values
    if not values:
        # The beginning, or the end of the opposite order: either everything is on one side of it, or nothing.
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
