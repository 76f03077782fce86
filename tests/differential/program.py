"""What a client asks of a Datastore, as data: a program is drawn once, and runs on any Datastore by any client.

Values are Python's own, and for what Python has no word: `Ref`, `Point`, a dict for an embedded entity.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Path = tuple[int | str, ...]
"""A key, flat: kind, id or name, kind, ..."""


@dataclass(frozen=True)
class Ref:
    """A key as a property's value."""

    path: Path


@dataclass(frozen=True)
class Point:
    """A geographical point as a property's value."""

    latitude: float
    longitude: float


@dataclass(frozen=True)
class Entity:
    """An entity to write. A path without its last id gets one from the Datastore."""

    path: Path
    properties: dict[str, Any] = field(default_factory=dict)
    unindexed: tuple[str, ...] = ()


Client = Literal["datastore", "ndb"]
"""google-cloud-datastore or google-cloud-ndb."""


@dataclass(frozen=True)
class Put:
    """Write entities, whether they are there or not."""

    entities: tuple[Entity, ...]
    by: Client = "datastore"


@dataclass(frozen=True)
class Delete:
    """Remove entities, whether they are there or not."""

    paths: tuple[Path, ...]
    by: Client = "datastore"


@dataclass(frozen=True)
class Mutate:
    """Commit mutations that the clients' own surface does not have: inserts and updates, in one request."""

    mutations: tuple[tuple[Literal["insert", "update", "upsert", "delete"], Entity], ...]


@dataclass(frozen=True)
class Get:
    """Look entities up."""

    paths: tuple[Path, ...]
    by: Client = "datastore"


@dataclass(frozen=True)
class PutNew:
    """Write an entity that has no id yet, read it by the id that it got, and remove it."""

    entity: Entity
    by: Client = "datastore"


@dataclass(frozen=True)
class Where:
    """A condition on one property; "__key__" compares with a Ref."""

    name: str
    operator: Literal["=", "<", "<=", ">", ">=", "!=", "IN", "NOT_IN"]
    value: Any


@dataclass(frozen=True)
class Either:
    """One of these must hold, if not several."""

    conditions: tuple[Where | Both, ...]


@dataclass(frozen=True)
class Both:
    """All of these must hold."""

    conditions: tuple[Where | Either, ...]


@dataclass(frozen=True)
class Query:
    """A query, read to its end; with `page`, by cursors in pages of that size, each of them part of the answer."""

    kind: str | None = "K"
    where: tuple[Where | Either | Both, ...] = ()
    ancestor: Path | None = None
    order: tuple[str, ...] = ()
    projection: tuple[str, ...] = ()
    distinct_on: tuple[str, ...] = ()
    keys_only: bool = False
    limit: int | None = None
    offset: int = 0
    page: int | None = None
    by: Client = "datastore"


@dataclass(frozen=True)
class Aggregate:
    """Count, sum or average over a query: ("count", None), ("sum", "p"), ("avg", "p")."""

    query: Query
    wanted: tuple[tuple[Literal["count", "sum", "avg"], str | None], ...]


@dataclass(frozen=True)
class Transaction:
    """Reads and writes in one transaction, and how it ends."""

    steps: tuple[Put | Delete | Get | Query, ...]
    end: Literal["commit", "rollback"] = "commit"
    read_only: bool = False
    by: Client = "datastore"


@dataclass(frozen=True)
class Collide:
    """Two transactions at once: both read, then the one that began later writes and commits, then the earlier."""

    earlier_reads: tuple[Get | Query, ...]
    later_reads: tuple[Get | Query, ...]
    later_writes: tuple[Put | Delete, ...]
    earlier_writes: tuple[Put | Delete, ...]


Condition = Where | Either | Both
Step = Put | Delete | Mutate | Get | PutNew | Query | Aggregate | Transaction | Collide
Program = tuple[Step, ...]
