"""Finds the cache that an app answers from."""

from __future__ import annotations

from codelab.check.facts import Kind
from codelab.check.facts.app import app_facts, python_files
from codelab.readme.trees import Tree

_CACHE_READS = {"google.appengine.api.memcache.get": "Memcache", "redis.Redis().get": "Redis"}


def find_cache(tree: Tree) -> str | None:
    """Return the cache that an app of the course answers from, "Memcache" or "Redis"; None if it has none."""
    facts = app_facts(python_files(tree), frozenset()).facts
    called = {fact.name for fact in facts if fact.kind is Kind.CALL}
    return next((cache for name, cache in _CACHE_READS.items() if name in called), None)
