"""An event, and the HTTP request that brings it to a function."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from datastore_emulator.errors import UserError
from localcloud.events.types import EventType

# As Eventarc's requests have it, since Pub/Sub delivers them.
_SENDER = {
    "Accept": "application/json",
    "From": "noreply@google.com",
    "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
}


@dataclass(frozen=True)
class Event:
    """One event: `attributes` are those of CloudEvents beyond id, source, type and time.

    `body` is the CloudEvent's data. `resource` and `data` are what a background function gets as `context.resource` and
    as its first argument; they are None if no background function takes such an event.
    """

    type: EventType
    id: str
    time: str
    source: str
    attributes: Mapping[str, str]
    content_type: str
    body: bytes
    resource: Mapping[str, str] | str | None
    data: Mapping[str, Any] | None


@dataclass(frozen=True)
class Request:
    """The headers and the body of a request."""

    headers: Mapping[str, str]
    body: bytes = b""
    method: str = "POST"


def make_cloud_event(event: Event) -> Request:
    """Return the event in the binary mode of CloudEvents over HTTP, as Eventarc sends it."""
    attributes = {
        "id": event.id,
        "source": event.source,
        "specversion": "1.0",
        "type": event.type.name,
        "time": event.time,
        **event.attributes,
    }
    headers = {f"ce-{name}": _encode(value) for name, value in attributes.items()}
    return Request({**_SENDER, "Content-Type": event.content_type, **headers}, event.body)


def make_background_event(event: Event) -> Request:
    """Return the event as Cloud Functions of the first generation sent it; raises UserError if they never did."""
    if event.type.legacy is None:
        raise UserError(
            f"--signature-type event: background functions got no events of {event.type.service}; "
            "serve a CloudEvent function, and leave the option out"
        )
    context = {
        "eventId": event.id,
        "timestamp": event.time,
        "eventType": event.type.legacy,
        "resource": event.resource,
    }
    body = json.dumps({"context": context, "data": event.data}).encode()
    return Request({**_SENDER, "Content-Type": "application/json"}, body)


def _encode(value: str) -> str:
    """Return the value of an attribute as a header, in which CloudEvents encodes spaces, quotes, "%" and non-ASCII."""
    return "".join(
        letter if "!" <= letter <= "~" and letter not in '"%' else quote(letter, safe="") for letter in value
    )
