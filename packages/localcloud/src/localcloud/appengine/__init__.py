"""The API server of App Engine's bundled services, to which the SDKs of both Pythons send their calls.

- `api_server`: `ApiServer`, the HTTP endpoints. `callers`: the apps that call. `tickets`: the secrets that find them.
- `call_handler`: the same calls over gRPC, as the legacy SDK's dev_appserver sends them.
- `rpc`: the envelope of a call. `bundled_service`: the protocol of the services behind it.
- `datastore_v3`: the Datastore service, answered by a Datastore v1; `conversion`, `queries`, `transactions`,
  `open_calls` and `error_codes` are its parts. `applications`: application ids.
- `blobs`: the Blobstore as the front end uses it, with `forms` for uploads.
- `memcache`: the Memcache service, by Google's own stub. `services`: the others that have such a stub.
"""

from localcloud.appengine.api_server import ApiServer

__all__ = ["ApiServer"]
