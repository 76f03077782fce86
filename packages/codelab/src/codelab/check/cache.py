"""Finds the cache that an app answers from."""

from __future__ import annotations

from codelab.check.facts import Kind, UnreadableError, file_facts
from codelab.readme.trees import Tree

_CACHE_READS = {"google.appengine.api.memcache.get": "Memcache", "redis.Redis().get": "Redis"}


def find_cache(tree: Tree) -> str | None:
    """Return the cache that an app of the course answers from, "Memcache" or "Redis"; None if it has none."""
    try:
        facts = file_facts("main.py", tree.get("main.py", ""), frozenset())
    except UnreadableError:
        return None
    called = {fact.name for fact in facts if fact.kind is Kind.CALL}
    return next((cache for name, cache in _CACHE_READS.items() if name in called), None)
