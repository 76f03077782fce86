"""The panel about Memcache: its values, its statistics, and a button to empty it."""

from __future__ import annotations

import hashlib

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from google.appengine.api.memcache import MAX_VALUE_SIZE
from werkzeug.wrappers import Response

from datastore_emulator.errors import UserError
from localcloud.appengine.memcache import CachedValue
from localcloud.cloud import Cloud
from localcloud.console import memcache_values
from localcloud.console.panels import Panel
from localcloud.services import Memcache

_MOST = 100


def make_panel(cloud: Cloud) -> Panel:
    """Make the panel."""
    routes = Blueprint("memcache", __name__)
    _add_routes(routes, cloud.memcache)
    return Panel("Memcache", routes)


def _add_routes(routes: Blueprint, service: Memcache) -> None:
    cache = service.values

    def find() -> CachedValue:
        key = _read_hex(request.values.get("key", ""))
        cached = cache.find(request.values.get("namespace", ""), key)
        if cached is None:
            abort(404, f"nothing is cached under {_show_key(key)}; it may have expired")
        return cached

    def show_value(cached: CachedValue, problem: str = "") -> str:
        return render_template(
            "memcache/value.html",
            row=_lay_out(service, cached),
            control=memcache_values.make_control(cached),
            problem=problem,
        )

    @routes.get("/")
    def index() -> str:
        prefix = request.args.get("prefix", "")
        found = cache.list_values(prefix.encode(), _MOST + 1)
        return render_template(
            "memcache/values.html",
            rows=[_lay_out(service, cached) for cached in found[:_MOST]],
            more=len(found) > _MOST,
            prefix=prefix,
            statistics=cache.statistics(),
            away=not cache.available,
        )

    @routes.get("/value")
    def value() -> str:
        return show_value(find())

    @routes.post("/value")
    def save() -> Response | tuple[str, int]:
        cached = find()
        if not memcache_values.make_control(cached).kind:
            raise UserError("this value cannot be edited here; change it in your app")
        text = request.form.get("value", "")
        try:
            data = memcache_values.read_text(cached, text)
        except (ValueError, KeyError):
            return show_value(cached, "this is not a value of the same type"), 400
        if len(data) > MAX_VALUE_SIZE:
            return show_value(cached, f"a value has at most {MAX_VALUE_SIZE:,} bytes"), 400
        if request.form.get("old") != _fingerprint(cached) or not cache.replace(cached, data):
            raise UserError("the value was written meanwhile; open it again, and repeat your change")
        flash("Saved.")
        return redirect(url_for("memcache.value", namespace=cached.namespace, key=cached.key.hex()), 303)

    @routes.post("/delete")
    def delete() -> Response:
        cached = find()
        cache.delete(cached.namespace, cached.key)
        flash(f"{_show_key(cached.key)} is deleted.")
        return redirect(url_for("memcache.index"), 303)

    @routes.post("/flush")
    def flush() -> Response:
        cache.flush()
        flash("Memcache is empty.")
        return redirect(url_for("memcache.index"), 303)


def _lay_out(service: Memcache, cached: CachedValue) -> dict[str, object]:
    left = None if cached.expires is None else max(0, round(cached.expires - service.now()))
    return {
        "namespace": cached.namespace,
        "name": _show_key(cached.key),
        "key": cached.key.hex(),
        "type": memcache_values.name_type(cached),
        "text": memcache_values.show(cached),
        "size": len(cached.value),
        "left": left,
        "fingerprint": _fingerprint(cached),
    }


def _fingerprint(cached: CachedValue) -> str:
    """Return what tells a value from the one that the user has seen in the form."""
    return hashlib.sha256(b"%d %s" % (cached.flags, cached.value)).hexdigest()


def _show_key(key: bytes) -> str:
    return key.decode("utf-8", "backslashreplace")


def _read_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        abort(404, "this address names no key; go back to the list")
