"""Writes python27.json: the last versions for Python 2.7, and what their modules and classes have.

`python -m codelab.check.deployable.python27_record DIR...` reads directories into which pip of Python 2.7 has installed
packages without pins, such as those in localcloud's cache.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

FILE = Path(__file__).with_name("python27.json")
_SOURCE = "what pip 20.3 of Python 2.7.18 installs without pins from PyPI"
_LOOKED_UP = "2026-11"
# What the codelabs of Python 2.7 call.
_PACKAGES = ("flask", "redis", "google/cloud/ndb", "google/cloud/datastore", "werkzeug/middleware")
_VERSIONS = {
    "cachetools": "3.1.1",
    "certifi": "2021.10.8",
    "chardet": "4.0.0",
    "click": "7.1.2",
    "flask": "1.1.4",
    "google-auth": "1.35.0",
    "google-cloud-core": "1.7.3",
    "google-cloud-datastore": "1.15.5",
    "google-cloud-ndb": "1.11.2",
    "gunicorn": "19.10.0",
    "idna": "2.10",
    "itsdangerous": "1.1.0",
    "jinja2": "2.11.3",
    "markupsafe": "1.1.1",
    "packaging": "20.9",
    "pymemcache": "3.5.2",
    "pyparsing": "2.4.7",
    "redis": "3.5.3",
    "requests": "2.27.1",
    "rsa": "4.5",
    "setuptools": "44.1.1",
    "urllib3": "1.26.20",
    "werkzeug": "1.0.1",
}


def main(directories: list[str]) -> None:
    """Write the file from these directories."""
    modules: dict[str, list[str]] = {}
    classes: dict[str, dict[str, object]] = {}
    for directory in map(Path, directories):
        for package in _PACKAGES:
            for path in sorted((directory / package).rglob("*.py")):
                name = path.relative_to(directory).with_suffix("").as_posix().replace("/", ".")
                name = name.removesuffix(".__init__")
                if name in modules or "._" in name:
                    continue
                modules[name], found = _read(name, path.read_text(encoding="utf-8"), path.name == "__init__.py")
                classes |= found
    used = {name: entry for name, entry in classes.items() if not name.startswith("werkzeug.")}
    data = {
        "source": _SOURCE,
        "looked_up": _LOOKED_UP,
        "last_versions": _VERSIONS,
        "modules": modules,
        "classes": used,
    }
    lines = json.dumps(data, indent=1, sort_keys=True).splitlines()
    FILE.write_text("\n".join(_join_lists(lines)) + "\n", encoding="utf-8")


def _join_lists(lines: list[str]) -> Iterator[str]:
    """Yield the lines with each list of words in one line."""
    begun: list[str] = []
    for line in lines:
        if begun:
            begun.append(line.strip())
            if line.strip().startswith("]"):
                yield "".join(begun[:1]) + " ".join(begun[1:-1]) + begun[-1]
                begun = []
        elif line.endswith("["):
            begun = [line]
        else:
            yield line


def _read(name: str, text: str, is_package: bool) -> tuple[list[str], dict[str, dict[str, object]]]:
    """Return the names at the top level of a module, each with its origin if it is imported, and its classes."""
    names: dict[str, str] = {}
    classes: dict[str, dict[str, object]] = {}
    package = name if is_package else name.rpartition(".")[0]
    for node in _top_level(ast.parse(text).body):
        if isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - (node.level - 1)] if node.level else []
            source = ".".join([*parents, *([node.module] if node.module else [])])
            names |= {alias.asname or alias.name: f"{source}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {(alias.asname or alias.name).partition(".")[0]: "" for alias in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names[node.name] = ""
            if isinstance(node, ast.ClassDef):
                classes[f"{name}.{node.name}"] = _class(node)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                names |= {item.id: "" for item in ast.walk(target) if isinstance(item, ast.Name)}
    return sorted(f"{one}={origin}" if origin else one for one, origin in names.items()), classes


def _top_level(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        if isinstance(node, ast.If):
            yield from _top_level([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            yield from _top_level([*node.body, *(one for handler in node.handlers for one in handler.body)])
        else:
            yield node


def _class(node: ast.ClassDef) -> dict[str, object]:
    members = {item.name for item in node.body if isinstance(item, (ast.FunctionDef, ast.ClassDef))}
    for item in ast.walk(node):
        if isinstance(item, ast.Assign):
            for target in item.targets:
                if isinstance(target, ast.Name):
                    members.add(target.id)
                elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                    members.add(target.attr)
    entry: dict[str, object] = {"members": sorted(members), "bases": [ast.unparse(base) for base in node.bases]}
    for item in node.body:
        if isinstance(item, ast.FunctionDef) and item.name == "__init__":
            arguments = [argument.arg for argument in [*item.args.args, *item.args.kwonlyargs][1:]]
            entry["arguments"] = [*arguments, *(["**"] if item.args.kwarg else [])]
    return entry


if __name__ == "__main__":
    main(sys.argv[1:])
