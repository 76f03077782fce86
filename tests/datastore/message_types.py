"""Generate the types of the Datastore's messages: `python -m tests.datastore.message_types` writes messages_pb2.pyi.

google-cloud-datastore ships the messages' descriptors and no types for the raw classes. mypy-protobuf makes a stub of
the descriptors. The files of the API are joined to one, so that there is one stub.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

import datastore_emulator
from datastore_emulator.api.interface import RPCS

STUB = Path(datastore_emulator.__file__).with_name("messages_pb2.pyi")
_PACKAGE = "google.datastore.v1"
_JOINED = "datastore_emulator/messages.proto"


def generate() -> str:
    """Return the stub's text."""
    files = list(_with_dependencies(descriptor.DESCRIPTOR.file for rpc in RPCS for descriptor in rpc[2:]))
    joined = FileDescriptorProto(name=_JOINED, package=_PACKAGE, syntax="proto3")
    described = FileDescriptorSet()
    for file in files:
        proto = FileDescriptorProto()
        file.CopyToProto(proto)
        if file.package not in (_PACKAGE, "google.type"):
            described.file.append(proto)
            joined.dependency.append(file.name)
            continue
        joined.message_type.extend(proto.message_type)
        joined.enum_type.extend(proto.enum_type)
    # Its own stub is in a package that does not say that it has types.
    for message in joined.message_type:
        for field in message.field:
            if field.type_name.startswith(".google.type."):
                field.type_name = field.type_name.replace(".google.type.", f".{_PACKAGE}.")
    described.file.append(joined)
    with tempfile.TemporaryDirectory(prefix="message-types-") as directory:
        descriptors = Path(directory) / "descriptors"
        descriptors.write_bytes(described.SerializeToString())
        subprocess.run(
            [
                *(sys.executable, "-m", "grpc_tools.protoc", f"--descriptor_set_in={descriptors}"),
                f"--plugin=protoc-gen-mypy={Path(sys.executable).with_name('protoc-gen-mypy')}",
                *(f"--mypy_out=quiet:{directory}", _JOINED),
            ],
            check=True,
        )
        return (Path(directory) / _JOINED).with_name(STUB.name).read_text()


def _with_dependencies(files: Iterable[FileDescriptor]) -> Iterator[FileDescriptor]:
    """Yield the files and what they import, each once and after what it imports."""
    seen: set[str] = set()

    def visit(file: FileDescriptor) -> Iterator[FileDescriptor]:
        if file.name in seen:
            return
        seen.add(file.name)
        for dependency in file.dependencies:
            yield from visit(dependency)
        yield file

    for file in files:
        yield from visit(file)


if __name__ == "__main__":
    STUB.write_text(generate())
