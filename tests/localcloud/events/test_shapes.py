"""What `localcloud event` sends, attribute by attribute, as docs/platform-facts.md has it."""

from __future__ import annotations

import base64
import json
import re

import pytest
from google.cloud.datastore_v1 import types as v1
from google.protobuf.json_format import MessageToDict

from localcloud.events.firestore_messages import DocumentEventData, EntityEventData

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
SCHEMA = "https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud"


def test_message_is_sent_as_eventarc_sends_it(event, listener):
    code, line = event(
        *(listener.address, "--type", "pubsub", "--data", "Zoë", "--topic", "names", "--attribute", "to=all=1"),
        *("--project", "shop", "--id", "7"),
    )
    assert (code, line) == (0, "google.cloud.pubsub.topic.v1.messagePublished, id 7: answered 200")
    sent = listener.attributes()
    time = sent.pop("time")
    assert TIME.fullmatch(time)
    assert sent == {
        "id": "7",
        "source": "//pubsub.googleapis.com/projects/shop/topics/names",
        "specversion": "1.0",
        "type": "google.cloud.pubsub.topic.v1.messagePublished",
    }
    assert (listener.path, listener.headers["Content-Type"]) == ("/", "application/json")
    assert listener.headers["User-Agent"].startswith("APIs-Google")
    body = json.loads(listener.body)
    assert body["subscription"].startswith("projects/shop/subscriptions/")
    assert body["message"] == {
        "data": base64.b64encode("Zoë".encode()).decode(),
        "attributes": {"to": "all=1"},
        **{"messageId": "7", "message_id": "7", "publishTime": time, "publish_time": time},
    }


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("storage", "finalized"),
        ("storage.deleted", "deleted"),
        ("google.cloud.storage.object.v1.archived", "archived"),
    ],
)
def test_object_is_sent_as_eventarc_sends_it(event, listener, asked, name):
    event(listener.address, "--type", asked, "--bucket", "pics", "--object", 'a/my "ü".png', "--data", '{"size": "9"}')
    sent = listener.attributes()
    assert sent["type"] == f"google.cloud.storage.object.v1.{name}"
    assert sent["source"] == "//storage.googleapis.com/projects/_/buckets/pics"
    # A header has no spaces, quotes and non-ASCII characters of an attribute's value.
    assert (sent["subject"], sent["bucket"]) == ("objects/a/my%20%22%C3%BC%22.png", "pics")
    body = json.loads(listener.body)
    assert (body["kind"], body["bucket"], body["name"]) == ("storage#object", "pics", 'a/my "ü".png')
    assert (body["size"], body["contentType"], body["metageneration"]) == ("9", "text/plain", "1")
    assert body["id"] == f'pics/a/my "ü".png/{body["generation"]}'


FIELDS = {
    "none": None,
    "flag": True,
    "count": 5,
    "ratio": 0.5,
    "name": "Marie",
    "list": [1, {"x": "y"}],
    "map": {"inner": 1},
    "when": {"timestampValue": "2026-11-27T10:00:00Z"},
}


def test_document_is_sent_as_protobuf(event, listener):
    event(listener.address, "--type", "firestore.created", "--document", "users/marie", "--data", json.dumps(FIELDS))
    sent = listener.attributes()
    assert listener.headers["Content-Type"] == "application/protobuf"
    assert sent["type"] == "google.cloud.firestore.document.v1.created"
    assert sent["source"] == "//firestore.googleapis.com/projects/demo/databases/(default)"
    assert (sent["subject"], sent["document"]) == ("documents/users/marie", "users/marie")
    assert (sent["database"], sent["namespace"], sent["project"]) == ("(default)", "(default)", "demo")
    assert sent["dataschema"] == f"{SCHEMA}/firestore/v1/data.proto"
    data = MessageToDict(DocumentEventData.FromString(listener.body))
    assert data.keys() == {"value"}
    assert data["value"]["name"] == "projects/demo/databases/(default)/documents/users/marie"
    assert data["value"]["fields"] == {
        "none": {"nullValue": None},
        "flag": {"booleanValue": True},
        "count": {"integerValue": "5"},
        "ratio": {"doubleValue": 0.5},
        "name": {"stringValue": "Marie"},
        "list": {
            "arrayValue": {"values": [{"integerValue": "1"}, {"mapValue": {"fields": {"x": {"stringValue": "y"}}}}]}
        },
        "map": {"mapValue": {"fields": {"inner": {"integerValue": "1"}}}},
        "when": {"timestampValue": "2026-11-27T10:00:00Z"},
    }


def test_document_has_the_field_numbers_of_googles_schema(event, listener):
    event(listener.address, "--type", "firestore.deleted", "--document", "a/b", "--old-data", '{"s": "x"}', "--id", "1")
    name = b"projects/demo/databases/(default)/documents/a/b"
    # old_value is field 2; in it the name is 1, and fields are 2; string_value is 17.
    assert re.match(rb"\x12.\x0a/" + re.escape(name) + rb"\x12\x09\x0a\x01s\x12\x04\x8a\x01\x01x\x1a", listener.body)


def test_entity_is_sent_as_protobuf_of_datastore(event, listener):
    event(
        *(listener.address, "--type", "datastore.updated", "--entity", "Book/guests/Visit/5"),
        *("--data", '{"n": 2, "same": [1]}', "--old-data", '{"n": 1, "same": [1], "gone": {"blobValue": "aGk="}}'),
    )
    sent = listener.attributes()
    assert sent["type"] == "google.cloud.datastore.entity.v1.updated"
    assert (sent["subject"], sent["entity"]) == ("documents/Book/guests/Visit/5", "Book/guests/Visit/5")
    assert sent["dataschema"] == f"{SCHEMA}/datastore/v1/data.proto"
    data = EntityEventData.FromString(listener.body)
    assert list(data.update_mask.property_paths) == ["gone", "n"]
    old = v1.EntityResult.deserialize(data.old_value.SerializeToString()).entity
    assert [(part.kind, part.name or part.id) for part in old.key.path] == [("Book", "guests"), ("Visit", 5)]
    assert (old.properties["gone"].blob_value, data.value.entity.properties["n"].integer_value) == (b"hi", 2)


@pytest.mark.parametrize(
    ("options", "event_type", "resource", "key"),
    [
        (
            ["--type", "pubsub"],
            "google.pubsub.topic.publish",
            {
                "service": "pubsub.googleapis.com",
                "name": "projects/demo/topics/topic",
                "type": "type.googleapis.com/google.pubsub.v1.PubsubMessage",
            },
            "data",
        ),
        (
            ["--type", "storage.deleted", "--object", "f.txt"],
            "google.storage.object.delete",
            {
                "service": "storage.googleapis.com",
                "name": "projects/_/buckets/bucket/objects/f.txt",
                "type": "storage#object",
            },
            "name",
        ),
        (
            ["--type", "firestore", "--document", "users/marie"],
            "providers/cloud.firestore/eventTypes/document.write",
            "projects/demo/databases/(default)/documents/users/marie",
            "value",
        ),
    ],
)
def test_background_event_is_sent_as_the_first_generation_did(event, listener, options, event_type, resource, key):
    assert event(listener.address, *options, "--signature-type", "event", "--id", "7")[0] == 0
    assert not listener.attributes()
    body = json.loads(listener.body)
    assert body["context"].pop("timestamp")
    assert body["context"] == {"eventId": "7", "eventType": event_type, "resource": resource}
    assert key in body["data"]
