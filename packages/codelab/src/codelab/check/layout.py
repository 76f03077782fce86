"""Where a copy has what the codelab has in main.py, templates/ and requirements.txt: the learner may have moved it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from pathlib import PurePosixPath

import tomllib

from codelab.check.facts.app import MAIN, python_files, string_constants
from codelab.readme.trees import Tree
from localcloud.deployment.requirements import Option, read_requirements

PYTHON_VERSION, PROJECT = ".python-version", "project.toml"
REQUIREMENTS = "requirements.txt"
_START_FILES = ("Dockerfile", "Procfile", "app.yaml", "gunicorn.conf.py")
# `server:app` in a command, `script: server.app` in app.yaml for Python 2.7
_SERVED = re.compile(r"(?<![\w.])([A-Za-z_][\w.]*):[A-Za-z_]\w*|\bscript:\s*['\"]?([A-Za-z_][\w.]*)\.\w+")

_VERSION = re.compile(r"(3\.\d+)(?:\.[\dx*]+)?")


def find_main(tree: Tree) -> str:
    """Return the file that the start command serves in the place of main.py; "main.py" if that is there, or nothing."""
    if MAIN in tree:
        return MAIN
    for name in _served_modules(tree):
        path = name.replace(".", "/")
        for ending in (f"{path}.py", f"{path}/__init__.py"):
            found = [file for file in tree if file == ending or file.endswith(f"/{ending}")]
            if len(found) == 1 or ending in found:
                return ending if ending in found else found[0]
    return MAIN


def _served_modules(tree: Tree) -> Iterator[str]:
    for file, text in tree.items():
        if file in _START_FILES or file.endswith(".sh"):
            yield from (match[1] or match[2] for match in _SERVED.finditer(text))


def find_moved_templates(tree: Tree, known: Set[str]) -> dict[str, str]:
    """Return the templates that the copy has in another folder: the codelab's path of each, and the copy's.

    `known` are all files of the codelab. The folder counts only if Flask finds it, beside a module of the app, or if
    the code names it.
    """
    missing = [path for path in known - set(tree) if path.startswith("templates/")]
    if not missing:
        return {}
    files = python_files(tree)
    named = set(string_constants(files))
    moved = {}
    for path in missing:
        for other in sorted(set(tree) - known):
            folder = PurePosixPath(other).parent
            beside = folder.name == "templates" and any(PurePosixPath(file).parent == folder.parent for file in files)
            is_found = beside or folder.name in named or str(folder) in named
            if PurePosixPath(other).name == PurePosixPath(path).name and is_found:
                moved[path] = other
    return moved


def read_project_python(tree: Tree) -> str | None:
    """Return the version of Python, as "3.14", that project.toml names in the place of .python-version."""
    if PYTHON_VERSION in tree:
        return None
    try:
        build = tomllib.loads(tree.get(PROJECT, "")).get("build")
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    variables = build.get("env") if isinstance(build, dict) else None
    for variable in variables if isinstance(variables, list) else []:
        if isinstance(variable, dict) and variable.get("name") == "GOOGLE_PYTHON_VERSION":
            found = _VERSION.fullmatch(str(variable.get("value")))
            return found[1] if found else None
    return None


def find_included_requirements(tree: Tree) -> Iterator[str]:
    """Yield the files of the copy that its requirements.txt includes by -r, directly or not, each once."""
    seen = {REQUIREMENTS}
    waiting = [REQUIREMENTS]
    while waiting:
        file = waiting.pop()
        for entry in read_requirements(tree.get(file, "")):
            if isinstance(entry, Option) and entry.name == "--requirement":
                parts = PurePosixPath(file).parent / entry.value.removeprefix("./")
                other = str(parts)
                if other in tree and other not in seen:
                    seen.add(other)
                    waiting.append(other)
                    yield other
