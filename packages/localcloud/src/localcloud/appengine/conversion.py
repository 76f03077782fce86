"""Keys and entities between datastore_v3 and Datastore v1, by Google's own converter."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

from google.appengine.datastore import datastore_pbs
from google.appengine.datastore.entity_bytes_pb2 import EntityProto, Property, Reference
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from datastore_emulator import messages as m
from localcloud.appengine.applications import partition_of, project_of
from localcloud.appengine.errors import bad_request


def _micros_to_timestamp(micros: int, timestamp: Timestamp) -> None:
    timestamp.FromMicroseconds(micros)


def _micros_from_timestamp(timestamp: Timestamp) -> int:
    return timestamp.ToMicroseconds()


# The converter was written against a package named googledatastore, which never came to Python 3. This is all it
# takes from there; naming it here, not in sys.modules, leaves the rest of the SDK in its datastore_v3 ways.
datastore_pbs.googledatastore = SimpleNamespace(
    Key=m.Key,
    NULL_VALUE=0,
    helper=SimpleNamespace(micros_to_timestamp=_micros_to_timestamp, micros_from_timestamp=_micros_from_timestamp),
)


class Converter:
    """Converts for one app; what it hands back names the app by the id the app used."""

    def __init__(self, app_id: str) -> None:
        self.project_id = project_of(app_id)
        self._pbs = _EntityConverter(_AppIds(app_id))

    def key(self, reference: Reference) -> m.Key:
        """Return the v1 key of a v3 reference."""
        if reference.database_id:
            raise bad_request(
                f"database {reference.database_id!r}: the bundled Datastore API reaches the default database only"
            )
        key = m.Key()
        self._pbs.v3_to_v1_key(reference, key)
        return key

    def reference(self, key: m.Key) -> Reference:
        """Return the v3 reference of a v1 key."""
        reference = Reference()
        self._pbs.v1_to_v3_reference(key, reference)
        return reference

    def entity(self, proto: EntityProto) -> m.Entity:
        """Return the v1 entity of a v3 entity; BAD_REQUEST if a property does not hold what it says it holds."""
        entity = m.Entity()
        try:
            self._pbs.v3_to_v1_entity(proto, entity)
        except (datastore_pbs.InvalidConversionError, DecodeError) as error:
            raise bad_request(f"the entity cannot be stored: {error}") from error
        entity.key.CopyFrom(self.key(proto.key))
        return entity

    def proto(self, entity: m.Entity, *, projected: bool = False) -> EntityProto:
        """Return the v3 entity of a v1 entity; `projected` marks values that were read from an index."""
        proto = EntityProto()
        self._pbs.v1_to_v3_entity(entity, proto, is_projection=projected)
        return proto

    def filter_value(self, prop: Property, value: m.Value) -> None:
        """Fill the v1 `value` that a v3 filter compares with."""
        self._pbs.v3_property_to_v1_value(prop, True, value)
        value.ClearField("meaning")


@lru_cache(maxsize=64)
def converter_for(app_id: str) -> Converter:
    """Return the converter of an app; making one costs more than a conversion."""
    return Converter(app_id)


class _EntityConverter(datastore_pbs._EntityConverter):  # type: ignore[misc]  # the SDK ships no types
    """Google's converter, but for one thing v1 has since come to refuse: an empty list marked as not indexed."""

    def v3_property_to_v1_value(self, v3_property: Property, indexed: bool, v1_value: m.Value) -> None:
        super().v3_property_to_v1_value(v3_property, indexed, v1_value)
        if v1_value.WhichOneof("value_type") == "array_value":
            v1_value.ClearField("exclude_from_indexes")


class _AppIds(datastore_pbs.IdResolver):  # type: ignore[misc]  # the SDK ships no types
    """Gives every project the partition the requester wrote before its own, so "s~demo" is answered "s~demo"."""

    def __init__(self, app_id: str) -> None:
        super().__init__()
        self._partition = partition_of(app_id)

    def resolve_project_id(self, app_id: str) -> str:
        return project_of(app_id)

    def resolve_app_id(self, project_id: str) -> str:
        return self._partition + project_id
