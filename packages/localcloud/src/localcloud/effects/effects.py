"""What an app has done, as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PropertyValue:
    """A property of an entity: its type and value on one line, as in `integer 5`, and whether queries can find it."""

    text: str
    indexed: bool


@dataclass(frozen=True)
class EntityChange:
    """An entity that was written or deleted; `properties` is empty for one that was deleted.

    `key` is its path, as in `Album:7 > Song:"name"`. `database` and `namespace` are "" for the default ones.
    """

    kind: str
    key: str
    deleted: bool = False
    properties: Mapping[str, PropertyValue] = field(default_factory=dict)
    database: str = ""
    namespace: str = ""


@dataclass(frozen=True)
class TaskAdded:
    """A task that was added to a queue. `delay` is how many seconds it waits; `service` is "" for the app's own.

    `body` is the payload as text: parameters of a form one to a line, a pickle of `deferred` as the call it makes.
    `name` is the one that the app has chosen, "" if it has not. A task of a pull queue has the method "PULL", no `url`,
    and maybe a `tag`.
    """

    queue: str
    method: str
    url: str
    body: str
    delay: int = 0
    service: str = ""
    name: str = ""
    tag: str = ""


@dataclass(frozen=True)
class MailSent:
    """A mail that was sent; `headers` are its sender, receivers and subject.

    `attachments` are their names, sizes and hashes.
    """

    headers: Mapping[str, str]
    body: str
    html: str = ""
    attachments: tuple[str, ...] = ()


@dataclass(frozen=True)
class CacheWrite:
    """A key that an app wanted to write to a cache, or to delete: `cache` is "Memcache" or "Redis", `key` as text.

    A key in a namespace of Memcache is as in "count in en". "*" stands for all keys. `seconds` is how long the value
    may stay, None for as long as there is room.
    """

    cache: str
    key: str
    deleted: bool = False
    seconds: int | None = None


@dataclass(frozen=True)
class Effects:
    """What an app has done since the last look, in the order in which it did it.

    `calls` counts its calls to services, as in "Datastore RunQuery" or "Memcache Get". `unfinished` says what still
    ran when the wait for it ended, in words, "" if nothing did.
    """

    entities: tuple[EntityChange, ...] = ()
    tasks: tuple[TaskAdded, ...] = ()
    mails: tuple[MailSent, ...] = ()
    cache_writes: tuple[CacheWrite, ...] = ()
    calls: Counter[str] = field(default_factory=Counter)
    unfinished: str = ""
