"""Queries of the bundled ndb, answered by the API server."""

import pytest

from tests.localcloud.appengine.bundled_app import (
    Place,
    Visit,
    apiproxy_stub_map,
    datastore_pb,
    datetime,
    namespace_manager,
    ndb,
)


@pytest.fixture
def visits(app):
    """An app with 25 visits, numbered; every fifth is by Ada and tagged so."""

    def put_visits():
        ndb.put_multi(
            Visit(
                id=number + 1,
                number=number,
                visitor="Ada" if number % 5 == 0 else f"v{number}",
                tags=["ada", "first"] if number % 5 == 0 else ["other"],
                timestamp=datetime(2026, 11, 23, 12, 0, number),
            )
            for number in range(25)
        )

    app.run(put_visits)
    return app


def test_latest_visits_are_listed_first(visits):
    def newest_three():
        return [visit.number for visit in Visit.query().order(-Visit.timestamp).fetch(3)]

    assert visits.run(newest_three) == [24, 23, 22]


def test_a_query_without_limit_reads_batch_after_batch(visits):
    def all_numbers():
        return [visit.number for visit in Visit.query().order(Visit.number).iter(batch_size=4)]

    assert visits.run(all_numbers) == list(range(25))


def test_a_query_ends_when_its_last_batch_is_just_full(visits):
    def all_numbers():
        return [visit.number for visit in Visit.query().order(Visit.number).iter(batch_size=5)]

    assert visits.run(all_numbers) == list(range(25))


def test_a_limit_larger_than_a_batch_is_kept(visits):
    def numbers():
        return [visit.number for visit in Visit.query().order(Visit.number).iter(limit=11, batch_size=4)]

    assert visits.run(numbers) == list(range(11))


def test_an_offset_skips_results(visits):
    def numbers():
        return [visit.number for visit in Visit.query().order(Visit.number).fetch(3, offset=20)]

    assert visits.run(numbers) == [20, 21, 22]


def test_a_string_filter_finds_what_a_string_property_holds(visits):
    def numbers():
        return sorted(visit.number for visit in Visit.query(Visit.visitor == "Ada"))

    assert visits.run(numbers) == [0, 5, 10, 15, 20]


def test_a_string_range_is_in_byte_order(visits):
    def visitors():
        query = Visit.query(Visit.visitor >= "A", Visit.visitor < "v12").order(Visit.visitor)
        return [visit.visitor for visit in query]

    assert visits.run(visitors) == ["Ada"] * 5 + ["v1", "v11"]


@pytest.mark.parametrize(
    ("operator", "numbers"),
    [("<", [0, 1, 2]), ("<=", [0, 1, 2, 3]), (">", [22, 23, 24]), (">=", [21, 22, 23, 24])],
)
def test_an_inequality_filter_keeps_its_side(visits, operator, numbers):
    def matching(operator):
        filters = {
            "<": Visit.number < 3,
            "<=": Visit.number <= 3,
            ">": Visit.number > 21,
            ">=": Visit.number >= 21,
        }
        return [visit.number for visit in Visit.query(filters[operator]).order(Visit.number)]

    assert visits.run(matching, operator=operator) == numbers


def test_a_datetime_filter_compares_points_in_time(visits):
    def numbers():
        since = datetime(2026, 11, 23, 12, 0, 22)
        return [visit.number for visit in Visit.query(Visit.timestamp >= since).order(Visit.timestamp)]

    assert visits.run(numbers) == [22, 23, 24]


def test_two_filters_must_both_hold(visits):
    def numbers():
        return [visit.number for visit in Visit.query(Visit.visitor == "Ada", Visit.number == 10)]

    assert visits.run(numbers) == [10]


def test_in_finds_each_of_the_values(visits):
    def numbers():
        query = Visit.query(Visit.visitor.IN(["v1", "v3", "nobody"])).order(Visit.number)
        return [visit.number for visit in query]

    assert visits.run(numbers) == [1, 3]


def test_a_filter_on_a_repeated_property_matches_any_of_its_values(visits):
    def numbers():
        return sorted(visit.number for visit in Visit.query(Visit.tags == "first"))

    assert visits.run(numbers) == [0, 5, 10, 15, 20]


def test_a_key_filter_compares_keys(visits):
    def numbers():
        return [visit.number for visit in Visit.query(Visit.key > ndb.Key(Visit, 23)).order(Visit.key)]

    assert visits.run(numbers) == [23, 24]


def test_a_filter_on_a_missing_value_finds_none_stored(app):
    def names():
        Place(id="bare").put()
        Place(id="rated", rating=4.5).put()
        return [key.id() for key in Place.query(Place.rating == None).iter(keys_only=True)]  # noqa: E711

    assert app.run(names) == ["bare"]


