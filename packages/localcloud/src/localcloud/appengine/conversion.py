"""Keys and entities between datastore_v3 and Datastore v1, by Google's own converter."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace

from google.appengine.datastore import datastore_pbs
from google.appengine.datastore.entity_bytes_pb2 import EntityProto, Property, Reference
from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from datastore_emulator import messages as m
from localcloud.appengine.applications import read_partition, read_project
from localcloud.appengine.error_codes import bad_request


def _micros_to_timestamp(micros: int, timestamp: Timestamp) -> None:
    timestamp.FromMicroseconds(micros)


def _micros_from_timestamp(timestamp: Timestamp) -> int:
    return timestamp.ToMicroseconds()


# The converter was written against a package named googledatastore, which does not exist for Python 3. It takes these
# names from there. Set here, not in sys.modules, they leave the rest of the SDK to datastore_v3.
datastore_pbs.googledatastore = SimpleNamespace(
    Key=m.Key,
    NULL_VALUE=0,
    helper=SimpleNamespace(micros_to_timestamp=_micros_to_timestamp, micros_from_timestamp=_micros_from_timestamp),
)


class Converter:
    """Converts for one app; keys that it returns name the app by the id the app used."""

    def __init__(self, app_id: str) -> None:
        self.project_id = read_project(app_id)
        _refuse_bare_project(app_id)
        self._pbs = _EntityConverter(_AppIds(app_id))

    def key(self, reference: Reference) -> m.Key:
        """Return the v1 key of a v3 reference."""
        _refuse_bare_project(reference.app)
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
        """Return the v1 entity of a v3 entity; BAD_REQUEST if a property's bytes are not what its meaning says."""
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
def get_converter(app_id: str) -> Converter:
    """Return the converter of an app, from a cache: making one costs more than a conversion."""
    return Converter(app_id)


def _refuse_bare_project(app_id: str) -> None:
    """Raise BAD_REQUEST for an app id that is a project id alone, as in the keys of Cloud NDB's `Key.urlsafe()`.

    Production compares app ids, and an app's own id has a partition: https://github.com/googleapis/python-ndb/issues/264
    """
    if not read_partition(app_id):
        raise bad_request(
            f"app s~{app_id} cannot access app {app_id}'s data; if the key comes from Cloud NDB's Key.urlsafe(), "
            'make it with Key.to_legacy_urlsafe("s~")'
        )


def serialize_key(key: m.Key) -> bytes:
    """Return the key as bytes, which are the same for equal keys."""
    return bytes(key.SerializeToString(deterministic=True))


class _EntityConverter(datastore_pbs._EntityConverter):  # type: ignore[misc]  # the SDK ships no types
    """Google's converter, without what v1 refuses by now: an empty list marked as not indexed."""

    def v3_property_to_v1_value(self, v3_property: Property, indexed: bool, v1_value: m.Value) -> None:
        super().v3_property_to_v1_value(v3_property, indexed, v1_value)
        if v1_value.WhichOneof("value_type") == "array_value":
            v1_value.ClearField("exclude_from_indexes")


class _AppIds(datastore_pbs.IdResolver):  # type: ignore[misc]  # the SDK ships no types
    """Gives every project the partition that the app's own id has, so "s~demo" is answered "s~demo"."""

    def __init__(self, app_id: str) -> None:
        super().__init__()
        self._partition = read_partition(app_id)

    def resolve_project_id(self, app_id: str) -> str:
        return read_project(app_id)

    def resolve_app_id(self, project_id: str) -> str:
        return self._partition + project_id
