"""Values that an app has given out: found in later requests, and replaced by those of another app."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest

from localcloud.traffic import Answer, Exchange, RecordedRequest, Source, Taken, find_taken, look_up, substitute

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=xyz"
OLD_ID = "5629499534213120"
NEW_ID = "4785074604081152"
VISIT = RecordedRequest("/")


def answer(body: str, kind: str = "text/html; charset=utf-8", *headers: tuple[str, str], status: int = 200) -> Answer:
    return Answer(status, (("Content-Type", kind), *headers), body.encode())


def get(target: str, *headers: tuple[str, str]) -> RecordedRequest:
    return RecordedRequest(target, headers=headers)


def post(body: str, kind: str = FORM) -> RecordedRequest:
    return RecordedRequest("/", "POST", headers=(("Content-Type", kind),), body=body.encode())


def after(given: Answer, request: RecordedRequest = VISIT) -> dict[int, Exchange]:
    return {1: Exchange(request, given)}


LOCATION = answer("", "text/html", ("Location", "http://localhost:8080/posts/{}?new=1"), status=302)
COOKIE = answer("", "text/html", ("Set-Cookie", "csrftoken={}; Path=/"))
GIVEN = {
    "hidden field": (answer("<form><input type=hidden name=csrf value='{}'></form>"), post("csrf={}&text=hi")),
    "hidden field as header": (answer("<input type=hidden name=csrf value='{}'>"), get("/", ("X-CSRF-Token", "{}"))),
    "link": (answer("<a href='/posts/{}/edit'>"), get("/posts/{}/edit")),
    "link with host": (answer("<a href='http://localhost:8080/p?id={}&amp;x=1'>"), get("/p?id={}&x=1")),
    "link with other ids": (answer("<a href='/books/4785074604081153/posts/{}'>"), get("/posts/{}")),
    "part of a name": (answer("<img src='/thumbs/post-{}.png'>"), get("/thumbs/post-{}.png")),
    "meta": (answer("<meta name=csrf-token content='{}'>"), get("/", ("X-CSRF-Token", "{}"))),
    "data attribute": (answer("<li data-id='{}'>"), get("/?id={}")),
    "option": (answer("<select name=book><option value='{}'></select>"), post("book={}")),
    "script": (answer("<script>var token = '{}';</script>"), post('{"t": "{}"}', "application/json")),
    "json": (answer('{"posts": [{"id": "{}"}]}', "application/json"), get("/posts/{}")),
    "json number": (answer('{"id": {}}', "application/json"), post('{"id": {}}', "application/json")),
    "url in json": (answer('{"url": "/posts/{}"}', "application/json"), get("/posts/{}")),
    "bearer token": (answer('{"token": "{}"}', "application/json"), get("/", ("Authorization", "Bearer {}"))),
    "location": (LOCATION, get("/posts/{}?new=1")),
    "cookie": (COOKIE, get("/", ("X-CSRFToken", "{}"))),
    "multipart field": (
        answer("<input type=hidden name=csrf value='{}'>"),
        post('--xyz\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{}\r\n--xyz--\r\n', MULTIPART),
    ),
}


def fill(request: RecordedRequest, value: str) -> RecordedRequest:
    return replace(
        request,
        target=request.target.replace("{}", value),
        headers=tuple((name, text.replace("{}", value)) for name, text in request.headers),
        body=request.body.replace(b"{}", value.encode()),
    )


def give(given: Answer, value: str) -> Answer:
    headers = tuple((name, text.replace("{}", value)) for name, text in given.headers)
    return replace(given, headers=headers, body=given.body.replace(b"{}", value.encode()))


@pytest.mark.parametrize("case", GIVEN)
def test_value_of_an_earlier_answer_is_replaced_by_that_of_another_app(case: str) -> None:
    given, request = GIVEN[case]
    (taken,) = find_taken(fill(request, OLD_ID), after(give(given, OLD_ID)))
    new = look_up(give(given, NEW_ID), taken.source, taken.value)
    assert new is not None
    assert substitute(fill(request, OLD_ID), {taken.value: new}) == fill(request, NEW_ID)


def test_value_that_a_link_encodes_is_found() -> None:
    (taken,) = find_taken(post("token=abc%2F123"), after(answer("<a href='/p?token=abc%2F123'>")))
    assert taken == Taken("abc/123", Source(1, "attribute", "/p?token=*"))
    assert look_up(answer("<a href='/p?token=new%2F456'>"), taken.source) == "new/456"


def test_link_is_found_though_other_ids_in_it_differ() -> None:
    old, new = (answer(f"<a href='/books/{one}/posts/{two}'>") for one, two in (("11111", OLD_ID), ("22222", NEW_ID)))
    taken = find_taken(get(f"/books/11111/posts/{OLD_ID}"), after(old))
    assert [(one.value, look_up(new, one.source)) for one in taken] == [("11111", "22222"), (OLD_ID, NEW_ID)]


def test_new_id_that_is_short_is_found_where_a_long_one_was() -> None:
    (taken,) = find_taken(get(f"/posts/{OLD_ID}"), after(answer(f"<a href='/posts/{OLD_ID}'>")))
    assert look_up(answer("<a href='/posts/7'>"), taken.source) == "7"


def test_recorded_value_is_kept_where_the_other_app_has_it_at_another_place() -> None:
    source = Source(1, "attribute", "/posts/*", number=1)
    page = answer("<a href='/posts/11111'><a href='/posts/22222'><a href='/posts/33333'>")
    assert look_up(page, source, "33333") == "33333"
    assert look_up(page, source, "99999") == "22222"


def test_value_of_another_place_of_a_list_is_kept_in_json() -> None:
    page = answer('[{"id": 11111}, {"id": 22222}]', "application/json")
    assert look_up(page, Source(1, "json", "[0].id"), "22222") == "22222"


@pytest.mark.parametrize(
    "source",
    [Source(1, "field", "csrf"), Source(1, "attribute", "/posts/*", number=1), Source(1, "json", "id")],
)
def test_value_that_is_not_given_out_is_none(source: Source) -> None:
    assert look_up(answer("<a href='/posts/12345'>"), source) is None


@pytest.mark.parametrize(
    "request_after",
    [
        post("text=hello"),  # a word of the page
        post("amount=12"),  # a small number
        get("/static/jquery-3.6.0.min.js"),
        get("/", ("User-Agent", "Browser/12345")),
    ],
)
def test_what_visitors_and_browsers_send_themselves_is_not_taken(request_after: RecordedRequest) -> None:
    page = answer("<p data-text=hello data-amount=12 data-id=12345><script src=/static/jquery-3.6.0.min.js></script>")
    assert find_taken(request_after, after(page)) == ()


def test_value_that_the_visitor_has_typed_first_is_not_taken() -> None:
    page = answer("<a href='/search?text=route66'>")
    assert find_taken(get("/search?text=route66"), after(page, post("text=route66"))) == ()


@pytest.mark.parametrize("value", ["/", "0", "1", "true"])
def test_field_with_a_value_that_says_nothing_is_not_taken(value: str) -> None:
    given = answer(f"<input type=hidden name=continue value='{value}'>")
    assert find_taken(post(f"continue={value}&text=hi"), after(given)) == ()


def test_short_hidden_field_is_taken_unless_another_value_is_alike() -> None:
    page = answer("<input type=hidden name=version value=7>")
    assert [one.source for one in find_taken(post("version=7&text=hi"), after(page))] == [Source(1, "field", "version")]
    assert find_taken(post("version=7&amount=7"), after(page)) == ()


def test_last_answer_that_has_a_value_is_its_source() -> None:
    page = answer("<input type=hidden name=csrf value=abc123>")
    earlier = {number: Exchange(get("/"), given) for number, given in ((2, page), (5, page), (7, answer("")))}
    (taken,) = find_taken(post("csrf=abc123"), earlier)
    assert taken.source.request == 5


def test_compressed_answer_is_read() -> None:
    body = gzip.compress(b"<input type=hidden name=csrf value=abc123>")
    page = Answer(200, (("Content-Type", "text/html"), ("Content-Encoding", "gzip")), body)
    assert look_up(page, Source(1, "field", "csrf")) == "abc123"


OLD, NEW = "abc/123", 'é &"'


@pytest.mark.parametrize(
    ("before", "changed"),
    [
        (get("/p/abc%2F123/x"), get("/p/%C3%A9%20&%22/x")),
        (get("/p?q=abc%2F123&r=%7E"), get("/p?q=%C3%A9+%26%22&r=%7E")),
        (post("q=abc%2f123&r=%7e"), post("q=%C3%A9+%26%22&r=%7e")),
        (
            post('{"a" : ["abc\\/123"], "abc/123":1.0}', "application/json"),
            post('{"a" : ["\\u00e9 &\\""], "abc/123":1.0}', "application/json"),
        ),
        (get("/", ("X-Token", "abc/123")), get("/", ("X-Token", 'é &"'))),
    ],
)
def test_value_is_encoded_as_its_place_needs_and_the_rest_stays(
    before: RecordedRequest, changed: RecordedRequest
) -> None:
    assert substitute(before, {OLD: NEW}) == changed


def test_file_of_an_upload_stays() -> None:
    part = 'Content-Disposition: form-data; name="f"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n'
    upload = post(f"--xyz\r\n{part}{OLD_ID}\r\n--xyz--\r\n", MULTIPART)
    assert substitute(upload, {OLD_ID: NEW_ID}) == upload
