"""The lines of docs/redis-in-production.md for ndb's global cache do what it says, with mod13's own clients."""

from __future__ import annotations

import re
import runpy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import redis
from google.cloud import ndb

from datastore_emulator.net.ports import hold
from localcloud import Cloud
from localcloud.services.memorystore import Memorystore
from tests.support.course import ROOT

MOD13 = ROOT / "mod13-memorystore"
PAGE = ROOT / "docs" / "redis-in-production.md"
SECTION = "\n## Entities by key\n"
LOOKUP = "Datastore Lookup"
# Cloud NDB's own call; the sample does not make it.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")


@dataclass
class Sample:
    """main.py of FINISH-py3 with the page's lines behind it, on a local cloud; and the calls to its Datastore."""

    names: dict[str, Any]
    calls: list[str]
    memorystore: Memorystore

    def put(self, visitor: str, key: ndb.Key | None = None) -> ndb.Key:
        """Store a visit as the page says, in a context that has the cache."""
        with self.names["client"].context(global_cache=self.names["global_cache"]):
            return self.names["Visit"](visitor=visitor, key=key).put()

    def get(self, key: ndb.Key) -> str:
        """Return the visitor of a visit by the page's function."""
        return self.names["get_visit"](key).visitor


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Sample]]:
    """Run the sample with the page's lines, changed by the function's argument, if any."""
    calls: list[str] = []
    memorystore = Memorystore()
    memorystore.start()
    with Cloud(observe=calls.append) as cloud:
        monkeypatch.setenv("DATASTORE_EMULATOR_HOST", cloud.datastore.address)
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", cloud.project)
        monkeypatch.setenv("REDIS_HOST", memorystore.host)
        monkeypatch.setenv("REDIS_PORT", str(memorystore.port))
        monkeypatch.delenv("REDIS_CACHE_URL", raising=False)

        def run(lines: str) -> Sample:
            # By this table NDB finds the model of what it reads. Other tests have models of the same kind.
            monkeypatch.setattr(ndb.Model, "_kind_map", {})
            names = runpy.run_path(str(MOD13 / "FINISH-py3" / "main.py"))
            names["ndb"] = ndb
            exec(compile(lines, PAGE.name, "exec"), names)
            return Sample(names, calls, memorystore)

        yield run
    memorystore.stop()


def page_lines() -> str:
    section = PAGE.read_text().partition(SECTION)[2]
    fence = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert fence, f"{PAGE.name}: no python fence below {SECTION.strip()}"
    return fence[1]


def test_second_get_of_an_entity_is_answered_by_redis(sample: Callable[[str], Sample]) -> None:
    app = sample(page_lines())
    key = app.put("Ann")
    assert app.get(key) == "Ann"
    before = app.calls.count(LOOKUP)
    assert before > 0
    assert app.get(key) == "Ann"
    assert app.calls.count(LOOKUP) == before


def test_get_after_a_write_gives_the_new_entity(sample: Callable[[str], Sample]) -> None:
    app = sample(page_lines())
    key = app.put("Ann")
    assert app.get(key) == "Ann"
    app.put("Bob", key)
    assert app.get(key) == "Bob"


@pytest.mark.filterwarnings("ignore:Error connecting to global cache")
def test_reads_and_writes_go_on_while_redis_is_down(sample: Callable[[str], Sample]) -> None:
    app = sample(page_lines())
    key = app.put("Ann")
    app.memorystore.stop()
    with hold(app.memorystore.port):
        assert app.get(key) == "Ann"
        app.put("Bob", key)
        assert app.get(key) == "Bob"
    app.memorystore.start()
    assert app.get(key) == "Bob"


def test_errors_of_redis_are_warnings(sample: Callable[[str], Sample]) -> None:
    app = sample(page_lines())
    key = app.put("Ann")
    app.memorystore.stop()
    with hold(app.memorystore.port), pytest.warns(RuntimeWarning, match="Error connecting to global cache: Error"):
        app.put("Bob", key)


def test_write_without_strict_write_false_raises_while_redis_is_down(sample: Callable[[str], Sample]) -> None:
    app = sample(page_lines().replace(", strict_write=False", ""))
    key = app.put("Ann")
    app.memorystore.stop()
    with hold(app.memorystore.port), pytest.raises(redis.ConnectionError):
        app.put("Bob", key)


def test_from_environment_gives_none_with_this_codelabs_variables(sample: Callable[[str], Sample]) -> None:
    app = sample(page_lines().replace("ndb.RedisCache(cache, strict_write=False)", "ndb.RedisCache.from_environment()"))
    assert app.names["global_cache"] is None
