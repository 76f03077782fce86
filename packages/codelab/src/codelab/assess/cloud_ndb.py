"""What the bundled ndb has and Cloud NDB refuses, or has in another form, as far as the text shows it.

Cloud NDB's MIGRATION_NOTES.md and the source of 2.7.1 name these, and a test calls each of them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from codelab.assess.collecting import Collected
from codelab.assess.finding import Place
from codelab.assess.imports import Module

NDB = "google.appengine.ext.ndb"
PREFIX = "ext.ndb: "
# Arguments of a property's class that are refused with this value (None: with any), by the row that explains it.
_PROPERTIES: dict[tuple[str, str, object], str] = {
    ("StringProperty", "indexed", False): "StringProperty(indexed=False)",
    ("TextProperty", "indexed", True): "properties that cannot be indexed",
    ("LocalStructuredProperty", "indexed", True): "properties that cannot be indexed",
    ("UserProperty", "auto_current_user", None): "auto_current_user",
    ("UserProperty", "auto_current_user_add", None): "auto_current_user",
}
_COMPRESSED = ("BlobProperty", "JsonProperty", "PickleProperty", "GenericProperty")
# Arguments of methods, by the row that explains them. Each name is known from ndb alone, or only with these methods.
_OPTIONS = {
    "batch_size": "options of queries", "prefetch_size": "options of queries",
    "pass_batch_into_callback": "options of queries", "merge_future": "options of queries",
    "force_writes": "options of calls", "max_memcache_items": "options of calls",
}  # fmt: skip
_OF_METHODS = {
    "allocate_ids": {"max": "allocate_ids(max)"},
    # It is a transaction, and Cloud NDB has no options for what is in one.
    "get_or_insert": dict.fromkeys(("deadline", "memcache_timeout", "timeout"), "options of get_or_insert"),
}
_TRANSACTIONS = frozenset({"transaction", "transaction_async", "transactional", "transactional_async"})
_METHODS = {
    **{f"memcache_{name}": "the context's Memcache" for name in
       ("add", "cas", "decr", "delete", "get", "gets", "incr", "replace", "set")},
    "from_old_key": "keys of ext.db", "to_old_key": "keys of ext.db",
    "run_to_queue": "parts that are gone",
}  # fmt: skip
# Names in ndb and its modules.
_GONE = {
    **dict.fromkeys(("get_indexes", "get_indexes_async"), "get_indexes"),
    **dict.fromkeys(
        ("AutoBatcher", "ContextOptions", "EntityGroup", "ModelAdapter", "MultiFuture", "QueueFuture", "ReducingFuture",
         "SerialQueueFuture", "add_flow_exception", "eventloop", "get_entity_group_version", "get_return_value",
         "google_imports", "make_connection", "make_context", "make_default_context", "set_context"),
        "parts that are gone",
    ),
}  # fmt: skip
_BLOBS = ("BlobInfo", "BlobReader", "create_upload_url", "delete", "fetch_data", "get", "parse_blob_info")


def find_cloud_ndb(file: str, module: Module, table: Mapping[str, object], found: Collected) -> None:
    """Collect what a module of an app has to change for Cloud NDB, by the rows of a table."""
    for row, line, what in _find(module):
        if PREFIX + row in table:
            found.add(PREFIX + row, Place(file, line, what), f"Cloud NDB: {row}")


def _find(module: Module) -> Iterator[tuple[str, int, str]]:
    if not any(name == NDB or name.startswith(f"{NDB}.") for name in module.imported):
        return
    for use in module.uses:
        if not use.is_import and use.name.startswith(f"{NDB}."):
            yield from _name(use.name.removeprefix(f"{NDB}."), use.line)
    for node in module.nodes:
        if isinstance(node, ast.Call):
            yield from _call(node, module)


def _name(name: str, line: int) -> Iterator[tuple[str, int, str]]:
    parts = name.split(".")
    if parts[0] == "blobstore" and len(parts) > 1 and parts[1] in _BLOBS:
        yield "blobs", line, f"ndb.{name}"
    for part in parts[:2]:
        if part in _GONE:
            yield _GONE[part], line, f"ndb.{name}"
            break


def _call(node: ast.Call, module: Module) -> Iterator[tuple[str, int, str]]:
    name = module.name_of(node.func)
    of_ndb = name.rpartition(".")[2] if name.startswith(f"{NDB}.") else ""
    method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    given = {word.arg: word.value.value if isinstance(word.value, ast.Constant) else ... for word in node.keywords}
    of_method = _OF_METHODS.get(method.removesuffix("_async"), {})
    for argument, value in given.items():
        for known in (value, None):
            if row := _PROPERTIES.get((of_ndb, argument or "", known)):
                yield row, node.lineno, f"{of_ndb}({argument}={value!r})"
                break
        if row := _OPTIONS.get(argument or "") or of_method.get(argument or ""):
            yield row, node.lineno, f".{method}({argument})"
        if of_ndb in _TRANSACTIONS and argument == "propagation":
            yield "nested transactions", node.lineno, f"{of_ndb}(propagation)"
    if of_ndb in _COMPRESSED and given.get("compressed") is True and given.get("indexed") is True:
        yield "properties that cannot be indexed", node.lineno, f"{of_ndb}(compressed=True, indexed=True)"
    if method in _METHODS:
        yield _METHODS[method], node.lineno, f".{method}()"
