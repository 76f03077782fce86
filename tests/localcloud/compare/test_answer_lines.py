"""An answer as lines: what means the same to a reader has the same lines, and what does not has others."""

from __future__ import annotations

import pytest

from localcloud.compare.lines.answer_lines import answer_lines
from localcloud.compare.observation import Aspect
from localcloud.traffic import Answer

PORT = 8123


def answer(body: bytes = b"", kind: str = "text/html; charset=utf-8", status: int = 200, **headers: str) -> Answer:
    sent = [("Content-Type", kind), *((name.replace("_", "-"), value) for name, value in headers.items())]
    return Answer(status, tuple(sent), body)


def lines(one: Answer, aspect: Aspect = Aspect.DOCUMENT) -> list[str]:
    return [line.text for line in answer_lines(one, PORT)[aspect]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"<p class='b a'>x", b'<p  class="a b">\n x </p>'),
        (b"<a href='/' id=x>caf&eacute;</a>", "<a id=x href=/>café</a>".encode()),
        (b"<p>x<!-- made by A -->", b"<p>x"),
    ],
    ids=["quotes, space and end tags", "entities and the order of attributes", "comments"],
)
def test_html_is_compared_as_a_browser_reads_it(one: bytes, other: bytes) -> None:
    assert lines(answer(one)) == lines(answer(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"<ul><li>a</ul>b", b"<ul><li>ab</ul>"),
        (b"<pre>a  b</pre>", b"<pre>a b</pre>"),
        (b"<!doctype html><p>a", b"<p>a"),
        (b"<p>a&nbsp;b", b"<p>a b"),
        (b"<input value='1'>", b"<input value='1' disabled>"),
    ],
)
def test_html_that_looks_otherwise_has_other_lines(one: bytes, other: bytes) -> None:
    assert lines(answer(one)) != lines(answer(other))


def test_json_is_compared_by_its_values() -> None:
    kind = "application/json"
    one, other = answer(b'{"b": [1, 2], "a": "\\u00e9"}', kind), answer('{"a":"é","b":[1,2]}'.encode(), kind)
    assert lines(one) == lines(other)
    assert lines(one) != lines(answer(b'{"a":"\\u00e9","b":[2,1]}', kind))


def test_place_of_a_json_value_is_its_path() -> None:
    found = answer_lines(answer(b'{"posts": [{"id": 7}]}', "application/json"), PORT)[Aspect.DOCUMENT]
    assert next(line.place for line in found if "7" in line.text) == "posts[].id"


def test_broken_json_is_text() -> None:
    assert lines(answer(b'{"a":', "application/json")) == ['{"a":']


@pytest.mark.parametrize("body", [b"\xef\xbb\xbfa,b\nc,d\n", b"a,b\r\nc,d\r\n"], ids=["byte order mark", "line ends"])
def test_what_programs_need_around_the_text_of_a_file_is_compared(body: bytes) -> None:
    assert lines(answer(body, "text/csv"))[1:] == lines(answer(b"a,b\nc,d\n", "text/csv"))
    assert lines(answer(body, "text/css")) == lines(answer(b"a,b\nc,d\n", "text/css"))


@pytest.mark.parametrize("charset", ["utf-7", "hex", "undefined", "no-such", '"'])
def test_a_charset_that_is_none_does_not_end_the_comparison(charset: str) -> None:
    assert lines(answer(b"abc", f"text/plain; charset={charset}")) == ["abc"]


def test_deeply_nested_elements_are_compared_as_text() -> None:
    assert lines(answer(b"<div>" * 2000 + b"x"))


def test_bytes_are_compared_by_their_digest() -> None:
    one = answer(b"\x89PNG\0", "image/png")
    assert lines(one) == lines(answer(b"\x89PNG\0", "image/png"))
    assert lines(one) != lines(answer(b"\x89PNG\1", "image/png"))


@pytest.mark.parametrize(
    ("body", "first"),
    [
        (b"\n<!DOCTYPE html5><p>a", "doctype"),
        (b"<p>a", "doctype"),
        (b"<pre>a", "text"),
        (b"<?xml version='1.0'?>", "text"),
    ],
)
def test_page_without_a_type_is_html_as_browsers_see_it(body: bytes, first: str) -> None:
    assert answer_lines(answer(body, ""), 8080)[Aspect.DOCUMENT][0].place == first


