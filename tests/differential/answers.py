"""Answers as values that are equal if and only if two Datastores answered the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.api_core.exceptions import GoogleAPICallError
from google.cloud import datastore, ndb
from google.cloud.datastore.helpers import GeoPoint

Answer = Any
"""Nested tuples of texts, numbers and None."""


def attempt(call: Callable[[], Answer]) -> Answer:
    """Return what the call gives, or the code of the Datastore's error; what a client itself refuses is raised."""
    try:
        return call()
    except GoogleAPICallError as error:
        # Messages differ between Google's own Datastores; the codes are the contract.
        return f"error {error.grpc_status_code.name}"


def words(value: Any) -> Answer:
    """Return the value's words: -0.0 is not 0.0, True not 1, and NaN is NaN."""
    match value:
        case datastore.Key():
            return f"key {value.flat_path}"
        case ndb.Key():
            return f"key {value.flat()}"
        case GeoPoint(latitude=latitude, longitude=longitude) | ndb.GeoPt(lat=latitude, lon=longitude):
            spelt = f"point {latitude!r}, {longitude!r}"
        case datastore.Entity():
            return ("entity", *properties(value))
        case ndb.Model():
            return ("entity", *model(value)[1:])
        case list():
            return ("list", *map(words, value))
        case _:
            spelt = f"{type(value).__name__} {value!r}"
    return spelt


def properties(entity: datastore.Entity) -> Answer:
    """Return the entity's properties in words, those that are not indexed marked."""
    return tuple(
        (name, words(value), *(["unindexed"] if name in entity.exclude_from_indexes else []))
        for name, value in sorted(entity.items())
    )


def entity(found: datastore.Entity) -> Answer:
    """Return the entity in words."""
    return (str(found.key.flat_path), *properties(found))


def model(found: ndb.Model) -> Answer:
    """Return the model instance in words; of a projection, only what was asked for."""
    projected = getattr(found, "_projection", ())
    return (
        str(found.key.flat()) if found.key else None,
        *(
            (name, words(property_._get_value(found)), *([] if property_._indexed else ["unindexed"]))
            for name, property_ in sorted(found._properties.items())
            if not projected or name in projected
        ),
    )
