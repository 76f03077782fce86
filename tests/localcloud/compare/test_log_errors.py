"""The error that an app logs while it answers 5xx."""

from __future__ import annotations

import pytest

from localcloud.compare.log_errors import LogErrors

TRACEBACK = ["Traceback (most recent call last):", '  File "main.py", line 7, in post', "    entity.put()"]
ACCESS = '127.0.0.1 - - "POST /sign HTTP/1.1" 500'


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            [*TRACEBACK, "BadValueError: Property price must be an int", ACCESS],
            "BadValueError: Property price must be an int",
        ),
        ([*TRACEBACK, "KeyError", ACCESS], "KeyError"),
        (
            [*TRACEBACK, "KeyError: 1", "", "During handling of the above exception:", "", *TRACEBACK, "a.b.Other: 2"],
            "a.b.Other: 2",
        ),
        ([*TRACEBACK, ACCESS, "note: this is no error"], ""),
    ],
)
def test_error_is_the_end_of_the_last_traceback(
    lines: list[str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcloud.compare.log_errors._MOST_SECONDS", 0)
    errors = LogErrors()
    for line in lines:
        errors.add(line)
    assert errors.find() == expected


def test_error_of_an_earlier_request_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localcloud.compare.log_errors._MOST_SECONDS", 0)
    errors = LogErrors()
    for line in [*TRACEBACK, "KeyError: 1"]:
        errors.add(line)
    errors.forget()
    assert errors.find() == ""
