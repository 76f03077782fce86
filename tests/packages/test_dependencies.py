"""Each package declares the distributions that it imports, and no others."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.metadata import distributions, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PACKAGES = sorted((Path(__file__).parents[2] / "packages").glob("*/pyproject.toml"))
# These files run in an app's process, with the app's packages.
IN_APPS = ("python27_real/legacy_sdk/", "python27_on_3/payload/", "python3/site/")
# google-cloud-datastore hands out messages of these two distributions. Its dependencies keep the versions in step.
WITH_MESSAGES = {"protobuf", "googleapis-common-protos"}


@pytest.mark.parametrize("project", PACKAGES, ids=lambda path: path.parent.name)
def test_imported_distribution_is_declared(project: Path) -> None:
    declared = _declared(project)
    if "google-cloud-datastore" in declared:
        declared |= WITH_MESSAGES
    missing = {name: files for name, files in _imported(project.parent / "src").items() if name not in declared}
    assert missing == {}


@pytest.mark.parametrize("project", PACKAGES, ids=lambda path: path.parent.name)
def test_declared_distribution_is_imported(project: Path) -> None:
    assert _declared(project) - set(_imported(project.parent / "src")) == set()


def test_distribution_of_namespace_package_is_found() -> None:
    assert _distribution("google.cloud.datastore_v1.types") == "google-cloud-datastore"
    assert _distribution("google.protobuf.json_format") == "protobuf"
    assert _distribution("google.rpc.status_pb2") == "googleapis-common-protos"


def _declared(project: Path) -> set[str]:
    """Return the names of a package's dependencies, those of its extras too."""
    data = tomllib.loads(project.read_text())["project"]
    extras = data.get("optional-dependencies", {}).values()
    texts = [*data["dependencies"], *(text for extra in extras for text in extra)]
    return {canonicalize_name(Requirement(text).name) for text in texts}


def _imported(source: Path) -> dict[str, set[str]]:
    """Return each distribution that the files import, with the names of these files."""
    own = _package(source)
    found: dict[str, set[str]] = {}
    for file in source.rglob("*.py"):
        name = file.relative_to(source).as_posix()
        if any(folder in name for folder in IN_APPS):
            continue
        for module in _modules(ast.parse(file.read_text(encoding="utf-8"))):
            if module.split(".")[0] not in sys.stdlib_module_names | {own}:
                found.setdefault(_distribution(module), set()).add(name)
    return found


def _modules(tree: ast.Module) -> Iterator[str]:
    """Yield what is imported: for `from a import b` it is a.b, which may be a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _distribution(module: str) -> str:
    """Return the distribution that holds a module; the module's own name if none is installed that does."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        if owner := _owners().get(".".join(parts[:length])):
            return owner
    return module


@cache
def _owners() -> dict[str, str]:
    """Return the distribution of each importable name: of a package, and of each module in the namespace `google`."""
    owners = {name: owner for name, (owner, *others) in packages_distributions().items() if not others}
    for distribution in distributions():
        for file in distribution.files or ():
            if match := re.fullmatch(r"(google/.*?)(/__init__)?(\.py|\.[\w-]*\.so|\.pyd)", file.as_posix()):
                owners[match[1].replace("/", ".")] = distribution.name
    # An editable install lists no files.
    for project in PACKAGES:
        owners[_package(project.parent / "src")] = tomllib.loads(project.read_text())["project"]["name"]
    return {name: canonicalize_name(owner) for name, owner in owners.items()}


def _package(source: Path) -> str:
    """Return the name of the package in a folder src/."""
    (name,) = [path.parent.name for path in source.glob("*/__init__.py")]
    return name
