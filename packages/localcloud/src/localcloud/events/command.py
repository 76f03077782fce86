"""The options of `localcloud event`, and what they make."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from datastore_emulator.errors import UserError

if TYPE_CHECKING:
    from localcloud.events.event import Event
    from localcloud.events.types import EventType

# Each option that belongs to some services only.
_SERVICES = {
    "topic": ("pubsub",),
    "attribute": ("pubsub",),
    "bucket": ("storage",),
    "object": ("storage",),
    "document": ("firestore",),
    "entity": ("datastore",),
    "old_data": ("firestore", "datastore"),
}
# functions-framework gives such a function the bytes of protobuf.
_HINT = "; for a function that takes (data, context), pass --signature-type event"
_NEEDED = {"storage": "object", "firestore": "document", "datastore": "entity"}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `localcloud event`."""
    parser.add_argument("address", metavar="ADDRESS", help="the app's address, as in http://localhost:8080")
    parser.add_argument(
        "--type",
        required=True,
        metavar="TYPE",
        help="pubsub, storage, firestore or datastore; with a change as in storage.deleted, or as an Eventarc trigger "
        "has it, google.cloud.storage.object.v1.deleted",
    )
    parser.add_argument(
        "--data",
        metavar="TEXT",
        help="pubsub: the message's text; storage: a JSON object of metadata; firestore and datastore: a JSON object "
        "of the fields after the change",
    )
    parser.add_argument("--old-data", metavar="JSON", help="firestore and datastore: the fields before the change")
    parser.add_argument("--topic", metavar="NAME", help="pubsub: the topic (default: topic)")
    parser.add_argument(
        "--attribute",
        action="append",
        metavar="NAME=VALUE",
        help="pubsub: an attribute of the message (repeatable)",
    )
    parser.add_argument("--bucket", metavar="NAME", help="storage: the bucket (default: bucket)")
    parser.add_argument("--object", metavar="NAME", help="storage: the object, as in folder/file.txt")
    parser.add_argument("--document", metavar="PATH", help="firestore: the document, as in users/marie")
    parser.add_argument("--entity", metavar="PATH", help="datastore: the entity, as in Visit/5")
    parser.add_argument("--project", default="demo", help="the project id (default: demo)")
    parser.add_argument("--id", metavar="NUMBER", help="the event's id, to send one twice (default: a new one)")
    parser.add_argument(
        "--signature-type",
        choices=["cloudevent", "event"],
        default="cloudevent",
        help="event: as Cloud Functions of the first generation sent it to (data, context) functions "
        "(default: cloudevent, as Eventarc sends it)",
    )


def send_event(options: argparse.Namespace) -> None:
    """Send the event that the options describe, and print what came of it; raises UserError if it failed."""
    from localcloud.events.delivery import read_url, send
    from localcloud.events.event import make_background_event, make_cloud_event
    from localcloud.events.types import find_type

    _refuse_no_utf8(options)
    read_url(options.address)
    event_type = find_type(options.type)
    for name, services in _SERVICES.items():
        if getattr(options, name) is not None and event_type.service not in services:
            raise UserError(f"{_spell(name)}: only for --type {' and '.join(services)}; leave it out")
    needed = _NEEDED.get(event_type.service)
    if needed and not getattr(options, needed):
        raise UserError(f"--type {options.type}: say which {needed}, with {_spell(needed)}")
    try:
        event = _make_event(options, event_type)
    except RecursionError as error:
        raise UserError("--data: this is nested too deeply for any document; write it flatter") from error
    request = make_background_event(event) if options.signature_type == "event" else make_cloud_event(event)
    hint = "" if event_type.service != "firestore" or options.signature_type == "event" else _HINT
    status = send(options.address, request, hint)
    print(f"{event_type.name}, id {event.id}: answered {status}")


def _refuse_no_utf8(options: argparse.Namespace) -> None:
    """Raise UserError for words that are not UTF-8, since headers, JSON and protobuf hold nothing else."""
    for name, value in vars(options).items():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and not _is_utf8(text):
                raise UserError(f"{name if name == 'address' else _spell(name)}: this is not UTF-8; write it in UTF-8")


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _make_event(options: argparse.Namespace, event_type: EventType) -> Event:
    number = options.id or str(time.time_ns() // 1000)
    if not number.isdecimal() or len(number) > 18:
        raise UserError(f"--id {number}: Google's ids are numbers of up to 18 digits; write one")
    now = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if event_type.service == "pubsub":
        from localcloud.events.messages import make_message

        return make_message(
            event_type,
            number,
            now,
            project=options.project,
            topic=options.topic or "topic",
            data=options.data or "",
            attributes=dict(map(_read_attribute, options.attribute or [])),
        )
    data, old = _read_json("--data", options.data), _read_json("--old-data", options.old_data)
    if event_type.service == "storage":
        from localcloud.events.messages import make_object

        return make_object(
            event_type, number, now, bucket=options.bucket or "bucket", name=options.object, metadata=data or {}
        )
    from localcloud.events.documents import Change, make_document, make_entity

    change = Change(*_complete(event_type.change, data, old))
    if event_type.service == "firestore":
        return make_document(event_type, number, now, project=options.project, path=options.document, change=change)
    return make_entity(event_type, number, now, project=options.project, path=options.entity, change=change)


_Fields = Mapping[str, Any] | None


def _complete(change: str, data: _Fields, old: _Fields) -> tuple[_Fields, _Fields]:
    """Return the fields before and after a change, each as the change has it."""
    if change == "created" and old is not None:
        raise UserError("--old-data: a document that is created had no data before; leave it out")
    if change == "deleted" and data is not None:
        raise UserError("--data: a deleted document has no data; write what it had with --old-data")
    if change == "created":
        return None, data or {}
    if change == "deleted":
        return old or {}, None
    if change == "updated":
        return old or {}, data or {}
    return old, data if data is not None or old is not None else {}


def _read_json(option: str, text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UserError(f'{option}: this is not JSON ({error}); write an object as in {{"name": "Marie"}}') from error
    if not isinstance(found, dict):
        raise UserError(f'{option}: this is JSON but no object; write one as in {{"name": "Marie"}}')
    return found


def _read_attribute(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UserError(f'--attribute "{text}": write it as NAME=VALUE')
    return name, value


def _spell(name: str) -> str:
    return f"--{name.replace('_', '-')}"
