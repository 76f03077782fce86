"""The protobuf messages of Firestore's and Datastore's events, which no library here brings.

Field numbers are those of google/events/cloud/firestore/v1/data.proto and google/events/cloud/datastore/v1/data.proto
in github.com/googleapis/google-cloudevents. The names of packages are not sent, so they are our own.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, struct_pb2, timestamp_pb2
from google.type import latlng_pb2

from datastore_emulator.messages import EntityResult

_PACKAGE = "localcloud.events"
_Field = descriptor_pb2.FieldDescriptorProto
_SCALARS = {
    "bool": _Field.TYPE_BOOL,
    "int64": _Field.TYPE_INT64,
    "double": _Field.TYPE_DOUBLE,
    "string": _Field.TYPE_STRING,
    "bytes": _Field.TYPE_BYTES,
}
# A field is its type, its name and its number; "*" marks a repeated one.
_MESSAGES = {
    "DocumentEventData": ("Document value 1", "Document old_value 2", "DocumentMask update_mask 3"),
    "DocumentMask": ("*string field_paths 1",),
    "Document": (
        "string name 1",
        "map fields 2",
        "google.protobuf.Timestamp create_time 3",
        "google.protobuf.Timestamp update_time 4",
    ),
    "ArrayValue": ("*Value values 1",),
    "MapValue": ("map fields 1",),
    "EntityEventData": (
        f"{EntityResult.DESCRIPTOR.full_name} value 1",
        f"{EntityResult.DESCRIPTOR.full_name} old_value 2",
        "PropertyMask update_mask 3",
    ),
    "PropertyMask": ("*string property_paths 1",),
}
_VALUE = (
    "bool boolean_value 1",
    "int64 integer_value 2",
    "double double_value 3",
    "string reference_value 5",
    "MapValue map_value 6",
    "google.type.LatLng geo_point_value 8",
    "ArrayValue array_value 9",
    "google.protobuf.Timestamp timestamp_value 10",
    "enum null_value 11",
    "string string_value 17",
    "bytes bytes_value 18",
)


def _make_file() -> descriptor_pb2.FileDescriptorProto:
    imported = (latlng_pb2, struct_pb2, timestamp_pb2)
    file = descriptor_pb2.FileDescriptorProto(
        name="localcloud/events.proto",
        package=_PACKAGE,
        syntax="proto3",
        dependency=[*(module.DESCRIPTOR.name for module in imported), EntityResult.DESCRIPTOR.file.name],
    )
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for text in fields:
            _add_field(message, text)
    value = file.message_type.add(name="Value")
    value.oneof_decl.add(name="value_type")
    for text in _VALUE:
        _add_field(value, text).oneof_index = 0
    return file


def _add_field(message: descriptor_pb2.DescriptorProto, text: str) -> descriptor_pb2.FieldDescriptorProto:
    written, name, number = text.split()
    kind = written.lstrip("*")
    repeated = kind == "map" or kind != written
    field = message.field.add(
        name=name, number=int(number), label=_Field.LABEL_REPEATED if repeated else _Field.LABEL_OPTIONAL
    )
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    elif kind == "enum":
        field.type, field.type_name = _Field.TYPE_ENUM, ".google.protobuf.NullValue"
    elif kind == "map":  # from names to values, the only map there is
        entry = message.nested_type.add(name="FieldsEntry")
        entry.options.map_entry = True
        _add_field(entry, "string key 1")
        _add_field(entry, "Value value 2")
        field.type, field.type_name = _Field.TYPE_MESSAGE, f".{_PACKAGE}.{message.name}.FieldsEntry"
    else:
        field.type = _Field.TYPE_MESSAGE
        field.type_name = f".{kind}" if "." in kind else f".{_PACKAGE}.{kind}"
    return field


_FILE = descriptor_pool.Default().AddSerializedFile(_make_file().SerializeToString())


def _class(name: str) -> Any:
    return message_factory.GetMessageClass(_FILE.message_types_by_name[name])


DocumentEventData = _class("DocumentEventData")
EntityEventData = _class("EntityEventData")
