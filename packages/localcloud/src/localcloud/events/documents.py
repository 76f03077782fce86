"""Events of Firestore and of Firestore in Datastore mode. Their data is protobuf."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.json_format import MessageToDict, ParseDict, ParseError

from datastore_emulator.errors import UserError
from localcloud.events.event import Event
from localcloud.events.firestore_messages import DocumentEventData, EntityEventData
from localcloud.events.types import EventType

_SCHEMA = "https://github.com/googleapis/google-cloudevents/blob/main/proto/google/events/cloud/{}/v1/data.proto"
_LOCATION = "us-central1"
_TOO_LARGE = 2**63


@dataclass(frozen=True)
class Change:
    """The fields of a document before and after a change; None where there is no document."""

    old: Mapping[str, Any] | None
    new: Mapping[str, Any] | None

    @property
    def changed(self) -> list[str]:
        """The names of the fields that an update has changed."""
        if self.old is None or self.new is None:
            return []
        old, new = self.old, self.new
        return sorted(name for name in {*old, *new} if old.get(name, ...) != new.get(name, ...))


def make_document(event_type: EventType, event_id: str, time: str, *, project: str, path: str, change: Change) -> Event:
    """Return the event of a Firestore document, whose path is as "users/marie"."""
    if len(_parts("--document", path, "users/marie")) % 2:
        raise UserError(f"--document {path}: this is a collection; add the id of the document, as in users/marie")
    resource = f"projects/{project}/databases/(default)/documents/{path}"
    message = DocumentEventData()
    for document, fields in ((message.value, change.new), (message.old_value, change.old)):
        if fields is not None:
            document.name = resource
            document.create_time.FromJsonString(time)
            document.update_time.FromJsonString(time)
            _fill(document.fields, fields, _FIRESTORE)
    if change.changed:
        message.update_mask.field_paths.extend(change.changed)
    data = {"oldValue": {}, "updateMask": {}, "value": {}, **MessageToDict(message)}
    return _event(event_type, event_id, time, project, path, message.SerializeToString(), resource, data)


def make_entity(event_type: EventType, event_id: str, time: str, *, project: str, path: str, change: Change) -> Event:
    """Return the event of a Datastore entity, whose path is as "Visit/5": kinds, with ids or names."""
    parts = _parts("--entity", path, "Visit/5")
    if len(parts) % 2:
        raise UserError(f"--entity {path}: the last kind has no id or name; add it, as in Visit/5")
    if any(name.isdecimal() and not 0 < int(name) < _TOO_LARGE for name in parts[1::2]):
        raise UserError(f"--entity {path}: an id is a number from 1 to {_TOO_LARGE - 1}; write another one")
    message = EntityEventData()
    for result, properties in ((message.value, change.new), (message.old_value, change.old)):
        if properties is not None:
            result.entity.key.partition_id.project_id = project
            for kind, name in zip(parts[::2], parts[1::2], strict=True):
                result.entity.key.path.add(kind=kind, **({"id": int(name)} if name.isdecimal() else {"name": name}))
            result.create_time.FromJsonString(time)
            result.update_time.FromJsonString(time)
            result.version = int(event_id)
            _fill(result.entity.properties, properties, _DATASTORE)
    if change.changed:
        message.update_mask.property_paths.extend(change.changed)
    return _event(event_type, event_id, time, project, path, message.SerializeToString(), None, None)


def _event(
    event_type: EventType,
    event_id: str,
    time: str,
    project: str,
    path: str,
    body: bytes,
    resource: str | None,
    data: Mapping[str, Any] | None,
) -> Event:
    return Event(
        type=event_type,
        id=event_id,
        time=time,
        source=f"//firestore.googleapis.com/projects/{project}/databases/(default)",
        attributes={
            "subject": f"documents/{path}",
            "dataschema": _SCHEMA.format(event_type.service),
            "database": "(default)",
            "document" if event_type.service == "firestore" else "entity": path,
            "location": _LOCATION,
            "namespace": "(default)",
            "project": project,
        },
        content_type="application/protobuf",
        body=body,
        resource=resource,
        data=data,
    )


def _parts(option: str, path: str, example: str) -> list[str]:
    parts = path.split("/")
    if "" in parts:
        raise UserError(f'{option} "{path}": there is an empty part; write it as in {example}')
    return parts


# A value that JSON has no type for is written as Google's JSON has it: {"timestampValue": "2026-11-27T10:00:00Z"}.
_FIRESTORE = ("mapValue", "referenceValue", "bytesValue", "geoPointValue", "timestampValue")
_DATASTORE = ("entityValue", "keyValue", "blobValue", "geoPointValue", "timestampValue")


def _fill(fields: Any, values: Mapping[str, Any], typed: tuple[str, ...]) -> None:
    for name, value in values.items():
        try:
            field = fields[name]
        except ValueError as error:  # half of a surrogate pair, which JSON can write
            raise UserError(f"{json.dumps(name)[:100]} is no name of a field: it is not Unicode") from error
        _set_value(field, value, typed, name)


def _set_value(message: Any, value: Any, typed: tuple[str, ...], place: str) -> None:
    """Put a value of JSON into a Value message of Firestore or Datastore; raises UserError if it has none."""
    simple: dict[type, Callable[[Any], None]] = {
        type(None): lambda _: setattr(message, "null_value", 0),
        bool: lambda given: setattr(message, "boolean_value", given),
        int: lambda given: setattr(message, "integer_value", given),
        float: lambda given: setattr(message, "double_value", given),
        str: lambda given: setattr(message, "string_value", given),
    }
    try:
        if type(value) in simple:
            simple[type(value)](value)
        elif isinstance(value, list):
            message.array_value.SetInParent()
            for number, item in enumerate(value):
                if isinstance(item, list):
                    raise UserError(f"{place}: an array cannot hold another array; put an object between the two")
                _set_value(message.array_value.values.add(), item, typed, f"{place}[{number}]")
        elif len(value) == 1 and next(iter(value)) in typed:
            ParseDict(value, message)
        else:
            inner = message.map_value if typed is _FIRESTORE else message.entity_value
            inner.SetInParent()
            _fill(inner.fields if typed is _FIRESTORE else inner.properties, value, typed)
    except (ParseError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{place}: {json.dumps(value)[:100]} is no value of {_name(typed)} ({reason})") from error


def _name(typed: tuple[str, ...]) -> str:
    return "Firestore" if typed is _FIRESTORE else "Datastore"
