"""The Datastore API: its RPCs as a protocol, the server in front of it, and a client of another server.

- `interface.py`: `Datastore`, the protocol of the eight RPCs, and `RPCS`, their table.
- `grpc_server.py`: `DatastoreServer` serves a `Datastore` over gRPC, and over REST as well if asked.
- `rest.py`, `port_sharing.py`: the REST API, and one port for both protocols.
- `serving.py`: `serve()`, an engine with its server in one `with`.
- `remote.py`: `RemoteDatastore`, a `Datastore` that forwards to another server.
- `tracing.py`: `traced()`, a `Datastore` that reports each call.

Others import the names from their modules: gRPC is imported only where it is needed.
"""