def test_redirect_to_a_path_and_to_the_same_address_are_equal() -> None:
    assert lines(answer(Location=f"http://localhost:{PORT}/a?b"), Aspect.REDIRECT) == ["/a?b"]
    assert lines(answer(Location="/a?b"), Aspect.REDIRECT) == ["/a?b"]
    assert lines(answer(Location="http://example.com/a"), Aspect.REDIRECT) == ["http://example.com/a"]


def test_page_beside_a_redirect_is_left_out() -> None:
    assert lines(answer(b"<h1>Redirecting", status=302, Location="/a")) == []


def test_own_address_of_each_app_is_the_same_in_pages() -> None:
    one = answer(f"<a href='http://localhost:{PORT}/x'>{PORT}".encode())
    assert "http://localhost/x" in lines(one)[-2]
    assert lines(one)[-1].strip() == str(PORT)


def test_cookies_are_compared_by_name_and_flags() -> None:
    cookie = "session=abc123; Path=/; HttpOnly; Secure; SameSite=lax; Max-Age=3600"
    assert lines(answer(Set_Cookie=cookie), Aspect.COOKIES) == [
        "session is set",
        "session: Path=/",
        "session: SameSite=Lax",
        "session: HttpOnly",
        "session: Secure",
        "session: for 60 minutes",
    ]


def test_cookie_lives_as_long_by_expires_as_by_max_age() -> None:
    date = "Fri, 27 Nov 2026 10:00:00 GMT"
    by_date = answer(Set_Cookie="a=b; Expires=Fri, 27 Nov 2026 11:00:00 GMT", Date=date)
    assert lines(by_date, Aspect.COOKIES)[-1] == "a: for 60 minutes"


@pytest.mark.parametrize("flag", ["Max-Age=0", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"])
def test_cookie_may_be_deleted_in_two_ways(flag: str) -> None:
    assert lines(answer(Set_Cookie=f"a=; {flag}; Path=/"), Aspect.COOKIES) == ["a is deleted"]


def test_headers_of_the_server_and_the_connection_are_left_out() -> None:
    one = answer(Server="gunicorn", Date="x", Content_Length="5", X_Frame_Options="DENY", Vary="Cookie, Accept")
    assert lines(one, Aspect.HEADERS) == ["Vary: accept, cookie", "X-Frame-Options: DENY"]


@pytest.mark.parametrize(("caching", "shown"), [("no-cache, private", []), ("private", ["Expires: x"])])
def test_expires_counts_only_if_an_answer_may_be_kept(caching: str, shown: list[str]) -> None:
    found = lines(answer(Expires="x", Cache_Control=caching), Aspect.HEADERS)
    assert [line for line in found if line.startswith("Expires")] == shown


def test_no_answer_is_a_status_of_its_own() -> None:
    assert answer_lines(None, PORT)[Aspect.STATUS][0].text == "no answer"


def test_status_and_charset_have_one_spelling() -> None:
    assert lines(answer(status=404), Aspect.STATUS) == ["404 Not Found"]
    assert lines(answer(kind='text/html; charset="UTF-8"'), Aspect.CONTENT_TYPE) == ["text/html; charset=utf-8"]


@pytest.mark.parametrize("kind", ["application/json", "application/vnd.api+json"])
def test_json_is_utf8_whether_its_type_says_so_or_not(kind: str) -> None:
    assert lines(answer(kind=f"{kind}; charset=utf-8"), Aspect.CONTENT_TYPE) == [kind]
    assert lines(answer(kind=f"{kind}; charset=latin-1"), Aspect.CONTENT_TYPE) == [f"{kind}; charset=latin-1"]


WEBOB = (
    b"<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n"
    b"  The resource could not be found.<br /><br />\n\n\n\n </body>\n</html>"
)
WERKZEUG = (
    b"<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not Found</h1>\n"
    b"<p>The requested URL was not found on the server.</p>\n"
)


def test_bare_error_pages_of_two_frameworks_are_equal() -> None:
    assert lines(answer(WEBOB, status=404)) == lines(answer(WERKZEUG, status=404)) == ["the framework's page for 404"]


def test_error_page_of_the_app_itself_is_compared() -> None:
    own = WERKZEUG.replace(b"<p>", b"<p class=x>")
    assert lines(answer(own, status=404)) != lines(answer(WERKZEUG, status=404))
    assert len(lines(answer(WERKZEUG, status=200))) > 1
