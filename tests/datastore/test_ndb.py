"""google-cloud-ndb, as the sample apps use it."""

from __future__ import annotations

import datetime

import pytest
from google.cloud import ndb

pytestmark = pytest.mark.usefixtures("ndb_context")


class Visit(ndb.Model):
    """The samples' entity."""

    visitor = ndb.StringProperty()
    timestamp = ndb.DateTimeProperty(auto_now_add=True)

    @classmethod
    def _get_kind(cls):
        return "NdbVisit"  # Cloud NDB knows one class of a kind in a process, and other tests have a Visit


class Address(ndb.Model):
    city = ndb.StringProperty()


class Person(ndb.Model):
    name = ndb.StringProperty()
    tags = ndb.StringProperty(repeated=True)
    home = ndb.StructuredProperty(Address)
    notes = ndb.TextProperty()
    extra = ndb.JsonProperty()
    boss = ndb.KeyProperty()


def _visits(count: int) -> None:
    start = datetime.datetime(2026, 1, 1)
    ndb.put_multi([Visit(visitor=f"v{n}", timestamp=start + datetime.timedelta(microseconds=n)) for n in range(count)])


def test_the_ten_newest_visits_are_listed_newest_first():
    _visits(12)
    found = Visit.query().order(-Visit.timestamp).fetch(10)
    assert [visit.visitor for visit in found] == [f"v{n}" for n in range(11, 1, -1)]


def test_a_visit_is_listed_at_once():
    Visit(visitor="now").put()
    assert Visit.query().get().visitor == "now"


def test_a_model_comes_back_as_it_was():
    values = {
        "name": "Ann",
        "tags": ["a", "b"],
        "home": Address(city="Oslo"),
        "notes": "n" * 5000,
        "extra": {"x": [1]},
        "boss": ndb.Key("Person", "boss"),
    }
    assert Person(**values).put().get().to_dict() == {**values, "home": {"city": "Oslo"}}


def test_structured_and_repeated_properties_are_found():
    Person(id=1, tags=["a", "b"], home=Address(city="Oslo")).put()
    Person(id=2, tags=["b"], home=Address(city="Rome")).put()
    found = Person.query(Person.tags == "b", Person.home.city == "Oslo").fetch(keys_only=True)
    assert [key.id() for key in found] == [1]


def test_pages_follow_one_another():
    _visits(7)
    query = Visit.query().order(-Visit.timestamp)
    pages, cursor, more = [], None, True
    while more:
        page, cursor, more = query.fetch_page(3, start_cursor=cursor)
        pages.append([visit.visitor for visit in page])
    assert pages == [["v6", "v5", "v4"], ["v3", "v2", "v1"], ["v0"]]


def test_counting_counts():
    _visits(7)
    assert (Visit.query().count(), Visit.query().count(limit=3)) == (7, 3)


def test_a_projected_timestamp_is_a_timestamp():
    _visits(1)
    found = Visit.query().get(projection=[Visit.timestamp])
    assert found.timestamp == datetime.datetime(2026, 1, 1)


def test_or_is_answered_by_the_client():
    _visits(5)
    found = Visit.query(ndb.OR(Visit.visitor == "v1", Visit.visitor == "v3")).fetch()
    assert {visit.visitor for visit in found} == {"v1", "v3"}


def test_delete_multi_deletes():
    _visits(3)
    ndb.delete_multi(Visit.query().fetch(keys_only=True))
    assert Visit.query().get() is None
