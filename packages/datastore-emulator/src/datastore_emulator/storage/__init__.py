"""The SQLite file: its connections, tables and history. It stores entities and index rows; queries are in another room.

- `database`: `Storage` hands out snapshots for reading and the one connection for writing.
- `datafile`: the file as the operating system sees it: locks, and what happens when it is moved or replaced.
- `copying`: a copy of the file, also while another process uses it.
- `schema`: the tables and their migrations.
- `name_ids`: numbers for the names of partitions, kinds and properties.
- `writer`: the changes of one commit.
- `history`: earlier versions of entities, for reads in the past.
- `file_errors`: SQLite's errors as errors of the API.

Below this room is `encoding`; above it are `query` and the engine.
"""

from datastore_emulator.storage import history
from datastore_emulator.storage.copying import copy_data
from datastore_emulator.storage.database import CURRENT, Snapshot, Storage, TableSource, read_state
from datastore_emulator.storage.file_errors import file_errors
from datastore_emulator.storage.writer import StoredEntity, Writer, Written

__all__ = [
    "CURRENT",
    "Snapshot",
    "Storage",
    "StoredEntity",
    "TableSource",
    "Writer",
    "Written",
    "copy_data",
    "file_errors",
    "history",
    "read_state",
]
