"""Keys of entities in pickles: each library pickles its own class, and all of them read alike here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

_DB = "google.appengine.api.datastore_types.Key"
_NDB = ("google.appengine.ext.ndb.key.Key", "google.cloud.ndb.key.Key")
_DATASTORE = "google.cloud.datastore.key.Key"


def is_key(name: Any) -> bool:
    """Return whether a class of this name, with its module, is one of keys."""
    return name in (_DB, *_NDB, _DATASTORE)


def format_pickled_key(state: Any) -> str | None:
    """Return the path of a key, as in `Key(Album, 7, Song, "name")`, from the state in its pickle; None for another.

    The state consists of dicts, lists, texts and numbers. The project is left out: App Engine writes it in its own way.
    """
    if isinstance(state, list) and len(state) == 1:  # ndb has its arguments as the state
        state = state[0]
    if not isinstance(state, dict):
        return None
    if "_Key__reference" in state:
        return _format_reference(state["_Key__reference"])
    if "pairs" in state:
        return _format(state["pairs"], state.get("namespace"))
    if "_flat_path" in state:
        return _format(_pair_up(state["_flat_path"]), state.get("_namespace"))
    return None


def _format_reference(reference: Any) -> str | None:
    """Return the path in the protocol buffer of a key of db, whose bytes Python 3 keeps in a dict."""
    data = reference.get("serialized") if isinstance(reference, dict) else reference
    if isinstance(data, str):
        data = data.encode("latin-1")  # as pickletools has decoded the strings of Python 2
    if not isinstance(data, bytes):
        return None
    from google.appengine.datastore.entity_bytes_pb2 import Reference
    from google.protobuf.message import DecodeError

    try:
        read = Reference.FromString(data)
    except DecodeError:
        return None
    steps = read.path.element
    pairs = [(one.type, one.name if one.HasField("name") else one.id if one.HasField("id") else None) for one in steps]
    return _format(pairs, read.name_space)


def _pair_up(flat: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Yield kinds with their ids; an incomplete key has none for its last kind."""
    for number in range(0, len(flat), 2):
        yield flat[number], flat[number + 1] if number + 1 < len(flat) else None


def _format(pairs: Iterable[Any], namespace: Any) -> str:
    words = []
    for kind, name in pairs:
        words += [str(_decode(kind)), json.dumps(_decode(name), ensure_ascii=False) if name is not None else "None"]
    if namespace:
        words.append(f"namespace={json.dumps(_decode(namespace), ensure_ascii=False)}")
    return f"Key({', '.join(words)})"


def _decode(value: Any) -> Any:
    """Return the text of bytes in UTF-8; Python 2's are texts in Latin-1 here, as pickletools reads them."""
    if isinstance(value, str):
        try:
            value = value.encode("latin-1")
        except UnicodeEncodeError:
            return value
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.decode("latin-1")
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
