"""Random queries against a model: a few lines of plain Python that know nothing of indexes, bytes or SQL."""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from google.cloud import datastore
from google.cloud.datastore.query import Or, PropertyFilter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datastore_emulator.query import planner

EPOCH = datetime.datetime.fromtimestamp(0, datetime.timezone.utc)
_namespaces = itertools.count(1)

# Few values, so that filters find something and orders meet ties.
scalars = st.sampled_from(
    [
        None,
        -1,
        0,
        1,
        2**62,
        EPOCH,
        EPOCH + datetime.timedelta(microseconds=1),
        False,
        True,
        "",
        "a",
        "a\0",
        b"a",
        "b",
        b"\xff",
        -1.5,
        0.0,
        1.0,
        math.inf,
    ]
)
properties = st.dictionaries(
    st.sampled_from(["p", "q"]), scalars | st.lists(scalars, min_size=1, max_size=3), max_size=2
)
paths = st.sampled_from(
    [("K", 1), ("K", 2), ("K", 3), ("K", "x"), ("K", 1, "K", 1), ("K", 1, "K", 2), ("L", 1, "K", 1)]
)
operators = st.sampled_from(["=", "<", "<=", ">", ">="])
names = st.sampled_from(["p", "q"])


@dataclass(frozen=True)
class Asked:
    """A query, as drawn."""

    filters: list[tuple[str, str, Any]]
    either: list[tuple[str, str, Any]]
    """Of these one must hold, if there are any."""
    key_filters: list[tuple[str, tuple[Any, ...]]]
    ancestor: tuple[Any, ...] | None
    order: list[str]


@st.composite
def queries(draw: st.DrawFn) -> Asked:
    order = draw(st.lists(names | st.just("__key__"), max_size=3, unique=True))
    if "__key__" in order:
        del order[order.index("__key__") + 1 :]
    one_of = st.tuples(names, st.just("IN"), st.lists(scalars, min_size=1, max_size=3))
    plain = st.tuples(names, operators, scalars)
    other_than = st.tuples(names, st.just("!="), scalars)
    none_of = st.tuples(names, st.just("NOT_IN"), st.lists(scalars, min_size=1, max_size=3))
    kind_of_filter = draw(st.sampled_from(["plain", "alternatives", "negative", "both"]))
    filters, either = draw(st.lists(plain, max_size=3)), []
    if kind_of_filter in ("alternatives", "both"):
        filters = draw(st.lists(plain | one_of, max_size=1))
        either = draw(st.lists(plain | one_of, min_size=2, max_size=3))
    if kind_of_filter in ("negative", "both"):
        filters.append(draw(other_than if either else other_than | none_of))
    return Asked(
        filters,
        either,
        draw(st.lists(st.tuples(operators, paths), max_size=1)),
        draw(st.none() | st.sampled_from([("K", 1), ("L", 1)])),
        [draw(st.sampled_from(["", "-"])) + name for name in order],
    )


