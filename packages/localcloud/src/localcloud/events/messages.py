"""Events of Pub/Sub and Cloud Storage. Their data is JSON."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from localcloud.events.event import Event
from localcloud.events.types import EventType

_MESSAGE = "type.googleapis.com/google.pubsub.v1.PubsubMessage"


def make_message(
    event_type: EventType,
    event_id: str,
    time: str,
    *,
    project: str,
    topic: str,
    data: str,
    attributes: Mapping[str, str],
) -> Event:
    """Return the event of a message with this text, published to a topic."""
    name = f"projects/{project}/topics/{topic}"
    content: dict[str, Any] = {"data": base64.b64encode(data.encode()).decode()}
    if attributes:
        content["attributes"] = dict(attributes)
    # Pub/Sub writes these two in both spellings.
    known = {"messageId": event_id, "message_id": event_id, "publishTime": time, "publish_time": time}
    body = {
        "message": {**content, **known},
        "subscription": f"projects/{project}/subscriptions/eventarc-{topic}",
    }
    return Event(
        type=event_type,
        id=event_id,
        time=time,
        source=f"//pubsub.googleapis.com/{name}",
        attributes={},
        content_type="application/json",
        body=json.dumps(body).encode(),
        resource={"service": "pubsub.googleapis.com", "name": name, "type": _MESSAGE},
        data={"@type": _MESSAGE, "attributes": dict(attributes), "data": content["data"]},
    )


def make_object(
    event_type: EventType, event_id: str, time: str, *, bucket: str, name: str, metadata: Mapping[str, Any]
) -> Event:
    """Return the event of an object in a bucket. `metadata` replaces what an empty text file would have."""
    generation = str(int(event_id) * 10)[:16]
    path = quote(name, safe="")
    data = {
        "kind": "storage#object",
        "id": f"{bucket}/{name}/{generation}",
        "selfLink": f"https://www.googleapis.com/storage/v1/b/{bucket}/o/{path}",
        "name": name,
        "bucket": bucket,
        "generation": generation,
        "metageneration": "1",
        "contentType": "text/plain",
        "timeCreated": time,
        "updated": time,
        "storageClass": "STANDARD",
        "timeStorageClassUpdated": time,
        "size": "0",
        "md5Hash": base64.b64encode(hashlib.md5(b"", usedforsecurity=False).digest()).decode(),
        "mediaLink": f"https://storage.googleapis.com/download/storage/v1/b/{bucket}/o/{path}"
        f"?generation={generation}&alt=media",
        "crc32c": "AAAAAA==",
        "etag": base64.b64encode(generation.encode()).decode(),
        **metadata,
    }
    source = f"projects/_/buckets/{bucket}"
    return Event(
        type=event_type,
        id=event_id,
        time=time,
        source=f"//storage.googleapis.com/{source}",
        attributes={"subject": f"objects/{name}", "bucket": bucket},
        content_type="application/json",
        body=json.dumps(data).encode(),
        resource={
            "service": "storage.googleapis.com",
            "name": f"{source}/objects/{name}",
            "type": "storage#object",
        },
        data=data,
    )
