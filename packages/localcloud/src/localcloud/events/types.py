"""The types of events that localcloud sends: a short name, Google's name, and the first generation's name of each."""

from __future__ import annotations

from dataclasses import dataclass

from datastore_emulator.errors import UserError


@dataclass(frozen=True)
class EventType:
    """A type of event.

    `name` is the CloudEvent's type, as in an Eventarc trigger. `legacy` is what a background function finds in
    `context.event_type`, None if the first generation had no such event. `change` is what happened, as in "deleted".
    """

    service: str
    change: str
    name: str
    legacy: str | None


def _types() -> list[EventType]:
    found = [
        EventType("pubsub", "published", "google.cloud.pubsub.topic.v1.messagePublished", "google.pubsub.topic.publish")
    ]
    for change, legacy in (
        ("finalized", "finalize"),
        ("deleted", "delete"),
        ("archived", "archive"),
        ("metadataUpdated", "metadataUpdate"),
    ):
        name = f"google.cloud.storage.object.v1.{change}"
        found.append(EventType("storage", change, name, f"google.storage.object.{legacy}"))
    for change, legacy in (("written", "write"), ("created", "create"), ("updated", "update"), ("deleted", "delete")):
        name = f"google.cloud.firestore.document.v1.{change}"
        found.append(EventType("firestore", change, name, f"providers/cloud.firestore/eventTypes/document.{legacy}"))
        found.append(EventType("datastore", change, f"google.cloud.datastore.entity.v1.{change}", None))
    return found


def find_type(text: str) -> EventType:
    """Return the type of "storage", "storage.deleted" or "google.cloud.storage.object.v1.deleted".

    A service alone means its most usual event: published, finalized or written. Raises UserError for any other text.
    """
    types = _types()
    for candidate in types:
        if text in (candidate.name, f"{candidate.service}.{candidate.change}", candidate.service):
            return candidate
    service = text.partition(".")[0]
    same = [candidate for candidate in types if candidate.service == service]
    known = [f"{candidate.service}.{candidate.change}" for candidate in same or types]
    raise UserError(f"--type {text}: localcloud sends no such event; choose one of {', '.join(known)}")