def rank(value: Any) -> tuple[Any, ...]:
    """The place of a value among all others."""
    if value is None:
        return (0,)
    if isinstance(value, bool):
        return (2, value)
    if isinstance(value, datetime.datetime):
        return (1, (value - EPOCH) // datetime.timedelta(microseconds=1))
    if isinstance(value, int):
        return (1, value)
    if isinstance(value, (str, bytes)):
        return (3, value.encode() if isinstance(value, str) else value)
    return (4, value)


def path_rank(path: tuple[Any, ...]) -> tuple[Any, ...]:
    """The place of a key among all others: kind by kind, ids before names."""
    return tuple((kind, isinstance(name, str), name) for kind, name in zip(path[::2], path[1::2], strict=True))


def compare(left: Any, operator: str, right: Any) -> bool:
    return {
        "=": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]


Conditions = list[tuple[str, str, Any]]


def branches(asked: Asked) -> list[Conditions]:
    """The conjunctions of which a result satisfies at least one, with ranks for values."""
    found: list[Conditions] = []
    for chosen in [[one] for one in asked.either] or [[]]:
        options: list[list[Conditions]] = []
        for name, operator, value in (*asked.filters, *chosen):
            if operator == "IN":
                options.append([[(name, "=", rank(one))] for one in value])
            elif operator == "NOT_IN":
                options.append([[(name, "!=", rank(one)) for one in value]])
            else:
                options.append([[(name, operator, rank(value))]])
        found += [list(itertools.chain(*parts)) for parts in itertools.product(*options)]
    return found


def order_of(asked: Asked, conjunctions: list[Conditions]) -> list[tuple[str, bool]]:
    """The whole order: what was asked for, and what breaks ties."""
    pinned = [{(name, value) for name, operator, value in one if operator == "="} for one in conjunctions]
    common = set.intersection(*pinned)
    equal = {name for name, _ in common} - {name for one in pinned for name, value in one - common}
    ranged = sorted({name for one in conjunctions for name, operator, _ in one if operator != "="})
    order = [(name.lstrip("-"), name.startswith("-")) for name in asked.order]
    down = order[-1][1] if order else False
    ordered = {name for name, _ in order}
    if "__key__" not in ordered:
        order += [(name, down) for name in ranged if name not in ordered]
        order.append(("__key__", down))
    return [(name, backwards) for name, backwards in order if name not in equal]


def match(
    path: tuple[Any, ...], values: dict[str, list[Any]], one: Conditions, order: list[tuple[str, bool]]
) -> list[Any] | None:
    """Return the ranks of an entity in each part of the order, None if the conjunction does not match it."""
    if not all(value in values.get(name, []) for name, operator, value in one if operator == "="):
        return None
    ranged = {name for name, operator, _ in one if operator != "="}
    place = []
    for name in ranged | {name for name, _ in order} - {"__key__"}:
        bounds = [(operator, value) for n, operator, value in one if n == name and operator != "="]
        if not any(all(compare(v, *bound) for bound in bounds) for v in values.get(name, [])):
            return None
    for name, backwards in order:
        if name == "__key__":
            place.append(path_rank(path))
            continue
        bounds = [(operator, value) for n, operator, value in one if n == name and operator != "="]
        # Without a range, the value that was asked for is the one that counts.
        bounds = bounds or [(operator, value) for n, operator, value in one if n == name][:1]
        held = [v for v in values[name] if all(compare(v, *bound) for bound in bounds)]
        place.append(max(held) if backwards else min(held))
    return place


def first(places: list[list[Any]], order: list[tuple[str, bool]]) -> list[Any]:
    """The first of several places in an order."""
    for number in reversed(range(len(order))):
        places = sorted(places, key=lambda place, number=number: place[number], reverse=order[number][1])
    return places[0]


def answer(entities: dict[tuple[Any, ...], dict[str, Any]], asked: Asked) -> list[tuple[Any, ...]]:
    """The paths of what the query finds, in order."""
    conjunctions = branches(asked)
    order = order_of(asked, conjunctions)
    ranged = {name for one in conjunctions for name, operator, _ in one if operator != "="}
    rows = []
    for path, held in entities.items():
        values = {
            name: [rank(one) for one in (value if isinstance(value, list) else [value])] for name, value in held.items()
        }
        places = [place for one in conjunctions if (place := match(path, values, one, order)) is not None]
        if (
            places
            # What one alternative compares, a result of another must have too.
            and ranged.issubset(values)
            and all(compare(path_rank(path), op, path_rank(other)) for op, other in asked.key_filters)
            and (asked.ancestor is None or path[: len(asked.ancestor)] == asked.ancestor)
        ):
            rows.append((path, first(places, order)))
    for number in reversed(range(len(order))):
        rows.sort(key=lambda row, number=number: row[1][number], reverse=order[number][1])
    return [path for path, _ in rows]


@pytest.fixture(scope="module", params=["sort-a-filter", "filter-an-order"])
def model_client(request: pytest.FixtureRequest, address: str) -> Iterator[datastore.Client]:
    """A client; with few entities the planner sorts what a filter leaves, unless a single one is many to it."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "filter-an-order":
            patch.setattr(planner, "FEW", 1)
        yield datastore.Client(project="model")


@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    entities=st.dictionaries(paths, properties, max_size=7),
    asked=st.lists(queries(), min_size=1, max_size=4),
    limit=st.integers(0, 4),
    offset=st.integers(0, 4),
)
def test_queries_agree_with_the_model(model_client, entities, asked, limit, offset):
    client = model_client
    client.namespace = f"n{next(_namespaces)}"
    batch = []
    for path, held in entities.items():
        entity = datastore.Entity(client.key(*path))
        entity.update(held)
        batch.append(entity)
    client.put_multi(batch)
    for one in asked:
        check(client, entities, one, limit, offset)


def check(client: datastore.Client, entities: dict[Any, Any], asked: Asked, limit: int, offset: int) -> None:
    def query() -> datastore.query.Query:
        made = client.query(kind="K", order=asked.order)
        if asked.ancestor:
            made.ancestor = client.key(*asked.ancestor)
        for name, operator, value in asked.filters:
            made.add_filter(filter=PropertyFilter(name, operator, value))
        if asked.either:
            made.add_filter(filter=Or([PropertyFilter(*one) for one in asked.either]))
        for operator, path in asked.key_filters:
            made.add_filter(filter=PropertyFilter("__key__", operator, client.key(*path)))
        return made

    def found(made: datastore.query.Query, **options: Any) -> list[tuple[Any, ...]]:
        return [entity.key.flat_path for entity in made.fetch(**options)]

    expected = answer({path: held for path, held in entities.items() if path[-2] == "K"}, asked)
    assert found(query()) == expected
    keys_only = query()
    keys_only.keys_only()
    assert found(keys_only, limit=limit, offset=offset) == expected[offset : offset + limit]
    page = query().fetch(limit=limit)
    assert [entity.key.flat_path for entity in page] == expected[:limit]
    cursor = page.next_page_token
    assert (cursor is not None) == (len(expected) > limit)
    if cursor:
        assert found(query(), start_cursor=cursor) == expected[limit:]
        assert found(query(), end_cursor=cursor, offset=offset) == expected[offset:limit]
