"""Module 3's table of calls: each row does the same with Cloud NDB and with Cloud Datastore."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from google.cloud import datastore, ndb
from google.cloud.datastore.query import PropertyFilter

from datastore_emulator import serve
from tests.support.course import ROOT

PROJECT = "demo"
TIME = datetime(2026, 1, 1, 12)
README = (ROOT / "mod3-datastore" / "README.md").read_text()
_, _, BELOW = README.partition("| Cloud NDB | Cloud Datastore | note |\n|---|---|---|\n")
ROWS = [
    [re.findall("`([^`]+)`", cell) for cell in row.split(" | ")[:2]] for row in BELOW.partition("\n\n")[0].split("\n")
]


def define_visit() -> type[ndb.Model]:
    """Define the model, and so make it the one that NDB reads a Visit into: another test may have defined its own."""

    class Place(ndb.Model):
        city = ndb.StringProperty()

    class Visit(ndb.Model):
        visitor = ndb.TextProperty()
        timestamp = ndb.DateTimeProperty()
        tags = ndb.StringProperty(repeated=True)
        data = ndb.JsonProperty()
        place = ndb.StructuredProperty(Place)
        home = ndb.LocalStructuredProperty(Place)
        count = ndb.IntegerProperty(default=0)

    return Visit


@pytest.fixture(autouse=True)
def store(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with serve() as server:
        monkeypatch.setenv("DATASTORE_EMULATOR_HOST", server.address)
        yield


def fill(model: type[ndb.Model]) -> None:
    """Store visits 1 to 4 and no others by NDB, an hour apart. Visit 1 has no count: the model had none yet."""
    client = datastore.Client(project=PROJECT)
    client.delete_multi([visit.key for visit in client.query(kind="Visit").fetch()])
    with ndb.Client(project=PROJECT).context():
        ndb.put_multi(
            model(
                id=number,
                visitor="Ann",
                timestamp=TIME.replace(hour=number),
                tags=["new", "seen"],
                data={"pages": [1, 2]},
                place={"city": "Rome"},
                home={"city": "Oslo"},
            )
            for number in range(1, 5)
        )
    first = client.get(client.key("Visit", 1))
    del first["count"]
    client.put(first)


def run_by_ndb(model: type[ndb.Model], code: list[str]) -> Any:
    with ndb.Client(project=PROJECT).context():
        key = ndb.Key("Visit", 1)
        names = {
            "ndb": ndb,
            "Visit": model,
            "key": key,
            "keys": [key, ndb.Key("Visit", 99), ndb.Key("Visit", 2)],
            "text": key.urlsafe(),
            "visit": key.get(use_cache=False),
            "visits": [model(id=7), model(id=8)],
            "time": TIME.replace(hour=2),
            "query": model.query().order(-model.timestamp),
        }
        return comparable(run(code, names))


def run_by_datastore(code: list[str]) -> Any:
    client = datastore.Client(project=PROJECT)
    key = client.key("Visit", 1)
    names = {
        "datastore": datastore,
        "json": json,
        "PropertyFilter": PropertyFilter,
        "client": client,
        "key": key,
        "keys": [key, client.key("Visit", 99), client.key("Visit", 2)],
        "text": key.to_legacy_urlsafe(),
        "visit": client.get(key),
        "visits": [datastore.Entity(client.key("Visit", number)) for number in (7, 8)],
        "time": TIME.replace(hour=2, tzinfo=timezone.utc),
        "query": client.query(kind="Visit", order=["-timestamp"]),
    }
    return comparable(run(code, names))


def run(code: list[str], names: dict[str, Any]) -> Any:
    """Run lines of code, and return the value of the last one."""
    *before, last = code
    for line in before:
        exec(line, names)
    return eval(last, names)


def comparable(value: Any) -> Any:
    """Return the value without what makes the libraries' objects differ. A missing entity in a list is left out."""
    if isinstance(value, ndb.Key):
        return value.kind(), value.id()
    if isinstance(value, datastore.Key):
        return value.kind, value.id_or_name
    if isinstance(value, (ndb.Model, datastore.Entity)):
        return comparable(value.key)
    if isinstance(value, (ndb.Query, datastore.query.Query)):
        value = list(value.fetch())
    if isinstance(value, (list, tuple)):
        return [comparable(one) for one in value if one is not None and one is not True]
    return value.urlsafe() if isinstance(value, ndb.Cursor) else value


def stored() -> set[Any]:
    """Return the keys of the visits that are stored now."""
    return set(map(tuple, comparable(list(datastore.Client(project=PROJECT).query(kind="Visit").fetch()))))


@pytest.mark.parametrize(("by_ndb", "by_datastore"), ROWS, ids=["; ".join(by_ndb) for by_ndb, _ in ROWS])
def test_row_does_the_same_with_both_libraries(by_ndb: list[str], by_datastore: list[str]) -> None:
    model = define_visit()
    fill(model)
    expected, left = run_by_ndb(model, by_ndb), stored()
    fill(model)
    found = run_by_datastore(by_datastore)
    assert stored() == left
    # A put and a delete of Cloud Datastore return nothing; NDB's return keys, or nothing for each.
    assert found == expected or (found is None and by_ndb[0].startswith(("ndb.put_multi(", "key.delete(")))


def test_table_has_the_calls_of_the_sample() -> None:
    assert len(ROWS) > 15
