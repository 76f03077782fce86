"""A user's tests, with google-cloud-ndb."""

from __future__ import annotations

import unittest

import guestbook_ndb
import pytest
from google.cloud import ndb


def test_newest_line_is_first(ndb_context: ndb.context.Context) -> None:
    guestbook_ndb.sign("ann")
    guestbook_ndb.sign("bob")
    assert guestbook_ndb.newest(10) == ["bob", "ann"]


@pytest.mark.parametrize("guest", ["ann", "bob"])
def test_app_opens_its_own_context(datastore_project: str, guest: str) -> None:
    assert guestbook_ndb.handle_request(guest) == [guest]


def test_contexts_with_options(ndb_client: ndb.Client) -> None:
    with ndb_client.context(cache_policy=False, namespace="tenant"):
        guestbook_ndb.sign("ann")
    with ndb_client.context(namespace="other"):
        assert guestbook_ndb.newest(10) == []


@pytest.mark.usefixtures("ndb_context")
class TestGuestBook(unittest.TestCase):
    """A test case of unittest, as App Engine's testbed had them."""

    def test_transaction_is_rolled_back(self) -> None:
        with pytest.raises(ZeroDivisionError):
            ndb.transaction(lambda: guestbook_ndb.sign("ann") or 1 / 0)
        assert guestbook_ndb.newest(10) == []
