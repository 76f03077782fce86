"""What the old db has and ndb has in another form, so that a reader finds it among the many uses of db.

Google's page db_to_ndb names the successors, and a test looks for them in both ndb libraries.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from codelab.assess.collecting import Collected
from codelab.assess.finding import Place
from codelab.assess.imports import Module

DB = "google.appengine.ext.db"
PREFIX = "ext.db: "
CURRENT_USER = "auto_current_user"
QUERIES = "queries in GQL"
# Names in db, by the row that explains them.
NAMES = {
    "GqlQuery": QUERIES,
    **dict.fromkeys(
        ("run_in_transaction", "run_in_transaction_custom_retries", "run_in_transaction_options",
         "run_in_read_only_transaction", "run_in_read_only_transaction_options", "create_transaction_options"),
        "functions in a transaction",
    ),
    **dict.fromkeys(("ReferenceProperty", "SelfReferenceProperty"), "references"),
    **dict.fromkeys(("ListProperty", "StringListProperty"), "lists"),
    **dict.fromkeys(
        ("CategoryProperty", "EmailProperty", "IMProperty", "LinkProperty", "PhoneNumberProperty",
         "PostalAddressProperty", "RatingProperty"),
        "properties without a class",
    ),
    **dict.fromkeys(
        ("delete", "delete_async", "get", "get_async", "put", "put_async", "save"), "functions for entities"
    ),
    "polymodel": "polymodel",
}  # fmt: skip


def find_db(file: str, module: Module, table: Mapping[str, object], found: Collected) -> None:
    """Collect the uses of db that have a row of their own in a table."""
    if not any(name == DB or name.startswith(f"{DB}.") for name in module.imported):
        return
    for row, line, what in _find(module):
        if PREFIX + row in table:
            found.add(PREFIX + row, Place(file, line, what), f"db: {row}")


def _find(module: Module) -> Iterator[tuple[str, int, str]]:
    for use in module.uses:
        name = use.name.removeprefix(f"{DB}.")
        row = NAMES.get(name.partition(".")[0])
        if row and name != use.name and not use.is_import:
            yield row, use.line, f"db.{name}"
    for node in module.nodes:
        if isinstance(node, ast.Call):
            yield from _call(node, module)


def _call(node: ast.Call, module: Module) -> Iterator[tuple[str, int, str]]:
    if isinstance(node.func, ast.Attribute) and node.func.attr == "gql":
        yield QUERIES, node.lineno, ".gql()"
    if module.name_of(node.func) == f"{DB}.UserProperty":
        for keyword in node.keywords:
            if keyword.arg in ("auto_current_user", "auto_current_user_add"):
                yield CURRENT_USER, node.lineno, f"db.UserProperty({keyword.arg})"
