"""docs/architecture.md names the rooms and functions that the packages have."""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SOURCES = {path.parent.name: path.parent for path in ROOT.glob("packages/*/src/*/__init__.py")}
FLOWS = {text.partition("\n")[0]: text for text in PAGE.split("\n## ") if "```mermaid" in text}
# Of names in backticks, these are not the packages' own.
OTHERS = {"tests", "bench"}


def test_table_has_every_room_and_no_other() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert sorted(rows) == sorted((package, room) for package in SOURCES for room in _rooms(package))


def test_table_follows_order_of_import_rules() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", PAGE, re.MULTILINE)
    places = {row: number for number, row in enumerate(rows)}
    upward = [
        f"{package}.{room} imports {package}.{other}"
        for package, room in rows
        for other in _rooms(package)
        if places[package, other] < places[package, room]
        and _graph().direct_import_exists(importer=f"{package}.{room}", imported=f"{package}.{other}", as_packages=True)
    ]
    assert upward == []


@pytest.mark.parametrize("flow", FLOWS)
def test_names_of_flow_exist(flow: str) -> None:
    text = FLOWS[flow]
    quoted = {name for name in re.findall(r"`([A-Za-z_][\w.]*)`", text) if name not in OTHERS}
    participants = set(re.findall(r"^    participant \w+ as ([a-z_]\w*(?:\.\w+)*)$", text, re.MULTILINE))
    called = {name for arrow in re.findall(r"->>.*", text) for name in re.findall(r"(\w+)\(", arrow)}
    assert sorted(name for name in quoted | participants | called if not _exists(name)) == []


def test_each_package_has_no_import_circle() -> None:
    """Look for circles of modules. import-linter compares siblings, so it misses a room and its own `__init__`."""
    graph = _graph()
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" is imported by ".join(error.args[1]))


def _rooms(package: str) -> list[str]:
    """Return the modules and sub-packages directly below a package."""
    source = SOURCES[package]
    modules = [path.stem for path in source.glob("*.py") if not path.stem.startswith("__")]
    return [*modules, *(path.parent.name for path in source.glob("*/__init__.py"))]


def _exists(name: str) -> bool:
    """Say whether a package has a module, class, function or method of this name, in full or from a dot on."""
    return any(f".{known}".endswith(f".{name}") for known in _names())


@cache
def _names() -> set[str]:
    """Return the full names of the packages' modules, of what is in them and of what an `__init__` imports."""
    names = set()
    for source in SOURCES.values():
        for file in source.rglob("*.py"):
            module = ".".join(file.relative_to(source.parent).with_suffix("").parts).removesuffix(".__init__")
            if module not in _graph().modules:
                continue
            tree = ast.parse(file.read_text(encoding="utf-8"))
            names |= {module, *_definitions(tree, module)}
            if file.name == "__init__.py":
                aliases = [alias for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
                names |= {f"{module}.{alias.name}" for alias in aliases}
    return names


def _definitions(node: ast.Module | ast.ClassDef, owner: str) -> Iterator[str]:
    for one in node.body:
        if isinstance(one, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{owner}.{one.name}"
        if isinstance(one, ast.ClassDef):
            yield from _definitions(one, f"{owner}.{one.name}")


@cache
def _graph() -> grimp.ImportGraph:
    """Return which module of the packages imports which."""
    return grimp.build_graph(*SOURCES, cache_dir=None)
