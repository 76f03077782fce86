"""A user's tests, with google-cloud-datastore."""

from __future__ import annotations

import guestbook
import pytest
from google.cloud import datastore


@pytest.mark.parametrize("guest", ["ann", "bob"])
def test_first_line_is_the_only_one(datastore_project: str, guest: str) -> None:
    guestbook.sign(guest)
    assert guestbook.newest(10) == [guest]


def test_newest_line_is_first(datastore_project: str) -> None:
    guestbook.sign("ann")
    guestbook.sign("bob")
    assert guestbook.newest(1) == ["bob"]


def test_client_is_of_the_same_project(datastore_client: datastore.Client, datastore_project: str) -> None:
    guestbook.sign("ann")
    assert datastore_client.project == datastore_project
    assert datastore_client.get(datastore_client.key("Counter", "lines"))["count"] == 1


class TestWithUsedFixtures:
    """A class that names the fixture for all its tests."""

    pytestmark = pytest.mark.usefixtures("datastore_project")

    def test_guest_book_is_empty(self) -> None:
        assert guestbook.newest(10) == []
