"""Requests that others have written down: HAR exports of browsers, access logs, entries of Cloud Logging."""

from __future__ import annotations

import base64
import json

import pytest

from datastore_emulator.errors import UserError
from localcloud.traffic import RecordedRequest, Source, Taken
from localcloud.traffic.recording_file import read_requests

FORM = "application/x-www-form-urlencoded"


def entry(
    url, method="GET", *, headers=(), post=None, status=200, content=None, answer_headers=(), time="00.000", **more
):
    def pairs(found):
        return [{"name": name, "value": value} for name, value in found]

    request = {"method": method, "url": url, "headers": pairs(headers), "cookies": [], "bodySize": 0}
    if post is not None:
        request["postData"] = post
    response = {"status": status, "headers": pairs(answer_headers), "content": content or {"mimeType": "x-unknown"}}
    return {"startedDateTime": f"2026-11-27T18:00:{time}Z", "request": request, "response": response, **more}


def html(text):
    return {"mimeType": "text/html; charset=latin-1", "text": text}


def read(tmp_path, text):
    file = tmp_path / "file"
    file.write_text(text if isinstance(text, str) else json.dumps(text), encoding="utf-8")
    return read_requests(file)


def read_entries(tmp_path, *entries):
    return read(tmp_path, {"log": {"version": "1.2", "pages": [], "entries": list(entries)}})


def test_har_gives_requests_with_what_earlier_answers_gave_out(tmp_path) -> None:
    form = "<form><input type=hidden name=csrf value=abc12345>é</form>"
    recording = read_entries(
        tmp_path,
        entry(
            "https://app.example/posts#top",
            "POST",
            headers=[
                (":method", "POST"),
                ("Host", "app.example"),
                ("cookie", "sid=1; other=2; theme=dark"),
                ("User-Agent", "Mozilla/5.0 (X11)"),
            ],
            post={"mimeType": FORM, "text": "csrf=abc12345&text=hi"},
            time="02.000",
        ),
        entry(
            "https://app.example", content=html(form), answer_headers=[("Set-Cookie", "sid=1\nother=2")], time="01.500"
        ),
    )
    assert recording.requests == (
        RecordedRequest("/"),
        RecordedRequest(
            "/posts",
            "POST",
            headers=(("Content-Type", FORM), ("Cookie", "theme=dark")),
            body=b"csrf=abc12345&text=hi",
            taken=(Taken("abc12345", Source(1, "field", "csrf")),),
        ),
    )


def test_har_keeps_the_host_whose_pages_were_visited(tmp_path) -> None:
    recording = read_entries(
        tmp_path,
        entry("https://app.example/", pageref="page_1"),
        *(entry(f"https://ads.example/{number}", pageref="page_1") for number in range(5)),
        entry("https://app.example/a", pageref="page_2"),
        entry("https://login.example/", pageref="page_3"),
        entry("data:text/plain,x"),
        entry("wss://app.example/live"),
    )
    assert [request.target for request in recording.requests] == ["/", "/a"]
    assert recording.notes == ("left out requests to other hosts (ads.example, login.example): 6",)


def test_har_leaves_out_what_did_not_reach_the_app(tmp_path) -> None:
    recording = read_entries(
        tmp_path,
        entry("http://app.example/"),
        entry("http://app.example/cached.css", _fromCache="disk"),
        entry("http://app.example/blocked", status=0),
        entry("http://app.example/upload", "POST", headers=[("Content-Length", "9")]),
    )
    assert [request.target for request in recording.requests] == ["/"]
    assert len(recording.notes) == 2


def test_har_with_fields_in_the_place_of_a_body_is_read(tmp_path) -> None:
    params = [{"name": "a", "value": "1 é"}, {"name": "b", "value": "2"}]
    first, second = read_entries(
        tmp_path,
        entry("http://app.example/", "POST", post={"mimeType": FORM, "params": params}),
        entry("http://app.example/", "POST", post={"mimeType": "multipart/form-data; boundary=x", "params": params}),
    ).requests
    assert first.body == b"a=1+%C3%A9&b=2"
    assert 'name="a"\r\n\r\n1 é\r\n'.encode() in second.body


def test_har_answer_in_base64_gives_out_values_too(tmp_path) -> None:
    text = base64.b64encode(b'{"id": 5629499534213120}').decode()
    content = {"mimeType": "application/json", "text": text, "encoding": "base64"}
    answer_headers = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
    _, second = read_entries(
        tmp_path,
        entry("http://app.example/new", content=content, answer_headers=answer_headers),
        entry("http://app.example/posts/5629499534213120"),
    ).requests
    assert [one.source for one in second.taken] == [Source(1, "json", "id")]


@pytest.mark.parametrize("entries", [[], [{"request": {}}], [entry("data:,")], ["x"]])
def test_har_without_requests_is_refused(tmp_path, entries) -> None:
    with pytest.raises(UserError, match="export"):
        read(tmp_path, {"log": {"entries": entries}})


def test_export_that_was_cut_off_is_refused_with_its_line(tmp_path) -> None:
    with pytest.raises(UserError, match=r"file:2: .*cut off"):
        read(tmp_path, '{"log":\n{"entries": [')


