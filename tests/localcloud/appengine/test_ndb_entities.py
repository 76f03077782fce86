"""Entities and ids of the bundled ndb (and of db), kept by the API server."""

import pytest

from tests.localcloud.appengine.bundled_app import Place, Visit, datetime, db, ndb


def test_put_completes_the_key(app):
    def id_is_a_number():
        return isinstance(Visit(number=1).put().id(), int)

    assert app.run(id_is_a_number)


def test_keys_name_the_app_as_the_app_does(app):
    def application():
        return Visit().put().get().key.app()

    assert app.run(application) == "s~demo"


def test_query_results_name_the_app_as_the_app_does(app):
    def application():
        Visit().put()
        return Visit.query().get().key.app()

    assert app.run(application) == "s~demo"


def test_get_finds_what_put_stored(app):
    def stored():
        key = Visit(visitor="Zoë", number=7, tags=["a", "b"], note="long", timestamp=datetime(2026, 1, 2, 3, 4, 5, 6))
        return key.put().get().to_dict()

    assert app.run(stored) == {
        "visitor": "Zoë",
        "number": 7,
        "tags": ["a", "b"],
        "note": "long",
        "timestamp": datetime(2026, 1, 2, 3, 4, 5, 6),
    }


def test_every_property_type_is_read_as_it_was_stored(app):
    def differences():
        place = Place(
            active=True,
            rating=4.5,
            where=ndb.GeoPt(51.5, -0.1),
            link=ndb.Key("Visit", 1, "Visit", "x"),
            photo=b"\x00\xff",
            squeezed="text " * 100,
            facts={"a": [1, None]},
            address=Place.Address(city="London"),
            sealed=Place.Address(city="Paris"),
        )
        stored = place.put().get()
        return [name for name in place._properties if getattr(stored, name, None) != getattr(place, name, None)]

    assert app.run(differences) == []


def test_bytes_that_are_not_utf8_survive_in_a_string_property(app):
    def stored():
        return Visit(visitor="half a pair: \ud800").put().get().visitor

    assert app.run(stored) == "half a pair: \ud800"


def test_get_of_a_missing_key_is_none(app):
    def found():
        return Visit.get_by_id("nobody")

    assert app.run(found) is None


def test_get_multi_answers_in_the_order_asked(app):
    def found():
        ndb.put_multi([Visit(id="a", number=1), Visit(id="b", number=2)])
        keys = [ndb.Key(Visit, name) for name in ("b", "missing", "a", "b")]
        return [visit and visit.number for visit in ndb.get_multi(keys)]

    assert app.run(found) == [2, None, 1, 2]


def test_put_multi_of_one_key_twice_keeps_the_last(app):
    def number():
        ndb.put_multi([Visit(id="a", number=1), Visit(id="a", number=2)])
        return Visit.get_by_id("a").number

    assert app.run(number) == 2


def test_delete_removes_the_entity(app):
    def found():
        key = Visit().put()
        key.delete()
        return key.get()

    assert app.run(found) is None


def test_delete_of_a_missing_key_is_no_error(app):
    def delete():
        ndb.Key(Visit, "nobody").delete()

    app.run(delete)


def test_ndb_caches_what_it_read_in_memcache(app):
    def cached():
        key = Visit(number=1).put()
        key.get()
        key.get(use_cache=False)
        return key.get(use_cache=False, use_datastore=False).number

    assert app.run(cached, ndb_cache=True) == 1


def test_allocated_ids_are_a_range_of_that_size(app):
    def size():
        first, last = Visit.allocate_ids(size=10)
        return last - first + 1

    assert app.run(size) == 10


def test_allocated_ids_are_not_allocated_again(app):
    def overlap():
        ranges = [Visit.allocate_ids(size=50) for _ in range(10)]
        ids = [number for first, last in ranges for number in range(first, last + 1)]
        return len(ids) - len(set(ids))

    assert app.run(overlap) == 0


def test_allocate_ids_up_to_a_maximum_is_refused_by_name(app, app_error):
    def allocate():
        Visit.allocate_ids(max=10)

    with pytest.raises(app_error, match=r"BadRequestError: .*allocate_ids\(max=\.\.\.\)"):
        app.run(allocate)


def test_an_entity_that_is_too_large_is_a_bad_request(app, app_error):
    def put():
        Visit(note="x" * (1 << 20)).put()

    with pytest.raises(app_error, match="BadRequestError"):
        app.run(put)


def test_db_api_stores_and_finds(app):
    def numbers():
        class Guest(db.Model):
            number = db.IntegerProperty()
            joined = db.DateTimeProperty(auto_now_add=True)

        db.put([Guest(number=number) for number in range(3)])
        return [guest.number for guest in Guest.all().filter("number >", 0).order("-number").run()]

    assert app.run(numbers) == [2, 1]
