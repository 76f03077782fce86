"""Memcache and Redis in the console."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.appengine.api import memcache
from google.appengine.api.memcache import memcache_service_pb2 as pb

from localcloud import Cloud
from localcloud.services import Memorystore
from tests.localcloud.console.pages import SCRIPT, Form, Pages, notes


@pytest.fixture(autouse=True)
def _empty(cloud: Cloud) -> Iterator[None]:
    yield
    cloud.flush_caches()


@pytest.fixture(scope="module")
def redis_server(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Memorystore:
    """Let an app ask for a Redis, without starting the app."""
    folder: Path = tmp_path_factory.mktemp("app")
    (folder / "app.yaml").write_text("runtime: python314\nenv_variables:\n  REDIS_HOST: 10.0.0.3\n")
    (folder / "main.py").touch()
    cloud.add(folder)
    assert isinstance(cloud.redis, Memorystore)
    return cloud.redis


def cache(cloud: Cloud, key: bytes, value: bytes, flags: int = 0, seconds: int = 0, namespace: str = "") -> None:
    request = pb.MemcacheSetRequest(name_space=namespace)
    request.item.add(key=key, value=value, flags=flags, expiration_time=seconds)
    cloud.memcache.values.call("Set", request.SerializeToString())


def cells(page: str) -> list[list[str]]:
    """Return the text of a table's cells, row by row."""
    rows = re.findall(r"<tr>(<td.*?)</tr>", page, re.DOTALL)
    return [
        [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows
    ]


def memcache_form(pages: Pages, key: str) -> Form:
    return pages.form(pages.link(pages.get("memcache/"), re.escape(key)))


def test_memcache_lists_values_by_type(cloud: Cloud, pages: Pages) -> None:
    cache(cloud, b"count", b"7", memcache.TYPE_INT)
    cache(cloud, b"greeting", "Grüße".encode(), memcache.TYPE_UNICODE, namespace="n")
    cache(cloud, b"pickle", b"\x80\x02]q\0.", memcache.TYPE_PICKLED, seconds=3600)
    cache(cloud, b"\xff", b"\xfe")
    page = re.sub(r"in 3[56]\d\d s", "in an hour", pages.get("memcache/"))
    assert cells(page) == [
        ["count", "(default)", "integer", "7", "1", "never"],
        ["pickle", "(default)", "pickle", "6 bytes: 80 02 5d 71 00 2e", "6", "in an hour"],
        ["\\xff", "(default)", "bytes", "1 byte: fe", "1", "never"],
        ["greeting", "n", "text", "Grüße", "7", "never"],
    ]
    assert [row[0] for row in cells(pages.get("memcache/", prefix="c"))] == ["count"]


@pytest.mark.parametrize(
    ("value", "flags", "text", "after"),
    [
        (b"7", memcache.TYPE_INT, "8", b"8"),
        (b"7", memcache.TYPE_LONG, " -9 ", b"-9"),
        (b"1", memcache.TYPE_BOOL, "false", b"0"),
        (b"a\nb", memcache.TYPE_STR, "c\r\nd", b"c\nd"),
        ("Grüße".encode(), memcache.TYPE_UNICODE, "é", "é".encode()),
    ],
)
def test_memcache_value_keeps_type_and_expiry(
    cloud: Cloud, pages: Pages, value: bytes, flags: int, text: str, after: bytes
) -> None:
    cache(cloud, b"key", value, flags, 3600)
    old = cloud.memcache.values.find("", b"key")
    assert "Saved." in notes(pages.send(memcache_form(pages, "key").set("value", text)))
    new = cloud.memcache.values.find("", b"key")
    assert old
    assert new
    assert (new.value, new.flags) == (after, flags)
    assert abs((new.expires or 0) - (old.expires or 0)) < 2


def test_memcache_value_of_another_type_is_refused(cloud: Cloud, pages: Pages) -> None:
    cache(cloud, b"count", b"7", memcache.TYPE_INT)
    page = pages.send(memcache_form(pages, "count").set("value", "many"), 400)
    assert "this is not a value of the same type" in page


def test_memcache_value_that_was_written_meanwhile_is_not_overwritten(cloud: Cloud, pages: Pages) -> None:
    cache(cloud, b"count", b"7", memcache.TYPE_INT)
    form = memcache_form(pages, "count").set("value", "8")
    cache(cloud, b"count", b"9", memcache.TYPE_INT)
    assert notes(pages.send(form, 400)) == ["the value was written meanwhile; open it again, and repeat your change"]


def test_pickle_is_neither_read_nor_edited(cloud: Cloud, pages: Pages) -> None:
    cache(cloud, b"pickle", b"cos\nsystem\n(S'false'\ntR.", memcache.TYPE_PICKLED)
    page = pages.get(pages.link(pages.get("memcache/"), "pickle"))
    assert "Not editable: it is a pickle." in page
    form = memcache_form(pages, "pickle").set("value", "x")
    form.action = form.action.replace("/delete", "/value")
    assert notes(pages.send(form, 400)) == ["this value cannot be edited here; change it in your app"]


def test_memcache_counts_no_look_of_the_console(cloud: Cloud, pages: Pages) -> None:
    cache(cloud, b"count", b"7", memcache.TYPE_INT)
    pages.get("memcache/")
    memcache_form(pages, "count")
    statistics = cloud.memcache.values.statistics()
    assert (statistics.hits, statistics.misses, statistics.items) == (0, 0, 1)


def test_memcache_deletes_one_value_and_then_all(cloud: Cloud, pages: Pages) -> None:
    for key in (b"a", b"b", b"c"):
        cache(cloud, key, SCRIPT.encode())
    page = pages.send(pages.form(pages.link(pages.get("memcache/"), "a"), "/delete"))
    assert [row[0] for row in cells(page)] == ["b", "c"]
    assert "<script" not in page
    assert notes(pages.send(pages.form("memcache/", "/flush"))) == ["Memcache is empty."]


def test_redis_shows_every_type(redis_server: Memorystore, pages: Pages) -> None:
    with redis_server.client() as client:
        client.set("a", "text", ex=3600)
        client.set(b"\xff", b"\xfe")
        client.rpush("list", "one", SCRIPT)
        client.hset("hash", "field", "value")
        client.sadd("set", "member")
        client.zadd("sorted", {"member": 1.5})
        client.xadd("stream", {"field": "value"}, "5-1")
        client.geoadd("places", (13.4, 52.5, "Berlin"))
    page = pages.get("redis/")
    assert [row[:3] for row in cells(page)] == [
        ["a", "string", "text"],
        ["hash", "hash", ""],
        ["list", "list", ""],
        ["places", "zset", ""],
        ["set", "set", ""],
        ["sorted", "zset", ""],
        ["stream", "stream", ""],
        ["\\xff", "string", "\\xfe"],
    ]
    shown = {name: cells(pages.get(pages.link(page, name))) for name in ("list", "hash", "set", "sorted", "stream")}
    assert shown == {
        "list": [["one"], ["&lt;script&gt;alert(1)&lt;/script&gt;"]],
        "hash": [["field", "value"]],
        "set": [["member"]],
        "sorted": [["member", "1.5"]],
        "stream": [["5-1", "field", "value"]],
    }
    assert [row[0] for row in cells(pages.get("redis/", pattern="s*"))] == ["set", "sorted", "stream"]


def test_redis_text_is_edited_and_keeps_its_expiry(redis_server: Memorystore, pages: Pages) -> None:
    with redis_server.client(1) as client:
        client.set("key", "a\nb", ex=3600)
        form = pages.form(pages.link(pages.get("redis/", database="1"), "key"))
        assert "Saved." in notes(pages.send(form.set("value", "c\r\nd")))
        assert client.get("key") == b"c\nd"
        assert 3500 < client.ttl("key") <= 3600
        client.set("key", "new")
        (note,) = notes(pages.send(form.set("value", "e"), 400))
        assert note == "the value was written meanwhile; open it again, and repeat your change"


def test_redis_deletes_one_key_and_then_all(redis_server: Memorystore, pages: Pages) -> None:
    with redis_server.client() as client:
        client.mset({"a": 1, "b": 2, "c": 3})
        page = pages.send(pages.form(pages.link(pages.get("redis/"), "a"), "/delete"))
        assert [row[0] for row in cells(page)] == ["b", "c"]
        pages.send(pages.form("redis/", "/flush"))
        assert client.dbsize() == 0


@pytest.mark.usefixtures("redis_server")
@pytest.mark.parametrize("path", ["redis/?database=99", "redis/key?key=6e6f", "redis/key?key=x"])
def test_wrong_redis_address_is_refused_in_one_line(pages: Pages, path: str) -> None:
    assert len(notes(pages.client.get(path).text)) == 1