COMMON = r"""
127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif?a=1 HTTP/1.0" 200 2326
10.0.0.2 - - [27/Nov/2026:18:00:00 +0000] "GET /a HTTP/1.1" 304 - "http://x/" "Mozilla/5.0 \"X\" (\x5C)"
10.0.0.2 - - [27/Nov/2026:18:00:01 +0000] "GET /b HTTP/1.1" 200 5 "-" "Other"
app:443 10.0.0.2 - - [27/Nov/2026:18:00:02 +0000] "GET http://app/caf\xc3\xa9?q=\"1\" HTTP/1.1" 200 5 "-" "Other" 0.01
"""


def test_access_log_gives_requests_by_visitor(tmp_path) -> None:
    recording = read(tmp_path, COMMON)
    assert recording.requests == (
        RecordedRequest("/apache_pb.gif?a=1", session="1"),
        RecordedRequest("/a", session="2"),
        RecordedRequest("/b", session="3"),
        RecordedRequest("/caf%C3%A9?q=%221%22", session="3"),
    )
    assert recording.notes == ()


def test_access_log_says_what_it_does_not_have(tmp_path) -> None:
    log = (
        '1.2.3.4 - - [27/Nov/2026:18:00:00 +0000] "GET / HTTP/1.1" 200 5\n'
        '1.2.3.4 - - [27/Nov/2026:18:00:00 +0000] "POST / HTTP/1.1" 302 0\n'
        '1.2.3.4 - - [27/Nov/2026:18:00:00 +0000] "\\x16\\x03" 400 0\n'
        "[notice] restarted\n"
        '0.1.0.2 - - [27/Nov/2026:18:00:00 +0000] "GET /_ah/queue/x HTTP/1.1" 200 0 "-" "AppEngine-Google; x"\n'
    )
    recording = read(tmp_path, log)
    assert len(recording.requests) == 1
    assert recording.notes == (
        "left out lines that are no requests (the first is line 3): 2",
        "left out requests with a body, which a log does not have (PATCH, POST, PUT): 1",
        "left out requests of App Engine itself, such as tasks and cron jobs: 1",
    )


def test_readers_say_how_many_static_files_are_repeated(tmp_path) -> None:
    log = read(tmp_path, '1.2.3.4 - - [x] "GET /a.css HTTP/1.1" 200 5\n' * 3)
    har = read_entries(tmp_path, *[entry("http://app.example/a.css")] * 3)
    assert [(len(one.requests), one.notes) for one in (log, har)] == [
        (1, ("left out repeated requests for static files: 2",))
    ] * 2


def test_access_log_with_any_bytes_is_read(tmp_path) -> None:
    (tmp_path / "file").write_bytes(b'1.2.3.4 - - [x] "GET / HTTP/1.1" 200 5 "-" "caf\xe9"\n')
    assert read_requests(tmp_path / "file").requests == (RecordedRequest("/"),)


def test_log_with_nothing_to_send_says_why(tmp_path) -> None:
    with pytest.raises(UserError, match="with a body"):
        read(tmp_path, '1.2.3.4 - - [27/Nov/2026:18:00:00 +0000] "POST / HTTP/1.1" 302 0\n')


def first_generation(resource, second, **more):
    payload = {"@type": "type.googleapis.com/google.appengine.logging.v1.RequestLog", "method": "GET", "ip": "1.2.3.4"}
    payload |= {"resource": resource, "startTime": f"2026-11-27T18:00:{second}Z", "userAgent": "A", **more}
    return {"insertId": resource, "protoPayload": payload, "timestamp": "2026-11-27T18:00:00Z"}


def test_request_log_of_the_first_generation_is_read_oldest_first(tmp_path) -> None:
    recording = read(
        tmp_path,
        [
            first_generation("/b?c=1", "02.5"),
            first_generation("/a", "01"),
            first_generation("/work", "03", taskQueueName="default"),
            first_generation("/cron", "03", ip="0.1.0.1"),
        ],
    )
    assert [request.target for request in recording.requests] == ["/a", "/b?c=1"]
    assert recording.notes == ("left out requests of App Engine itself, such as tasks and cron jobs: 2",)


def test_requests_of_newer_platforms_are_read_once_each(tmp_path) -> None:
    def entry_of(url, second, trace, **more):
        http = {"requestMethod": "GET", "requestUrl": url, "remoteIp": "1.2.3.4", "userAgent": "A"}
        return {"logName": "x", "httpRequest": http, "timestamp": f"2026-11-27T18:00:{second}Z", "trace": trace, **more}

    def service(name):
        return {"resource": {"type": "gae_app", "labels": {"module_id": name}}}

    entries = [
        entry_of("/b", "02", "t2", **service("api")),
        entry_of("https://app.example/b", "02.1", "t2"),  # the load balancer's, of the same request
        entry_of("https://app.example/a?x=1", "01", "t1", **service("default")),
        {"logName": "x", "textPayload": "hello", "timestamp": "2026-11-27T18:00:00Z"},
    ]
    recording = read(tmp_path, "\n".join(json.dumps(one) for one in entries))
    assert recording.requests == (
        RecordedRequest("/a?x=1", session="1", app="default"),
        RecordedRequest("/b", session="1", app="api"),
    )
    assert recording.notes == ("left out entries that are no requests: 1",)
