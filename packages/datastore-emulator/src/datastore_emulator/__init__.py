"""An emulator of Firestore in Datastore mode, on SQLite: the Datastore API v1 over gRPC and REST, without Java."""
