"""`localcloud event` fails in one line, which says what to do."""

from __future__ import annotations

import socket

import pytest

DOCUMENT = ("--type", "firestore", "--document", "users/marie")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--type", "google.cloud.audit.log.v1.written"],
            "--type google.cloud.audit.log.v1.written: localcloud sends no such event; choose one of pubsub.published, "
            "storage.finalized, ",
        ),
        (
            ["--type", "storage.created"],
            "--type storage.created: localcloud sends no such event; choose one of storage.finalized, storage.deleted, "
            "storage.archived, storage.metadataUpdated",
        ),
        (
            ["--type", "google.cloud.firestore.document.v1.written.withAuthContext"],
            "--type google.cloud.firestore.document.v1.written.withAuthContext: localcloud sends no such event; ",
        ),
        (["--type", "storage"], "--type storage: say which object, with --object"),
        (["--type", "pubsub", "--bucket", "b"], "--bucket: only for --type storage; leave it out"),
        (
            ["--type", "pubsub", "--old-data", "{}"],
            "--old-data: only for --type firestore and datastore; leave it out",
        ),
        (["--type", "pubsub", "--attribute", "x"], '--attribute "x": write it as NAME=VALUE'),
        (["--type", "pubsub", "--id", "x1"], "--id x1: Google's ids are numbers of up to 18 digits; write one"),
        ([*DOCUMENT, "--data", "{"], "--data: this is not JSON (Expecting property name"),
        ([*DOCUMENT, "--data", "[]"], '--data: this is JSON but no object; write one as in {"name": "Marie"}'),
        ([*DOCUMENT, "--data", '{"x": [[1]]}'], "x: an array cannot hold another array; put an object between the two"),
        ([*DOCUMENT, "--data", '{"x": 9223372036854775808}'], "x: 9223372036854775808 is no value of Firestore ("),
        (
            [*DOCUMENT, "--data", '{"x": {"timestampValue": "today"}}'],
            'x: {"timestampValue": "today"} is no value of Firestore (',
        ),
        (
            ["--type", "firestore", "--document", "users"],
            "--document users: this is a collection; add the id of the document, as in users/marie",
        ),
        (
            ["--type", "datastore", "--entity", "Visit"],
            "--entity Visit: the last kind has no id or name; add it, as in Visit/5",
        ),
        ([*DOCUMENT, "--data", '{"\\ud800": 1}'], '"\\ud800" is no name of a field: it is not Unicode'),
        ([*DOCUMENT, "--data", '{"x": "\\ud800"}'], 'x: "\\ud800" is no value of Firestore ('),
        ([*DOCUMENT, "--data", '{"x": ' * 400 + "1" + "}" * 400], "--data: this is nested too deeply"),
        (["--type", "pubsub", "--attribute", "a=\udcff"], "--attribute: this is not UTF-8; write it in UTF-8"),
        (
            ["--type", "datastore", "--entity", "Visit/9223372036854775808"],
            "--entity Visit/9223372036854775808: an id is a number from 1 to 9223372036854775807; write another one",
        ),
        (
            ["--type", "datastore", "--entity", "Visit//5"],
            '--entity "Visit//5": there is an empty part; write it as in Visit/5',
        ),
        (
            ["--type", "firestore.deleted", "--document", "a/b", "--data", "{}"],
            "--data: a deleted document has no data; write what it had with --old-data",
        ),
        (
            ["--type", "firestore.created", "--document", "a/b", "--old-data", "{}"],
            "--old-data: a document that is created had no data before; leave it out",
        ),
        (
            ["--type", "datastore", "--entity", "Visit/5", "--signature-type", "event"],
            "--signature-type event: background functions got no events of datastore; serve a CloudEvent function, and "
            "leave the option out",
        ),
    ],
)
def test_event_that_cannot_be_made_is_refused(event, listener, options, message):
    code, line = event(listener.address, *options)
    assert (code, listener.path) == (1, "")
    assert line.startswith(message)


@pytest.mark.parametrize("address", ["https://localhost:8080", "http://", "http://localhost:x", "http://local host"])
def test_address_that_is_not_local_http_is_refused(event, address):
    assert event(address, "--type", "pubsub") == (
        1,
        f'"{address}" is not the address of a local app; write it as in http://localhost:8080',
    )


def test_address_where_nothing_listens_is_refused(event):
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"127.0.0.1:{server.getsockname()[1]}"
    assert event(address, "--type", "pubsub") == (
        1,
        f"{address}: nothing listens there; start the function with localcloud run",
    )


def test_host_that_is_no_name_is_refused(event):
    code, line = event(f"http://{'a' * 70}:8080", "--type", "pubsub")
    assert (code, line.partition(":8080: ")[2][:27]) == (1, "no answer to the event (enc")


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (500, "answered 500: the function failed; see the log of localcloud run for the reason"),
        (400, "answered 400: the function takes no such event; see the log of localcloud run for the reason"),
        (405, "answered 405: it takes no POST requests, so no events; serve a function that takes events"),
        (503, "answered 503: The app has ended.; Eventarc would send the event again"),
        (302, "answered 302: The app has ended.; Eventarc would send the event again"),
    ],
)
def test_error_answer_is_reported(event, listener, status, reason):
    listener.status, listener.reply = status, b"The app has ended.\nMore.\n"
    assert event(f"{listener.address}/path?q=1", "--type", "pubsub") == (1, f"{listener.address}/path?q=1: {reason}")
    assert listener.path == "/path?q=1"


def test_failure_with_firestore_names_the_option_for_background_functions(event, listener):
    listener.status = 500
    hint = "for a function that takes (data, context), pass --signature-type event"
    assert event(listener.address, *DOCUMENT)[1].endswith(hint)
    assert hint not in event(listener.address, *DOCUMENT, "--signature-type", "event")[1]
