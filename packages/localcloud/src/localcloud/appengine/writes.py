"""Writes on their way to a commit: the last one to each key, as datastore_v3 has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from datastore_emulator import messages as m
from datastore_emulator.encoding.keys import is_complete


def key_of(mutation: m.Mutation) -> m.Key:
    """Return the v1 key an upsert or a delete is about."""
    return mutation.delete if mutation.HasField("delete") else mutation.upsert.key


def identity(key: m.Key) -> bytes:
    """Return what equal v1 keys have in common and a dict can hold."""
    return bytes(key.SerializeToString(deterministic=True))


def last_writes(mutations: Iterable[m.Mutation]) -> list[m.Mutation]:
    """Return the mutations that remain when a later write to a key replaces an earlier one.

    A datastore_v3 Put may name a key twice and the last entity stays; a v1 Commit refuses to be asked so.
    """
    last: dict[Any, Any] = {}
    for mutation in mutations:
        key = key_of(mutation)
        last[identity(key) if is_complete(key) else id(mutation)] = mutation
    return list(last.values())


@dataclass
class Transaction:
    """An open transaction. datastore_v3 writes call by call; v1 wants all writes at Commit, so they wait here."""

    project_id: str
    v1_id: bytes
    mutations: list[m.Mutation] = field(default_factory=list)
