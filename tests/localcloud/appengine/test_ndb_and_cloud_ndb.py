"""Bundled ndb and Cloud NDB read each other's entities in one Datastore."""

import datetime

import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import ndb as cloud_ndb

from datastore_emulator.api.grpc_server import DatastoreServer
from tests.localcloud.appengine.bundled_app import Place, Visit, ndb

NOON = datetime.datetime(2026, 11, 23, 12, 0, 0, 123456)


class CloudVisit(cloud_ndb.Model):
    visitor = cloud_ndb.StringProperty()
    timestamp = cloud_ndb.DateTimeProperty()
    number = cloud_ndb.IntegerProperty()
    tags = cloud_ndb.StringProperty(repeated=True)
    note = cloud_ndb.TextProperty()

    @classmethod
    def _get_kind(cls):
        return "Visit"


class CloudPlace(cloud_ndb.Model):
    class Address(cloud_ndb.Model):
        city = cloud_ndb.StringProperty()

    active = cloud_ndb.BooleanProperty()
    rating = cloud_ndb.FloatProperty()
    where = cloud_ndb.GeoPtProperty()
    link = cloud_ndb.KeyProperty()
    photo = cloud_ndb.BlobProperty()
    squeezed = cloud_ndb.TextProperty(compressed=True)
    facts = cloud_ndb.JsonProperty()
    address = cloud_ndb.StructuredProperty(Address)
    sealed = cloud_ndb.LocalStructuredProperty(Address)
    nothing = cloud_ndb.StringProperty()
    empty = cloud_ndb.IntegerProperty(repeated=True)
    remarks = cloud_ndb.TextProperty(repeated=True, write_empty_list=True)

    @classmethod
    def _get_kind(cls):
        return "Place"


@pytest.fixture(scope="module")
def datastore_server(engine):
    server = DatastoreServer(engine)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def cloud(app, datastore_server, monkeypatch):
    """Cloud NDB's context, in the app's project and namespace."""
    monkeypatch.setenv("DATASTORE_EMULATOR_HOST", datastore_server.address)
    client = cloud_ndb.Client(project="demo", namespace=app.namespace, credentials=AnonymousCredentials())
    with client.context() as context:
        yield context


@pytest.mark.usefixtures("cloud")
def test_cloud_ndb_reads_what_ndb_stored(app):
    app.run(put_visit, timestamp=NOON)
    assert CloudVisit.query().get().to_dict() == {
        "visitor": "Zoë",
        "timestamp": NOON,
        "number": 1,
        "tags": ["a", "b"],
        "note": "long",
    }


@pytest.mark.usefixtures("cloud")
def test_ndb_reads_what_cloud_ndb_stored(app):
    def read():
        return Visit.query().get().to_dict()

    fields = {"visitor": "Zoë", "timestamp": NOON, "number": 1, "tags": ["a", "b"], "note": "long"}
    CloudVisit(**fields).put()
    assert app.run(read) == fields


@pytest.mark.usefixtures("cloud")
def test_cloud_ndb_filters_and_orders_what_ndb_stored(app):
    app.run(put_visit, timestamp=NOON)
    query = CloudVisit.query(CloudVisit.visitor == "Zoë", CloudVisit.timestamp >= NOON)
    assert [visit.number for visit in query.order(-CloudVisit.timestamp)] == [1]


@pytest.mark.usefixtures("cloud")
def test_ndb_filters_and_orders_what_cloud_ndb_stored(app):
    def numbers(timestamp):
        query = Visit.query(Visit.visitor == "Zoë", Visit.timestamp >= timestamp)
        return [visit.number for visit in query.order(-Visit.timestamp)]

    CloudVisit(visitor="Zoë", timestamp=NOON, number=1).put()
    assert app.run(numbers, timestamp=NOON) == [1]


@pytest.mark.usefixtures("cloud")
def test_cloud_ndb_changes_what_ndb_stored(app):
    def number(identity):
        return Visit.get_by_id(identity).number

    identity = app.run(put_visit, timestamp=NOON)
    visit = CloudVisit.get_by_id(identity)
    visit.number = 2
    visit.put()
    assert app.run(number, identity=identity) == 2


@pytest.mark.usefixtures("cloud")
def test_cloud_ndb_reads_every_type_that_ndb_stores(app):
    def put_place():
        Place(
            id="home",
            active=True,
            rating=4.5,
            where=ndb.GeoPt(51.5, -0.1),
            link=ndb.Key("Visit", 1),
            photo=b"\x00\xff",
            squeezed="text",
            facts={"a": [1, None]},
            address=Place.Address(city="London"),
            sealed=Place.Address(city="Paris"),
        ).put()

    app.run(put_place)
    place = CloudPlace.get_by_id("home")
    assert place.to_dict() == {
        "active": True,
        "rating": 4.5,
        "where": cloud_ndb.GeoPt(51.5, -0.1),
        "link": cloud_ndb.Key("Visit", 1),
        "photo": b"\x00\xff",
        "squeezed": "text",
        "facts": {"a": [1, None]},
        "address": {"city": "London"},
        "sealed": {"city": "Paris"},
        "nothing": None,
        "empty": [],
        "remarks": [],
    }


@pytest.mark.usefixtures("cloud")
def test_ndb_reads_every_type_that_cloud_ndb_stores(app):
    def read():
        place = Place.get_by_id("home")
        return {
            **place.to_dict(exclude=["owner", "link", "where"]),
            "link": place.link.flat(),
            "where": (place.where.lat, place.where.lon),
        }

    CloudPlace(
        id="home",
        active=True,
        rating=4.5,
        where=cloud_ndb.GeoPt(51.5, -0.1),
        link=cloud_ndb.Key("Visit", 1),
        photo=b"\x00\xff",
        squeezed="text",
        facts={"a": [1, None]},
        address=CloudPlace.Address(city="London"),
        sealed=CloudPlace.Address(city="Paris"),
    ).put()
    assert app.run(read) == {
        "active": True,
        "rating": 4.5,
        "where": (51.5, -0.1),
        "link": ("Visit", 1),
        "photo": b"\x00\xff",
        "squeezed": "text",
        "facts": {"a": [1, None]},
        "address": {"city": "London"},
        "sealed": {"city": "Paris"},
        "nothing": None,
        "empty": [],
        "remarks": [],
    }


def put_visit(timestamp):
    visit = Visit(visitor="Zoë", timestamp=timestamp, number=1, tags=["a", "b"], note="long")
    return visit.put().id()


@pytest.mark.usefixtures("cloud")
def test_link_of_cloud_ndb_works_in_both_only_with_the_partition(app, app_error):
    key = CloudVisit(visitor="a").put()

    def read(link):
        return ndb.Key(urlsafe=link).get().visitor

    def delete(link):
        ndb.Key(urlsafe=link).delete()

    plain, legacy = key.urlsafe().decode(), key.to_legacy_urlsafe("s~").decode()
    for function in (read, delete):
        with pytest.raises(app_error, match="app s~demo cannot access app demo's data") as refused:
            app.run(function, link=plain)
        assert refused.value.kind == "BadRequestError"
    assert app.run(read, link=legacy) == "a"
    assert [cloud_ndb.Key(urlsafe=link).get().visitor for link in (plain, legacy)] == ["a", "a"]
