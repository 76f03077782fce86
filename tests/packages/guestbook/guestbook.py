"""A guest book with google-cloud-datastore, written without knowledge of the emulator."""

from __future__ import annotations

from google.cloud import datastore


def sign(guest: str) -> None:
    """Add a line to the guest book."""
    client = datastore.Client()
    with client.transaction():
        counter = client.get(client.key("Counter", "lines")) or datastore.Entity(client.key("Counter", "lines"))
        counter["count"] = counter.get("count", 0) + 1
        line = datastore.Entity(client.key("Line", counter["count"]))
        line["guest"] = guest
        client.put_multi([counter, line])


def newest(limit: int) -> list[str]:
    """Return the guests of the newest lines."""
    query = datastore.Client().query(kind="Line", order=["-__key__"])
    return [line["guest"] for line in query.fetch(limit)]
