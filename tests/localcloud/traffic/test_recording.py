"""A recording of several apps: the requests for one of them."""

from __future__ import annotations

import pytest

from datastore_emulator.errors import UserError
from localcloud.traffic import RecordedRequest, Recording, Source, Taken


def request(target: str, app: str, *given_by: int) -> RecordedRequest:
    return RecordedRequest(
        target, app=app, taken=tuple(Taken("abc123", Source(one, "field", "id")) for one in given_by)
    )


def test_requests_for_one_app_keep_what_they_have_of_each_other() -> None:
    recording = Recording(
        (request("/a", "web"), request("/b", "api"), request("/c", "web", 1), request("/d", "api", 2, 3))
    )
    web, api = recording.of_app("web"), recording.of_app("shop/api")
    assert web.requests == (request("/a", "web"), request("/c", "web", 1))
    assert api.requests == (request("/b", "api"), request("/d", "api", 1))
    assert web.notes == ("left out requests for other apps (api): 2",)


def test_recording_of_one_app_is_for_any() -> None:
    recording = Recording((request("/a", ""),))
    assert recording.of_app("web") is recording


def test_recording_of_other_apps_is_refused() -> None:
    with pytest.raises(UserError, match="no requests for web, but for api"):
        Recording((request("/a", "api"),)).of_app("web")
