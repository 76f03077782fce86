"""The panel about Redis: the keys of the local cloud's own server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import islice
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from datastore_emulator.errors import UserError
from localcloud.cloud import Cloud
from localcloud.console.form_text import clip, decode_text, plain_ends, restore_ends, show_bytes
from localcloud.console.panels import Panel, read_number
from localcloud.services import Memorystore

_MOST = 100
# A SCAN looks at so many keys at once. It looks at no more in all for one page.
_SCANNED = 1000
_MOST_SCANNED = 100_000
_LONGEST_EDITED = 300_000

# The types of redis-py have text and bytes everywhere. This client answers bytes.
Client = Any
Connect = Callable[[], AbstractContextManager[tuple[Client, int]]]

# Of each type but strings, the first elements; each as a row of cells.
_READERS: dict[bytes, Callable[[Client, bytes], list[tuple[bytes, ...]]]] = {
    b"list": lambda client, key: [(item,) for item in client.lrange(key, 0, _MOST - 1)],
    b"set": lambda client, key: [(item,) for item in islice(client.sscan_iter(key), _MOST)],
    b"hash": lambda client, key: list(islice(client.hscan_iter(key), _MOST)),
    b"zset": lambda client, key: [
        (item, repr(score).encode()) for item, score in client.zrange(key, 0, _MOST - 1, withscores=True)
    ],
    b"stream": lambda client, key: [
        (number, *(part for pair in fields.items() for part in pair))
        for number, fields in client.xrange(key, count=_MOST)
    ],
}


def make_panel(cloud: Cloud) -> Panel:
    """Make the panel."""
    routes = Blueprint("redis", __name__)

    @contextmanager
    def connect() -> Iterator[tuple[Client, int]]:
        """Yield a client of the database that this request names, and the database's number."""
        if not isinstance(cloud.redis, Memorystore):
            raise UserError("the local cloud runs no Redis of its own here")
        database = read_number(request.values, "database")
        with cloud.redis_watch.client(cloud.redis, database) as client:
            yield client, database

    _add_lists(routes, cloud, connect)
    _add_forms(routes, connect)
    return Panel("Redis", routes)


def _add_lists(routes: Blueprint, cloud: Cloud, connect: Connect) -> None:
    @routes.get("/")
    def index() -> str:
        if not isinstance(cloud.redis, Memorystore):
            return render_template("redis/none.html", external=cloud.redis)
        pattern = request.args.get("pattern") or "*"
        with connect() as (client, database):
            keyspace = client.info("keyspace")
            keys, more = _scan(client, pattern)
            rows = [_lay_out(client, key) for key in keys]
        return render_template(
            "redis/keys.html",
            rows=rows,
            more=more,
            pattern=pattern,
            database=database,
            databases={int(name.removeprefix("db")): facts["keys"] for name, facts in keyspace.items()},
        )

    @routes.post("/flush")
    def flush() -> Response:
        with connect() as (client, _):
            client.flushall()
        flash("Redis is empty, in every database.")
        return redirect(url_for("redis.index"), 303)


def _add_forms(routes: Blueprint, connect: Connect) -> None:
    def find_key(client: Client) -> bytes:
        try:
            key = bytes.fromhex(request.values.get("key", ""))
        except ValueError:
            abort(404, "this address names no key; go back to the list")
        if not client.exists(key):
            abort(404, f"there is no key {_show(key)}; it may have expired")
        return key

    @routes.get("/key")
    def key() -> str:
        with connect() as (client, database):
            return render_template("redis/key.html", database=database, **_describe(client, find_key(client)))

    @routes.post("/key")
    def save() -> Response:
        with connect() as (client, database):
            name = find_key(client)
            old, text = _describe(client, name)["text"], request.form.get("value", "")
            if not isinstance(old, str):
                raise UserError("this value cannot be edited here; change it in your app")
            if plain_ends(request.form.get("old", "")) != plain_ends(old):
                raise UserError("the value was written meanwhile; open it again, and repeat your change")
            client.set(name, restore_ends(text, old).encode(), keepttl=True)
        flash("Saved.")
        return redirect(url_for("redis.key", database=database, key=name.hex()), 303)

    @routes.post("/delete")
    def delete() -> Response:
        with connect() as (client, database):
            name = find_key(client)
            client.delete(name)
        flash(f"{_show(name)} is deleted.")
        return redirect(url_for("redis.index", database=database), 303)


def _scan(client: Client, pattern: str) -> tuple[list[bytes], bool]:
    """Return keys that match a pattern, and whether there may be more."""
    keys: set[bytes] = set()
    cursor = 0
    for _ in range(_MOST_SCANNED // _SCANNED):
        cursor, found = client.scan(cursor, match=pattern, count=_SCANNED)
        keys.update(found)
        if not cursor or len(keys) > _MOST:
            break
    return sorted(keys)[:_MOST], bool(cursor) or len(keys) > _MOST


def _lay_out(client: Client, key: bytes) -> dict[str, object]:
    kind = client.type(key)
    return {
        "name": _show(key),
        "key": key.hex(),
        "type": kind.decode(),
        "left": _read_left(client, key),
        "text": _show(client.getrange(key, 0, 200)) if kind == b"string" else "",
    }


def _read_left(client: Client, key: bytes) -> int | None:
    """Return the seconds until a key expires, None if it does not."""
    left = client.ttl(key)
    return None if left < 0 else int(left)


def _describe(client: Client, key: bytes) -> dict[str, object]:
    """Return what the page of a key shows: a text to edit, or rows of elements."""
    facts = {**_lay_out(client, key), "rows": [], "text": None, "refusal": "only strings are edited here"}
    kind = client.type(key)
    if kind == b"string":
        size = client.strlen(key)
        value = client.getrange(key, 0, _LONGEST_EDITED)
        text = decode_text(value)
        if size > _LONGEST_EDITED:
            facts["rows"] = [[clip(_show(value), 1000)]]
            facts["refusal"] = f"too long to edit here: {size:,} bytes"
        elif text is None:
            facts["rows"], facts["refusal"] = [[show_bytes(value)]], "its bytes are not text"
        else:
            facts["text"] = text
    elif kind in _READERS:
        facts["rows"] = [[_show(cell) for cell in row] for row in _READERS[kind](client, key)]
    return facts


def _show(data: bytes) -> str:
    text = decode_text(data)
    return clip(data.decode("utf-8", "backslashreplace") if text is None else text)
