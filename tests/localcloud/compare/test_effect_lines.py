"""What an app has done is compared by what it is for."""

from __future__ import annotations

from collections import Counter

from localcloud.compare.lines.effect_lines import count_calls


def test_calls_that_only_ask_the_platform_are_not_counted() -> None:
    calls = Counter({"user CreateLoginURL": 2, "app_identity_service SignForApp": 1, "urlfetch Fetch": 3})
    assert count_calls(calls) == {"urlfetch Fetch": 3}


def test_calls_that_another_aspect_shows_are_not_counted() -> None:
    assert count_calls(Counter({"mail Send": 1, "taskqueue BulkAdd": 1, "Datastore RunQuery": 1})) == {
        "queries of the Datastore": 1
    }
