"""Explains calls of the running apps that a reader would not expect."""

from __future__ import annotations

_EXPLANATIONS = {
    "Memcache Delete by ndb": "ndb keeps entities in Memcache on its own, and removes this one before it changes",
    "Memcache Get by ndb": "ndb looks into its own cache before it asks Datastore",
    "Memcache Set by ndb": "ndb puts what it has read into its own cache",
    "Datastore Lookup": "an entity read by its key, without a query",
    "Datastore BeginTransaction": "the app, or its library, opens a transaction",
    "Datastore Rollback": "a transaction that is given up",
}


def explain_call(call: str) -> str:
    """Return why an app makes a call, such as "Memcache Delete by ndb"; "" if its name says enough."""
    return _EXPLANATIONS.get(call, "")
