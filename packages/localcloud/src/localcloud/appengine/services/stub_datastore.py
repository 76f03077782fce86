"""The Datastore of the app that calls, for those of Google's stubs that keep entities."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any

from google.appengine.api import datastore, datastore_types
from google.appengine.api.blobstore import blobstore_stub
from google.appengine.api.images import images_blob_stub, images_stub
from google.appengine.datastore import datastore_pb as v3
from google.appengine.runtime.apiproxy_errors import ApplicationError, CallNotFoundError, RPCFailedError

from localcloud.appengine.callers import Caller
from localcloud.appengine.datastore_v3 import DatastoreV3Service


class StubDatastore:
    """The entities of one app, in the SDK's terms. All are in the namespace "", as those of the Blobstore are."""

    def __init__(self, service: DatastoreV3Service, caller: Caller) -> None:
        self._service = service
        self._caller = caller
        self.app_id = f"s~{caller.project}"

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Give these entities to the stubs that are called in the block."""
        token = _serving.set(self)
        try:
            yield
        finally:
            _serving.reset(token)

    def entity(self, kind: str, name: str | None = None) -> datastore.Entity:
        """Return a new entity, which `put` stores."""
        return datastore.Entity(kind, name=name, namespace="", _app=self.app_id)

    def key(self, kind: str, name: str) -> datastore_types.Key:
        """Return the key of an entity."""
        return datastore_types.Key.from_path(kind, name, namespace="", _app=self.app_id)

    def get(self, key: datastore_types.Key) -> datastore.Entity | None:
        """Return the entity of a key, if there is one."""
        answer = self._call("Get", v3.GetRequest(key=[key._ToPb()]), v3.GetResponse())
        (found,) = answer.entity
        return datastore.Entity._FromPb(found.entity) if found.HasField("entity") else None

    def put(self, entity: datastore.Entity) -> None:
        """Store an entity, and complete its key."""
        answer = self._call("Put", v3.PutRequest(entity=[entity._ToPb()]), v3.PutResponse())
        entity._Entity__key = datastore_types.Key._FromPb(answer.key[0])

    def delete(self, key: datastore_types.Key) -> None:
        """Delete the entity of a key; there need not be one."""
        self._call("Delete", v3.DeleteRequest(key=[key._ToPb()]), v3.DeleteResponse())

    def _call(self, method: str, request: Any, response: Any) -> Any:
        try:
            response.ParseFromString(self._service.call(method, request.SerializeToString(), self._caller))
        except ApplicationError as error:
            if "is reserved" in error.error_detail:  # as Google's emulators say
                raise CallNotFoundError(
                    f"localcloud's Blobstore cannot use this Datastore, which refuses its kinds: {error.error_detail} "
                    "Leave --datastore out to use the Blobstore"
                ) from error
            # Its number would mean another error to the client of another service.
            raise RPCFailedError(f"the Datastore did not answer as it should: {error.error_detail}") from error
        return response


_serving: ContextVar[StubDatastore] = ContextVar("StubDatastore")


class _Datastore:
    """What the stubs use of the module `google.appengine.api.datastore`, for the app that is being served.

    The module itself knows one app only: the one that the environment names.
    """

    def Entity(self, kind: str, name: str | None = None, namespace: str = "") -> datastore.Entity:  # noqa: N802
        return _serving.get().entity(kind, name)

    def Get(self, key: datastore_types.Key) -> datastore.Entity:  # noqa: N802
        entity = _serving.get().get(key)
        if entity is None:
            raise datastore.datastore_errors.EntityNotFoundError
        return entity

    def Put(self, entity: datastore.Entity) -> None:  # noqa: N802
        _serving.get().put(entity)

    def Delete(self, key: datastore_types.Key) -> None:  # noqa: N802
        _serving.get().delete(key)


def _make_key(kind: str, name: str, namespace: str) -> datastore_types.Key:
    return _serving.get().key(kind, name)


# The stubs take these names from their own modules. Set there, they leave the rest of the SDK as it is.
_datastore: Any = _Datastore()
_datastore.Key = SimpleNamespace(from_path=_make_key)
for _stub in (blobstore_stub, images_blob_stub, images_stub):
    _stub.datastore = _datastore
blobstore_stub.datastore_types = SimpleNamespace(Key=_datastore.Key)
# The stub asks the environment who has signed in, to keep that with an upload. Nobody reads it there.
blobstore_stub.users = SimpleNamespace(get_current_user=lambda: None)
