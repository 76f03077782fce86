"""Exchanges as they were seen become requests: by visitor, with the headers that matter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from localcloud.traffic import Answer, Exchange, RecordedRequest
from localcloud.traffic.headers import complete_headers, keep_headers, name_own_host
from localcloud.traffic.recorder import Recorder


def seen(cookies: str = "", *sets: str, client: str = "ann", target: str = "/", **headers: str) -> Exchange:
    request = RecordedRequest(target, session=client, headers=tuple(headers.items()))
    return Exchange(request, Answer(200, tuple(("Set-Cookie", one) for one in sets), b""), cookies)


@pytest.mark.parametrize(
    ("exchanges", "sessions"),
    [
        ([seen(), seen(client="bob"), seen()], "121"),
        ([seen("", "sid=a"), seen("sid=a"), seen("sid=a", client="another address")], "111"),
        # A private window beside the first one, and each goes on.
        ([seen("", "sid=a; Path=/"), seen("", "sid=b; Path=/"), seen("sid=a"), seen("sid=b")], "1212"),
        # These cookies are not sent with every request.
        ([seen("", "sid=a; Path=/admin"), seen()], "11"),
        ([seen("", "sid=a; Secure"), seen()], "11"),
        ([seen("", "sid=a"), seen("sid=a", "sid=; Max-Age=0"), seen()], "111"),
        ([seen("", "sid=a"), seen("sid=a", "sid=; Expires=Thu, 01-Jan-1970 00:00:00 GMT"), seen()], "111"),
        ([seen("", "sid=a"), seen(**{"Sec-Fetch-Dest": "manifest"})], "11"),
        # A value that many are given tells nobody apart.
        (
            [seen("", "lang=de"), seen("", "lang=de", client="bob"), seen("lang=de", client="bob"), seen("lang=de")],
            "1221",
        ),
    ],
)
def test_requests_belong_to_the_browser_that_has_their_cookies(exchanges, sessions) -> None:
    recorder = Recorder()
    assert "".join(recorder.add(one).session for one in exchanges) == sessions


def test_program_that_keeps_no_cookies_still_uses_what_it_was_given() -> None:
    recorder = Recorder()
    given = Answer(302, (("Location", "/posts/5629499534213120"), ("Set-Cookie", "sid=a")), b"")
    recorder.add(Exchange(RecordedRequest("/posts", "POST", session="program"), given))
    request = recorder.add(seen(client="program", target="/posts/5629499534213120"))
    assert (request.session, [one.source.request for one in request.taken]) == ("2", [1])


def got(target: str, body: bytes = b"", kind: str = "text/html", status: int = 200, **changes: str) -> Exchange:
    request = replace(RecordedRequest(target, session="ann"), **changes)
    return Exchange(request, Answer(status, (("Content-Type", kind),), body))


STYLE, IMAGE = got("/a.css", b"1", "text/css"), got("/serve?id=5", b"1", "image/png")


@pytest.mark.parametrize(
    ("exchanges", "recorded"),
    [
        ([STYLE, STYLE, STYLE], "100"),
        ([IMAGE, IMAGE], "10"),
        ([got("/favicon.ico", status=404), got("/favicon.ico", status=404)], "10"),
        ([STYLE, got("/a.css", status=304), STYLE], "100"),
        ([STYLE, got("/a.css?v=2", b"1", "text/css")], "11"),
        ([STYLE, got("/a.css", b"1", "text/css", session="bob")], "11"),
        ([STYLE, got("/a.css", b"1", "text/css", app="other")], "11"),
        # An image that a visitor changes, and changes back.
        ([IMAGE, got("/serve?id=5", b"2", "image/png"), IMAGE], "111"),
        ([IMAGE, got("/serve?id=5", status=404), IMAGE], "111"),
        ([got("/a.js", method="POST"), got("/a.js", method="POST")], "11"),
        ([got("/"), got("/")], "11"),
    ],
)
def test_static_file_is_recorded_once_in_a_session_until_it_changes(exchanges, recorded) -> None:
    recorder = Recorder()
    assert "".join("1" if recorder.add(one) else "0" for one in exchanges) == recorded
    assert (recorder.repeated, recorder.count) == (recorded.count("0"), recorded.count("1"))


def test_cookies_of_the_app_are_left_out_and_others_kept() -> None:
    recorder = Recorder()
    first, second = (recorder.add(one) for one in (seen("theme=dark; sid=old", "sid=a"), seen("theme=dark; sid=a")))
    assert first.headers == (("Cookie", "theme=dark; sid=old"),)
    assert second.headers == (("Cookie", "theme=dark"),)


def test_headers_that_matter_are_kept() -> None:
    browser = (
        ("Host", "localhost:8080"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)"),
        ("Accept", "text/html,application/xhtml+xml"),
        ("Accept-Language", "en-US,en;q=0.5"),
        ("Sec-Fetch-Mode", "navigate"),
        ("If-None-Match", "x"),
        ("Origin", "http://localhost:8080"),
        ("X-Forwarded-For", "1.2.3.4"),
    )
    matter = (
        ("Accept-Language", "de"),
        ("Content-Type", "application/json"),
        ("X-Requested-With", "XMLHttpRequest"),
        ("Range", "bytes=0-1"),
    )
    assert keep_headers(browser + matter, "localhost:8080") == matter
    special = (
        ("Accept", "*/*"),
        ("User-Agent", "Mozilla/5.0 (iPhone) Mobile"),
        ("Accept", "application/json"),
        ("Origin", "https://other.example"),
        ("Referer", "https://other.example/"),
    )
    assert keep_headers(special, "localhost:8080") == special


def test_referer_of_the_app_gets_the_host_of_each_app() -> None:
    kept = keep_headers((("Referer", "http://localhost:8080/a?b=1"),), "localhost:8080")
    assert kept == (("Referer", "/a?b=1"),)
    request = name_own_host(complete_headers(RecordedRequest("/", headers=kept)), "http://localhost:9090")
    assert request.headers[-1] == ("Referer", "http://localhost:9090/a?b=1")


def test_request_without_the_usual_headers_gets_them_again() -> None:
    kept = keep_headers((("User-Agent", "Mozilla/5.0 (X11)"), ("Accept", "application/json")), "localhost:8080")
    request = name_own_host(complete_headers(RecordedRequest("/", headers=kept)), "http://localhost:9090")
    assert [name for name, _ in request.headers] == ["User-Agent", "Accept-Language", "Accept"]
    assert request.headers[-1] == ("Accept", "application/json")
