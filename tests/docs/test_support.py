"""docs/support.md lists what the code supports and refuses."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path

from google.cloud.datastore_v1 import types as v1

from datastore_emulator.api.interface import RPCS
from datastore_emulator.engine import Engine
from datastore_emulator.errors import DatastoreError
from localcloud.appengine.datastore_v3 import DatastoreV3Service
from localcloud.appengine.memcache import _METHODS as MEMCACHE_METHODS
from localcloud.appengine.services import Surroundings, make_services
from tests.differential import page

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "support.md").read_text()


# These test the server, its files and its speed. No client can see that.
INTERNAL = {
    *("test_command.py", "test_damage.py", "test_durability.py", "test_fuzz.py", "test_ids.py", "test_library.py"),
    *("test_lost_file.py", "test_ndb.py", "test_relay.py"),
    *("test_server.py", "test_storage.py"),
}


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


def named_tests() -> set[str]:
    """Return the tests in the table of capabilities."""
    return {name for row in rows("The features of these RPCs") for name in re.findall(r"`(test_\w+\.py)`", row[1])}


def datastore_tests() -> set[str]:
    """Return the Datastore's test files."""
    return {path.name for path in (ROOT / "tests" / "datastore").glob("test_*.py")}


def refusals() -> Iterator[str]:
    """Yield the name of each feature that the engine's source refuses."""
    for file in (ROOT / "packages" / "datastore-emulator").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "unimplemented":
                yield from _names(node.args[0])


def _names(argument: ast.expr) -> Iterator[str]:
    assert isinstance(argument, ast.Constant), "a refusal this test cannot read"
    yield str(argument.value)


def test_page_lists_every_refusal_of_the_engine() -> None:
    listed = {row[0].strip("`") for row in rows("To use one of these features")}
    assert listed == set(refusals())


def test_page_lists_every_rpc() -> None:
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


def test_tests_that_the_page_names_exist() -> None:
    assert named_tests() - datastore_tests() == set()


def test_page_names_every_test_of_a_capability() -> None:
    missing = datastore_tests() - named_tests() - INTERNAL
    assert not missing, f"name {', '.join(sorted(missing))} in docs/support.md, or add it to INTERNAL"


def test_page_lists_every_call_of_the_bundled_services() -> None:
    listed = {row[0].strip("`"): set(re.findall(r"`(\w+)`", row[1])) for row in rows("## App Engine's bundled")}
    with Engine(":memory:") as engine:
        assert listed["datastore_v3"] == set(DatastoreV3Service(engine)._methods)
    assert listed["memcache"] == set(MEMCACHE_METHODS)
    for name, service in make_services(Surroundings(time.time, engine, DatastoreV3Service(engine)), print).items():
        assert listed.get(name) == set(service.definition.MESSAGES), name


def test_engine_knows_every_rpc_of_the_api() -> None:
    requests = {name.removesuffix("Request") for name in v1.__all__ if name.endswith("Request")}
    assert requests == {rpc for _, rpc, _, _ in RPCS}


def test_page_lists_the_declared_differences() -> None:
    assert page.written(PAGE) == PAGE, "python -m tests.differential.page writes it"
