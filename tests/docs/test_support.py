"""docs/support.md lists what the code supports and refuses."""

from __future__ import annotations

import ast
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
from google.cloud import datastore
from google.cloud.datastore.helpers import GeoPoint
from google.cloud.datastore_v1 import types as v1

from datastore_emulator import DatastoreServer, serve
from datastore_emulator.api.interface import RPCS
from datastore_emulator.engine import Engine
from datastore_emulator.errors import DatastoreError
from localcloud.appengine.datastore_v3 import DatastoreV3Service
from localcloud.appengine.memcache import _METHODS as MEMCACHE_METHODS
from localcloud.appengine.services import Surroundings, make_services
from localcloud.metadata import MetadataServer
from localcloud.runtimes.google_apis import EMULATORS
from tests.differential import page

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "support.md").read_text()


# These test the server, its files and its speed. No client can see that.
INTERNAL = {
    *("test_command.py", "test_copying.py", "test_damage.py", "test_durability.py", "test_fuzz.py", "test_ids.py"),
    *("test_library.py", "test_lost_file.py", "test_ndb.py", "test_relay.py"),
    *("test_server.py", "test_stop_signals.py", "test_storage.py"),
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


def test_script_of_the_page_copies_all_namespaces(monkeypatch, capsys) -> None:
    script = PAGE[PAGE.index("### Copy the entities") :].split("```python\n")[1].split("```")[0]
    monkeypatch.setenv("DATASTORE_EMULATOR_HOST", "")  # the script sets it

    def client(server: DatastoreServer, namespace: str | None) -> datastore.Client:
        monkeypatch.setenv("DATASTORE_EMULATOR_HOST", server.address)
        return datastore.Client(project="demo", namespace=namespace)

    with serve() as source, serve() as target:
        sent = {}
        for namespace in (None, "other"):
            entity = datastore.Entity(client(source, namespace).key("Visit", 1, "Page", "x"), ("text",))
            entity.update(text="long", tags=["a", None], place=GeoPoint(1, 2), blob=b"\0", empty=[])
            client(source, namespace).put(entity)
            sent[namespace] = entity
        monkeypatch.setattr(sys, "argv", ["copy_entities.py", source.address, target.address])
        exec(compile(script, "copy_entities.py", "exec"), {})
        for namespace, entity in sent.items():
            (copied,) = client(target, namespace).query().fetch()
            assert (copied, copied.key, copied.exclude_from_indexes) == (entity, entity.key, {"text"})
    assert capsys.readouterr().out == "default namespace: 1 entities\nother: 1 entities\n"


def test_page_lists_the_declared_differences() -> None:
    assert page.written(PAGE) == PAGE, "python -m tests.differential.page writes it"


def test_emulators_are_those_that_are_passed_on():
    listed = {
        (name, row[0].strip("`")) for row in rows("**An emulator.**") for name in re.findall(r"`([a-z_.]+)`", row[1])
    }
    assert listed == {one for one in EMULATORS.items() if one[0] != "google.pubsub"}  # a part of google.cloud.pubsub


def test_metadata_is_what_the_server_has():
    server = MetadataServer("PROJECT_ID")
    server.start()
    with httpx.Client(headers={"Metadata-Flavor": "Google"}) as client:
        for paths, value in rows("| below `/computeMetadata/v1/` |"):
            for path in _metadata_paths(paths):
                answer = client.get(f"http://{server.address}/computeMetadata/v1/{path}")
                assert answer.status_code == (403 if "403" in value else 200), path
    server.stop()


def _metadata_paths(cell: str) -> list[str]:
    """Return the paths in a cell such as "`dir/`: `a`, `b`"."""
    first, *rest = re.findall(r"`([^`]+)`", cell) or [""]
    return [first + name for name in rest] if first.endswith("/") else [path for path in (first, *rest) if path]
