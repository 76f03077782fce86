"""What Cloud NDB refuses is found in the text, and Cloud NDB refuses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from google.cloud import ndb

from codelab.assess import Area, Destination, Verdict
from codelab.assess.cloud_ndb import PREFIX
from tests.codelab.assess.apps import COURSE, PYTHON27, assess_app, places
from tests.docs.porting.tables import rows

IMPORT = "from google.appengine.ext import ndb\n"
PAGE = (COURSE.root / "docs" / "assess.md").read_text(encoding="utf-8")
WAYS = {
    "ndb.StringProperty(indexed=False)": "StringProperty(indexed=False)",
    "ndb.model.StringProperty('a', indexed=False)": "StringProperty(indexed=False)",
    "ndb.TextProperty(indexed=True)": "properties that cannot be indexed",
    "ndb.LocalStructuredProperty(A, indexed=True)": "properties that cannot be indexed",
    "ndb.JsonProperty(compressed=True, indexed=True)": "properties that cannot be indexed",
    "ndb.UserProperty(auto_current_user_add=True)": "auto_current_user",
    "A.query().fetch(batch_size=5)": "options of queries",
    "A.query().map(f, merge_future=g)": "options of queries",
    "a.put(max_memcache_items=5)": "options of calls",
    "A.get_or_insert('a', timeout=5)": "options of get_or_insert",
    "A.allocate_ids(max=5)": "allocate_ids(max)",
    "ndb.transaction(f, propagation=ndb.TransactionOptions.NESTED)": "nested transactions",
    "ndb.get_context().memcache_incr('a')": "the context's Memcache",
    "key.to_old_key()": "keys of ext.db",
    "ndb.blobstore.BlobInfo.get('a')": "blobs",
    "ndb.get_indexes()": "get_indexes",
    "ndb.MultiFuture()": "parts that are gone",
    "ndb.metadata.get_entity_group_version(key)": "parts that are gone",
}
STAYS = (
    "ndb.StringProperty(indexed=True)",
    "ndb.IntegerProperty(indexed=False)",
    "ndb.JsonProperty(compressed=True)",
    "A.query().fetch(10)",
    "A.get_or_insert('a', title='b')",
    "ndb.transaction(f, xg=True)",
)


def test_what_cloud_ndb_refuses_is_found(tmp_path: Path) -> None:
    text = IMPORT + "".join(f"{line}\n" for line in WAYS)

    findings = assess_app(tmp_path, {"main.py": text}).of(Area.SERVICE)

    found = {(place.line, finding.name) for finding in findings for place in finding.places}
    assert {(line, PREFIX + row) for line, row in enumerate(WAYS.values(), 2)} - found == set()


def test_what_cloud_ndb_takes_is_no_finding(tmp_path: Path) -> None:
    text = IMPORT + "".join(f"{line}\n" for line in STAYS)

    assert set(places(assess_app(tmp_path, {"main.py": text}), Area.SERVICE)) == {"ext.ndb"}


def test_the_arguments_of_another_library_are_no_finding(tmp_path: Path) -> None:
    text = "from google.appengine.ext import db\nA.all().fetch(5, batch_size=5)\ntable.StringProperty(indexed=False)\n"

    assert set(places(assess_app(tmp_path, {"main.py": text}), Area.SERVICE)) == {"ext.db"}


def test_each_row_of_the_page_is_found_by_a_line() -> None:
    names = {row[0].strip("`") for row in rows(PAGE, "### What Cloud NDB refuses")}

    assert names == set(WAYS.values())


def test_it_stays_on_app_engine_and_is_no_stop_of_its_own(tmp_path: Path) -> None:
    files = {"app.yaml": PYTHON27, "main.py": IMPORT + "ndb.StringProperty(indexed=False)\n"}

    here, there = (assess_app(tmp_path, files, place) for place in (Destination.APP_ENGINE, Destination.CLOUD_RUN))

    name = PREFIX + "StringProperty(indexed=False)"
    verdicts = [
        next(f for f in each.of(Area.SERVICE) if f.name == name).advice.verdict(each.destination)
        for each in (here, there)
    ]
    assert verdicts == [Verdict.STAYS, Verdict.CHANGE]
    assert not [stop for stop in there.route if stop.title.startswith("Replace")]


class A(ndb.Model):
    """A model for the calls below."""


REFUSED: dict[str, Callable[[], object]] = {
    "StringProperty(indexed=False)": lambda: ndb.StringProperty(indexed=False),
    "properties that cannot be indexed": lambda: ndb.TextProperty(indexed=True),
    "auto_current_user": lambda: ndb.UserProperty(auto_current_user=True),
    "options of queries": lambda: A.query().fetch(batch_size=5),
    "options of calls": lambda: A().put(max_memcache_items=5),
    "options of get_or_insert": lambda: A.get_or_insert("a", timeout=5),
    "allocate_ids(max)": lambda: A.allocate_ids(max=5),
    "nested transactions": lambda: ndb.transaction(lambda: ndb.transaction(lambda: 1)),
    "the context's Memcache": lambda: ndb.get_context().memcache_incr("a"),
    "keys of ext.db": lambda: ndb.Key("A", 1).to_old_key(),
    "get_indexes": ndb.get_indexes,
    "parts that are gone": ndb.make_connection,
}


@pytest.mark.parametrize("row", REFUSED)
def test_cloud_ndb_refuses_it(ndb_client: ndb.Client, row: str) -> None:
    with ndb_client.context(), pytest.raises(NotImplementedError):
        REFUSED[row]()
