"""docs/support.md says what the code does: no more, no less."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from google.cloud.datastore_v1 import types as v1

from localcloud.appengine.datastore_v3 import DatastoreV3Service
from localcloud.appengine.memcache import _METHODS as MEMCACHE_METHODS
from localcloud.datastore.engine import Engine
from localcloud.datastore.errors import DatastoreError
from localcloud.datastore.query import _UNWRITTEN
from localcloud.datastore.service import RPCS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "support.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Return the cells of the first table after a line that starts with these words."""
    lines = PAGE[PAGE.index(heading) :].splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table[2:]


def refusals() -> Iterator[str]:
    """Yield the name of each feature that the engine's source refuses."""
    for file in (ROOT / "src" / "localcloud" / "datastore").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "unimplemented":
                yield from _names(node.args[0])


def _names(argument: ast.expr) -> Iterator[str]:
    if isinstance(argument, ast.Constant):
        yield argument.value
    elif isinstance(argument, ast.JoinedStr):
        yield ast.unparse(argument)[2:-1]
    else:
        assert ast.unparse(argument) == "_UNWRITTEN[operator]", "a refusal this test cannot read"
        yield from _UNWRITTEN.values()


def test_every_refusal_of_the_engine_is_listed_and_no_other() -> None:
    listed = {row[0].strip("`") for row in rows("The way round each of these")}
    assert listed == set(refusals())


def test_every_rpc_is_listed_as_it_answers() -> None:
    listed = {row[0].strip("`"): row[1] for row in rows("## Datastore")}
    assert set(listed) == {rpc for _, rpc, _, _ in RPCS}
    with Engine(":memory:") as engine:
        for method, rpc, request, _ in RPCS:
            refused = False
            try:
                getattr(engine, method)(request(project_id="demo"))
            except DatastoreError as error:
                refused = error.code.name == "UNIMPLEMENTED"
            assert listed[rpc] == ("refused" if refused else "yes"), rpc


def test_every_call_of_the_bundled_services_is_listed() -> None:
    listed = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in rows("## App Engine's bundled")}
    with Engine(":memory:") as engine:
        assert listed["datastore_v3"] == set(DatastoreV3Service(engine)._methods)
    assert listed["memcache"] == set(MEMCACHE_METHODS)


def test_the_services_rpcs_are_all_known() -> None:
    requests = {name.removesuffix("Request") for name in v1.__all__ if name.endswith("Request")}
    assert requests == {rpc for _, rpc, _, _ in RPCS}
