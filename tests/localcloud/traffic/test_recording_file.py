"""The file of a recording: what is written is read again, and what a person writes wrong is told by its line."""

from __future__ import annotations

import json

import pytest

from datastore_emulator.errors import UserError
from localcloud.traffic import RecordedRequest, Recording, Source, Taken
from localcloud.traffic.lines import format_request
from localcloud.traffic.recording_file import RecordingFile, read_requests, write_recording

FORM = ("Content-Type", "application/x-www-form-urlencoded")
JSON = ("Content-Type", "application/json")
MULTIPART = ("Content-Type", "multipart/form-data; boundary=xyz")


def post(body: bytes, *headers: tuple[str, str], method: str = "POST") -> RecordedRequest:
    return RecordedRequest("/", method, headers=headers, body=body)


@pytest.mark.parametrize(
    ("request_", "fields"),
    [
        (RecordedRequest("/"), {"target": "/"}),
        (
            RecordedRequest("/a?b=%20", "DELETE", session="2"),
            {"target": "/a?b=%20", "method": "DELETE", "session": "2"},
        ),
        (post(b""), {"target": "/", "method": "POST"}),
        (post(b"a=1&b=%C3%A9+x", FORM), {"target": "/", "form": {"a": "1", "b": "é x"}}),
        (post(b"a=1&a=2", FORM), {"target": "/", "form": [["a", "1"], ["a", "2"]]}),
        (post(b"a=%20", FORM), {"target": "/", "headers": dict([FORM]), "body": "a=%20"}),
        (post(b'{"a":[1,2.50]}', JSON), {"target": "/", "headers": dict([JSON]), "body": '{"a":[1,2.50]}'}),
        (post('{"a":"é"}'.encode(), JSON), {"target": "/", "json": {"a": "é"}}),
        (
            post(b'{"a": 1}', JSON, method="PUT"),
            {"target": "/", "method": "PUT", "headers": dict([JSON]), "body": '{"a": 1}'},
        ),
        (
            post(b"--xyz\r\n\xe9\xff", MULTIPART),
            {"target": "/", "headers": dict([MULTIPART]), "body_base64": "LS14eXoNCun/"},
        ),
        (post(b"x", ("X-A", "1"), ("X-A", "2")), {"target": "/", "headers": [["X-A", "1"], ["X-A", "2"]], "body": "x"}),
        (
            RecordedRequest("/p/5", app="api", taken=(Taken("5", Source(1, "attribute", "/p/*", 2)),)),
            {"target": "/p/5", "app": "api", "taken": [{"value": "5", "request": 1, "attribute": "/p/*", "number": 2}]},
        ),
    ],
)
def test_request_is_written_in_few_words_and_read_again(request_, fields, tmp_path) -> None:
    assert json.loads(format_request(request_)) == fields
    recording = Recording((RecordedRequest("/"), request_), "a visit")
    write_recording(tmp_path / "file", recording)
    assert read_requests(tmp_path / "file") == recording


def test_lines_end_where_a_person_sees_it(tmp_path) -> None:
    request = post("a\u2028b\u0085c\nd".encode())
    write_recording(tmp_path / "file", Recording((request,)))
    assert len((tmp_path / "file").read_text().splitlines()) == 2
    assert read_requests(tmp_path / "file").requests == (request,)


