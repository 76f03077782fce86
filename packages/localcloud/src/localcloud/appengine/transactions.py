"""Open transactions, and the writes that wait in them for their commit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from datastore_emulator import messages as m
from datastore_emulator.encoding.keys import is_complete
from localcloud.appengine.conversion import serialize_key


def last_writes(mutations: Iterable[m.Mutation]) -> list[m.Mutation]:
    """Return the last mutation of each key.

    A datastore_v3 Put may name a key twice, and its last entity stays; a v1 Commit refuses that.
    """
    last: dict[Any, Any] = {}
    for mutation in mutations:
        key = mutation.delete if mutation.HasField("delete") else mutation.upsert.key
        last[serialize_key(key) if is_complete(key) else id(mutation)] = mutation
    return list(last.values())


@dataclass
class OpenTransaction:
    """An open transaction with its writes: datastore_v3 sends them one by one, v1 takes all of them at Commit.

    `actions` are done after the commit, such as adding the transaction's tasks.
    """

    project_id: str
    v1_id: bytes
    mutations: list[m.Mutation] = field(default_factory=list)
    actions: list[Callable[[], None]] = field(default_factory=list)
