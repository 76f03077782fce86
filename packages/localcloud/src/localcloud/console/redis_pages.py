"""The panel about Redis: the keys of the local cloud's own server."""

from __future__ import annotations

from collections.abc import Callable
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

    def server() -> Memorystore:
        if not isinstance(cloud.redis, Memorystore):
            raise UserError("there is no Redis of the local cloud's own here")
        return cloud.redis

    _add_lists(routes, cloud, server)
    _add_forms(routes, server)
    return Panel("Redis", routes)


def _add_lists(routes: Blueprint, cloud: Cloud, server: Callable[[], Memorystore]) -> None:
    @routes.get("/")
    def index() -> str:
        if not isinstance(cloud.redis, Memorystore):
            return render_template("redis/none.html", external=cloud.redis)
        pattern = request.args.get("pattern") or "*"
        database = read_number(request.args, "database")
        with cloud.redis.client(database) as client:
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
            calls=cloud.redis_calls().most_common(),
        )

    @routes.post("/flush")
    def flush() -> Response:
        server().flush()
        flash("Redis is empty, in every database.")
        return redirect(url_for("redis.index"), 303)


def _add_forms(routes: Blueprint, server: Callable[[], Memorystore]) -> None:
    def open_key() -> tuple[Client, bytes]:
        database = read_number(request.values, "database")
        try:
            key = bytes.fromhex(request.values.get("key", ""))
        except ValueError:
            abort(404, "this address is not one of a key")
        client = server().client(database)
        if not client.exists(key):
            abort(404, f"there is no key {_show(key)}; it may have expired")
        return client, key

    @routes.get("/key")
    def key() -> str:
        client, name = open_key()
        with client:
            return render_template("redis/key.html", **_describe(client, name))

    @routes.post("/key")
    def save() -> Response:
        client, name = open_key()
        with client:
            facts = _describe(client, name)
            if facts["text"] is None:
                raise UserError("this value is shown only")
            old, text = str(facts["text"]), request.form.get("value", "")
            if plain_ends(request.form.get("old", "")) != plain_ends(old):
                raise UserError("the value was written meanwhile; open it again, and repeat your change")
            client.set(name, restore_ends(text, old).encode(), keepttl=True)
        flash("Saved.")
        return redirect(url_for("redis.key", database=read_number(request.values, "database"), key=name.hex()), 303)

    @routes.post("/delete")
    def delete() -> Response:
        client, name = open_key()
        with client:
            client.delete(name)
        flash(f"{_show(name)} is deleted.")
        return redirect(url_for("redis.index", database=read_number(request.values, "database")), 303)


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
    facts = {**_lay_out(client, key), "database": read_number(request.values, "database"), "rows": []}
    facts["text"], facts["refusal"] = None, "only strings are edited here"
    kind = client.type(key)
    if kind == b"string":
        size = client.strlen(key)
        value = client.getrange(key, 0, _LONGEST_EDITED)
        text = decode_text(value)
        if size > _LONGEST_EDITED:
            facts["rows"] = [[clip(_show(value), 1000)]]
            facts["refusal"] = f"too long to edit here: {size:,} bytes"
        elif text is None:
            facts["rows"], facts["refusal"] = [[show_bytes(value)]], "bytes that are no text are shown only"
        else:
            facts["text"] = text
    elif kind in _READERS:
        facts["rows"] = [[_show(cell) for cell in row] for row in _READERS[kind](client, key)]
    return facts


def _show(data: bytes) -> str:
    text = decode_text(data)
    return clip(data.decode("utf-8", "backslashreplace") if text is None else text)
