"""Transactions of the bundled ndb."""

import pytest

from tests.localcloud.appengine.bundled_app import Visit, apiproxy_stub_map, datastore, datastore_pb, ndb


def test_returning_transaction_is_committed(app):
    def number():
        key = Visit(number=1).put()

        def increment():
            visit = key.get()
            visit.number += 1
            visit.put()

        ndb.transaction(increment)
        return key.get().number

    assert app.run(number) == 2


def test_raising_transaction_is_rolled_back(app):
    def number():
        key = Visit(number=1).put()

        def fail():
            visit = key.get()
            visit.number = 99
            visit.put()
            raise LookupError

        try:
            ndb.transaction(fail)
        except LookupError:
            return key.get().number

    assert app.run(number) == 1


def test_an_entity_put_in_a_transaction_has_its_key_at_once(app):
    def same_id():
        ids = []

        def put():
            ids.append(Visit(number=5).put().id())

        ndb.transaction(put)
        return Visit.get_by_id(ids[0]).number

    assert app.run(same_id) == 5


def test_a_transaction_may_cross_entity_groups(app):
    def numbers():
        keys = ndb.put_multi([Visit(number=1), Visit(number=2)])

        def swap():
            first, second = ndb.get_multi(keys)
            first.number, second.number = second.number, first.number
            ndb.put_multi([first, second])

        ndb.transaction(swap, xg=True)
        return [visit.number for visit in ndb.get_multi(keys)]

    assert app.run(numbers) == [2, 1]


def test_the_last_write_to_a_key_is_the_one_committed(app):
    def left():
        kept, deleted = ndb.Key(Visit, "kept"), ndb.Key(Visit, "deleted")

        def write():
            Visit(key=deleted, number=1).put()
            deleted.delete()
            kept.delete()
            Visit(key=kept, number=2).put()

        ndb.transaction(write, xg=True)
        return [visit and visit.number for visit in ndb.get_multi([kept, deleted])]

    assert app.run(left) == [2, None]


def test_an_ancestor_query_may_run_in_a_transaction(app):
    def count():
        parent = ndb.Key("Place", "home")
        Visit(parent=parent).put()
        return ndb.transaction(lambda: Visit.query(ancestor=parent).count())

    assert app.run(count) == 1


def test_a_query_in_a_transaction_sees_what_was_there_when_it_began(app):
    def counts():
        parent = ndb.Key("Place", "home")
        Visit(parent=parent).put()
        seen = []

        @ndb.non_transactional(allow_existing=True)
        def someone_else_writes():
            Visit(parent=parent).put()

        def look_twice():
            seen.append(Visit.query(ancestor=parent).count())
            if len(seen) == 1:
                someone_else_writes()
            seen.append(Visit.query(ancestor=parent).count())

        ndb.transaction(look_twice)
        return seen[:2]

    assert app.run(counts) == [1, 1]


def test_conflict_is_retried_until_it_commits(app):
    def outcome():
        key = Visit(number=0).put()
        seen = []

        @ndb.transactional(propagation=ndb.TransactionOptions.INDEPENDENT)
        def someone_else_writes():
            Visit(key=key, number=10).put()

        def increment():
            visit = key.get()
            seen.append(visit.number)
            if len(seen) == 1:
                someone_else_writes()
            visit.number += 1
            visit.put()

        ndb.transaction(increment)
        return seen, key.get().number

    assert app.run(outcome) == ([0, 10], 11)


def test_repeated_conflict_is_a_failed_transaction(app, app_error):
    def lose():
        key = Visit(number=0).put()

        @ndb.transactional(propagation=ndb.TransactionOptions.INDEPENDENT)
        def someone_else_writes(number):
            Visit(key=key, number=number).put()

        def increment():
            visit = key.get()
            someone_else_writes(visit.number + 10)
            visit.put()

        ndb.transaction(increment)

    with pytest.raises(app_error, match="TransactionFailedError"):
        app.run(lose)


def test_a_read_only_transaction_reads(app):
    def number():
        key = Visit(number=3).put().to_old_key()
        return datastore.RunInReadOnlyTransactionOptions(None, lambda: datastore.Get(key)["number"])

    assert app.run(number) == 3


def test_a_read_only_transaction_does_not_write(app, app_error):
    def put():
        datastore.RunInReadOnlyTransactionOptions(None, lambda: datastore.Put(datastore.Entity("Visit")))

    with pytest.raises(app_error, match="BadRequestError"):
        app.run(put)


def test_ended_transaction_is_a_bad_request(app, app_error):
    def commit_twice():
        def commit_early():
            connection = datastore._GetConnection()
            request = connection.transaction
            apiproxy_stub_map.MakeSyncCall("datastore_v3", "Commit", request, datastore_pb.CommitResponse())

        datastore.RunInTransaction(commit_early)

    with pytest.raises(app_error, match=r"BadRequestError: .*expired or is no longer valid"):
        app.run(commit_twice)