def test_a_structured_property_is_found_by_its_parts(app):
    def names():
        Place(id="home", address=Place.Address(city="London")).put()
        Place(id="away", address=Place.Address(city="Paris")).put()
        return [place.key.id() for place in Place.query(Place.address.city == "Paris")]

    assert app.run(names) == ["away"]


def test_count_counts_all(visits):
    def count():
        return Visit.query().count()

    assert visits.run(count) == 25


def test_count_stops_at_its_limit(visits):
    def count():
        return Visit.query().count(7)

    assert visits.run(count) == 7


def test_keys_only_brings_keys(visits):
    def ids():
        return [key.id() for key in Visit.query().order(Visit.number).fetch(2, keys_only=True)]

    assert visits.run(ids) == [1, 2]


def test_keys_only_leaves_the_properties_in_the_store(visits):
    def properties():
        query = datastore_pb.Query(
            app="s~demo", name_space=namespace_manager.get_namespace(), kind="Visit", keys_only=True
        )
        result = datastore_pb.QueryResult()
        apiproxy_stub_map.MakeSyncCall("datastore_v3", "RunQuery", query, result)
        return [len(entity.property) for entity in result.result[:2]]

    assert visits.run(properties) == [0, 0]


def test_a_projection_brings_the_named_properties_only(visits):
    def projected():
        visit = Visit.query().order(Visit.number).get(projection=[Visit.number, Visit.timestamp])
        return visit.number, visit.timestamp, sorted(visit._projection)

    assert visits.run(projected) == (0, datetime(2026, 11, 23, 12, 0, 0), ["number", "timestamp"])


def test_distinct_projection_brings_each_value_once(visits):
    def visitors():
        query = Visit.query(projection=[Visit.visitor], group_by=[Visit.visitor]).order(Visit.visitor)
        return [visit.visitor for visit in query.fetch(2)]

    assert visits.run(visitors) == ["Ada", "v1"]


def test_an_ancestor_query_stays_in_its_family(app):
    def numbers():
        home, away = ndb.Key("Place", "home"), ndb.Key("Place", "away")
        ndb.put_multi([Visit(parent=home, number=1), Visit(parent=away, number=2), Visit(number=3)])
        return [visit.number for visit in Visit.query(ancestor=home)]

    assert app.run(numbers) == [1]


def test_a_query_without_a_kind_finds_every_kind(app):
    def kinds():
        ndb.put_multi([Visit(id="a"), Place(id="b")])
        return sorted(key.kind() for key in ndb.Query().iter(keys_only=True))

    assert app.run(kinds) == ["Place", "Visit"]


def test_pages_follow_each_other(visits):
    def pages():
        numbers, cursor, more = [], None, True
        while more:
            page, cursor, more = Visit.query().order(-Visit.number).fetch_page(10, start_cursor=cursor)
            numbers.append([visit.number for visit in page])
        return numbers

    assert visits.run(pages) == [list(range(24, 14, -1)), list(range(14, 4, -1)), list(range(4, -1, -1))]


def test_a_page_that_holds_all_has_no_more(visits):
    def more():
        return Visit.query().fetch_page(25)[2]

    assert visits.run(more) is False


def test_a_cursor_survives_the_trip_through_a_link(visits):
    def first_page():
        return Visit.query().order(Visit.number).fetch_page(5)[1].urlsafe()

    def second_page(link):
        cursor = ndb.Cursor(urlsafe=link)
        return [visit.number for visit in Visit.query().order(Visit.number).fetch(3, start_cursor=cursor)]

    assert visits.run(second_page, link=visits.run(first_page)) == [5, 6, 7]


def test_an_end_cursor_ends_the_query(visits):
    def numbers():
        _, cursor, _ = Visit.query().order(Visit.number).fetch_page(4)
        return [visit.number for visit in Visit.query().order(Visit.number).fetch(end_cursor=cursor)]

    assert visits.run(numbers) == [0, 1, 2, 3]


def test_a_cursor_is_known_before_and_after_each_result(visits):
    def resumed():
        iterator = Visit.query().order(Visit.number).iter(produce_cursors=True, batch_size=4, offset=2)
        for _ in range(6):
            next(iterator)
        before, after = iterator.cursor_before(), iterator.cursor_after()
        numbers = Visit.query().order(Visit.number)
        return numbers.get(start_cursor=before).number, numbers.get(start_cursor=after).number

    assert visits.run(resumed) == (7, 8)


def test_a_foreign_cursor_is_a_bad_request(visits, app_error):
    def fetch():
        foreign = ndb.Cursor.from_bytes(b"\x0a\x02\x08\x01")  # a CompiledCursor without a v1 cursor
        return Visit.query().fetch(1, start_cursor=foreign)

    with pytest.raises(app_error, match=r"BadRequestError: .*invalid cursor"):
        visits.run(fetch)


def test_namespaces_do_not_mix(visits):
    def count():
        return Visit.query(namespace="elsewhere").count()

    assert visits.run(count) == 0
