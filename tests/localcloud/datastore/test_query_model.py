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
from google.cloud.datastore.query import PropertyFilter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localcloud.datastore import plan

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
    key_filters: list[tuple[str, tuple[Any, ...]]]
    ancestor: tuple[Any, ...] | None
    order: list[str]


@st.composite
def queries(draw: st.DrawFn) -> Asked:
    order = draw(st.lists(names | st.just("__key__"), max_size=3, unique=True))
    if "__key__" in order:
        del order[order.index("__key__") + 1 :]
    return Asked(
        draw(st.lists(st.tuples(names, operators, scalars), max_size=3)),
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
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[operator]


def answer(entities: dict[tuple[Any, ...], dict[str, Any]], asked: Asked) -> list[tuple[Any, ...]]:
    """The paths of what the query finds, in order."""
    equal = {name for name, operator, _ in asked.filters if operator == "="}
    ranged = sorted({name for name, operator, _ in asked.filters if operator != "="})
    order = [(name.lstrip("-"), name.startswith("-")) for name in asked.order]
    down = order[-1][1] if order else False
    by_key = any(name == "__key__" for name, _ in order)
    ordered = {name for name, _ in order}
    if not by_key:
        order += [(name, down) for name in ranged if name not in ordered]
        order.append(("__key__", down))
    order = [(name, backwards) for name, backwards in order if name == "__key__" or name not in equal]

    rows = []
    for path, held in entities.items():
        values = {
            name: [rank(one) for one in (value if isinstance(value, list) else [value])] for name, value in held.items()
        }
        matching = {}
        for name in {*equal, *ranged, *(name for name, _ in order)} - {"__key__"}:
            bounds = [(op, rank(v)) for n, op, v in asked.filters if n == name and op != "="]
            matching[name] = [v for v in values.get(name, []) if all(compare(v, op, b) for op, b in bounds)]
        if (
            all(matching.values())
            and all(rank(v) in values[n] for n, op, v in asked.filters if op == "=")
            and all(compare(path_rank(path), op, path_rank(other)) for op, other in asked.key_filters)
            and (asked.ancestor is None or path[: len(asked.ancestor)] == asked.ancestor)
        ):
            rows.append((path, matching))
    for name, backwards in reversed(order):
        rows.sort(
            key=lambda row, name=name, backwards=backwards: (
                path_rank(row[0]) if name == "__key__" else (max if backwards else min)(row[1][name])
            ),
            reverse=backwards,
        )
    return [path for path, _ in rows]


@pytest.fixture(scope="module", params=["sort-a-filter", "filter-an-order"])
def model_client(request: pytest.FixtureRequest, address: str) -> Iterator[datastore.Client]:
    """A client; with few entities the planner sorts what a filter leaves, unless a single one is many to it."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "filter-an-order":
            patch.setattr(plan, "FEW", 1)
        yield datastore.Client(project="model")


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
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