def test_recording_by_hand_needs_no_first_line_and_may_have_comments(tmp_path) -> None:
    file = tmp_path / "file"
    file.write_text(
        '# the home page\n{"target": "/caf\u00e9"}\n\n{"target": "/", "session": 2, "form": {"a": "b c"}}\n'
    )
    first, second = read_requests(file).requests
    assert first == RecordedRequest("/caf%C3%A9")
    assert second == RecordedRequest("/", "POST", session="2", headers=(FORM,), body=b"a=b+c")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"target": "posts"}', '"target" is missing or no path'),
        ('{"path": "/"}', 'no field "path"'),
        ('{"target": "/"', "no object of JSON"),
        ("[1]", "no object of JSON"),
        ('{"target": "/", "method": "GET /"}', '"method"'),
        ('{"target": "/", "headers": {"A B": "c"}}', '"A B" is no header'),
        ('{"target": "/", "headers": {"A": "c\\nd"}}', '"A" is no header'),
        ('{"target": "/", "headers": ["A"]}', '"headers" are names and values'),
        ('{"target": "/", "form": "a=b"}', '"form" are names and values'),
        ('{"target": "/", "form": {}, "body": ""}', '"form" and "body" are both the body'),
        ('{"target": "/", "body": 5}', '"body" is a text'),
        ('{"target": "/", "body_base64": "?"}', "Base64"),
        ('{"target": "/", "taken": [{"value": "a", "request": 1}]}', '"taken" needs'),
        (
            '{"target": "/", "taken": [{"value": "a", "request": 2, "field": "b"}]}',
            "not the number of a request before",
        ),
        ('{"localcloud recording": 2}', "version 2"),
    ],
)
def test_wrong_line_is_named_with_what_to_write(line, reason, tmp_path) -> None:
    (tmp_path / "file").write_text('{"target": "/"}\n' + line + "\n")
    with pytest.raises(UserError, match=r"file:2: ") as error:
        read_requests(tmp_path / "file")
    assert reason in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"localcloud recording": 1}',
        b"# nothing\n",
        b"hello\n",
        b"{}",
        b'{"log": {}}',
        b"[]",
        b"\xff\xfe\x00",
        b"\x00\xff",
        b"[" * 100_000,
    ],
)
def test_other_file_is_refused_in_one_line(content, tmp_path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(UserError, match=r"\Afile") as error:
        read_requests_in(tmp_path)
    assert "\n" not in str(error.value)


def read_requests_in(folder):
    try:
        return read_requests(folder / "file")
    except UserError as error:
        raise UserError(str(error).removeprefix(f"{folder}/")) from error


def test_missing_file_and_folder_are_refused(tmp_path) -> None:
    for path in (tmp_path / "missing", tmp_path):
        with pytest.raises(UserError):
            read_requests(path)


@pytest.mark.parametrize(
    ("content", "append"), [("my notes\n", False), ("my notes\n", True), ('{"target": "/by-hand"}\n', False)]
)
def test_file_that_is_no_recording_is_not_overwritten(tmp_path, content, append) -> None:
    file = tmp_path / "notes"
    file.write_text(content)
    with pytest.raises(UserError, match="would be lost"):
        RecordingFile(file, "", append=append)
    assert file.read_text() == content


def test_recording_stays_until_there_is_another_request(tmp_path) -> None:
    file = tmp_path / "file"
    write_recording(file, Recording(()))
    assert not file.exists()
    write_recording(file, Recording((RecordedRequest("/a"), RecordedRequest("/b"))))
    write_recording(file, Recording(()))
    assert len(read_requests(file).requests) == 2
    write_recording(file, Recording((RecordedRequest("/c"),)))
    assert [request.target for request in read_requests(file).requests] == ["/c"]


def test_append_keeps_what_is_there(tmp_path) -> None:
    for append, target in ((False, "/a"), (True, "/b")):
        file = RecordingFile(tmp_path / "file", "a visit", append=append)
        file.add(RecordedRequest(target))
        file.close()
    assert [request.target for request in read_requests(tmp_path / "file").requests] == ["/a", "/b"]


def test_append_to_a_recording_by_hand_keeps_it(tmp_path) -> None:
    (tmp_path / "file").write_text('# mine\n{"target": "/a"}')
    file = RecordingFile(tmp_path / "file", "", append=True)
    file.add(RecordedRequest("/b"))
    file.close()
    assert (tmp_path / "file").read_text() == '# mine\n{"target": "/a"}\n{"target": "/b"}\n'


def test_utf16_file_of_powershell_is_read(tmp_path) -> None:
    (tmp_path / "file").write_text('{"target": "/"}\n', encoding="utf-16")
    assert read_requests(tmp_path / "file").requests == (RecordedRequest("/"),)
