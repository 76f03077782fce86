"""Functions of each signature type run by `localcloud run`, and get what `localcloud event` sends."""

from __future__ import annotations

import httpx
import pytest

from tests.support.deadline import DEADLINE

pytestmark = pytest.mark.app

HTTP = "def hello(request):\n    return 'hello ' + request.args['name']\n"
BACKGROUND = """
import base64

def hello(data, ctx):
    if ctx.event_type.startswith("google.pubsub"):
        print("got", base64.b64decode(data["data"]).decode(), data["attributes"], ctx.resource["name"], ctx.event_id)
    elif ctx.event_type.startswith("google.storage"):
        print("got", data["bucket"], data["name"], ctx.event_type, ctx.resource["name"])
    else:
        print("got", data["value"]["fields"], data["oldValue"], ctx.event_type, ctx.resource)
"""
CLOUD_EVENT = """
import base64

import functions_framework

@functions_framework.cloud_event
def hello(event):
    if "message" in event.data:
        print("got", base64.b64decode(event.data["message"]["data"]).decode(), event["id"], event["source"])
    else:
        print("got", event["subject"], event["type"], 1 / int(event.data["size"]))
"""
# With Google's own messages for events.
PROTOBUF = """
import functions_framework
from google.events.cloud.datastore import EntityEventData
from google.events.cloud.firestore import DocumentEventData

@functions_framework.cloud_event
def hello(event):
    if "firestore.document" in event["type"]:
        data = DocumentEventData.deserialize(event.data)
        print("got", data.value.name, data.value.fields["name"].string_value, list(data.update_mask.field_paths))
    else:
        data = EntityEventData.deserialize(event.data)
        print("got", data.old_value.entity.key.path[0].id, data.old_value.entity.properties["n"].integer_value)
"""
TYPED = """
import functions_framework

class Person:
    def __init__(self, name):
        self.name = name

    @staticmethod
    def from_dict(given):
        return Person(given["name"])

    def to_dict(self):
        return {"name": self.name}

@functions_framework.typed(Person)
def hello(person):
    return Person("hello " + person.name)
"""


@pytest.fixture
def serve(localcloud, tmp_path):
    """Serve functions called hello, from {folder: text of the file}; return the command and the addresses."""

    def serve(files, *options, name="main.py"):
        for folder, text in files.items():
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / name).write_text(text)
        folders = [tmp_path / folder for folder in files]
        command = localcloud("run", *folders, "--function", "hello", "--data", ":memory:", *options)
        return command, command.urls(len(folders))

    return serve


@pytest.fixture
def event(localcloud):
    """Run `localcloud event`; return its exit code and its line."""

    def event(*arguments):
        command = localcloud("event", *arguments)
        return command.wait(), command.lines[-1]

    return event


def test_functions_of_all_signature_types_run_side_by_side(serve, event):
    command, (request, background, cloud_event, typed) = serve(
        {"request": HTTP, "background": BACKGROUND, "cloud_event": CLOUD_EVENT, "typed": TYPED}
    )
    assert httpx.get(request, params={"name": "Ann"}, timeout=DEADLINE).text == "hello Ann"
    assert httpx.post(typed, json={"name": "Ann"}, timeout=DEADLINE).json() == {"name": "hello Ann"}
    message = ("--type", "pubsub", "--data", "Zoë", "--attribute", "a=b", "--id", "7")
    sent = (0, "google.cloud.pubsub.topic.v1.messagePublished, id 7: answered 200")
    assert event(cloud_event, *message) == sent
    command.wait_for("got Zoë 7 //pubsub.googleapis.com/projects/demo/topics/topic")
    assert event(background, *message) == sent
    command.wait_for("got Zoë {'a': 'b'} projects/demo/topics/topic 7")
    assert event(background, *message, "--signature-type", "event", "--attribute", "old=1") == sent
    command.wait_for("got Zoë {'a': 'b', 'old': '1'} projects/demo/topics/topic 7")


def test_background_function_gets_objects_and_documents(serve, event):
    command, (url,) = serve({"app": BACKGROUND})
    assert event(url, "--type", "storage.deleted", "--object", "f.txt", "--bucket", "b")[0] == 0
    command.wait_for(r"got b f\.txt google\.storage\.object\.delete projects/_/buckets/b/objects/f\.txt")
    fields = ("--type", "firestore", "--document", "users/ann", "--data", '{"name": "Ann"}')
    code, line = event(url, *fields)
    assert (code, line.partition("; for a function ")[2]) == (
        1,
        "that takes (data, context), pass --signature-type event",
    )
    assert event(url, *fields, "--signature-type", "event")[0] == 0
    command.wait_for(
        r"got {'name': {'stringValue': 'Ann'}} {} providers/cloud.firestore/eventTypes/document.write proj"
    )


def test_function_in_another_file_fails_in_one_line(serve, event):
    command, (url,) = serve({"app": CLOUD_EVENT}, "--source", "fn.py", name="fn.py")
    assert event(url, "--type", "storage", "--object", "f.txt", "--data", '{"size": "4"}')[0] == 0
    command.wait_for(r"got objects/f\.txt google\.cloud\.storage\.object\.v1\.finalized 0\.25")
    assert event(url, "--type", "storage", "--object", "f.txt") == (
        1,
        f"localcloud: {url}: answered 500: the function failed; see the log of localcloud run for the reason",
    )
    command.wait_for("ZeroDivisionError")


def test_option_makes_a_function_of_one_argument_take_events(serve, event):
    command, (url,) = serve({"app": "def hello(it):\n    print('got', it['type'])\n"}, "--signature-type", "cloudevent")
    assert event(url, "--type", "pubsub")[0] == 0
    command.wait_for("got google.cloud.pubsub.topic.v1.messagePublished")


def test_googles_messages_read_documents_and_entities(serve, event, tmp_path):
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "requirements.txt").write_text(
        "functions-framework==3.10.2\ngoogle-events==0.14.0\ngoogleapis-common-protos==1.76.0\n"
    )
    command, (url,) = serve({"app": PROTOBUF})
    update = ("--data", '{"name": "Ann", "n": 1}', "--old-data", '{"name": "An", "n": 1}')
    assert event(url, "--type", "firestore.updated", "--document", "users/ann", *update)[0] == 0
    command.wait_for(r"got projects/demo/databases/\(default\)/documents/users/ann Ann \['name'\]")
    assert event(url, "--type", "datastore.deleted", "--entity", "Visit/5", "--old-data", '{"n": 3}')[0] == 0
    command.wait_for("got 5 3")
