"""Finds source that Python 3 cannot read, before an app is started on it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from datastore_emulator.errors import UserError
from localcloud.files.reading import NotReadError, read_file
from localcloud.launch.plan import LaunchPlan
from localcloud.launch.python2_grammar import is_python2


def check_source(plan: LaunchPlan) -> None:
    """Raise UserError for the first line that Python 3 cannot read, in any module the handlers import."""
    names = ["appengine_config", *(handler.script.rpartition(".")[0] for handler in plan.handlers if handler.script)]
    waiting = [file for name in names for file in _files(plan.directory, name)]
    seen: set[Path] = set()
    while waiting:
        file = waiting.pop()
        if file not in seen:
            seen.add(file)
            waiting += [found for name in _imports(file, plan.directory) for found in _files(plan.directory, name)]


def _files(directory: Path, module: str) -> Iterator[Path]:
    """Yield the app's own files that importing the module reads."""
    path = directory.joinpath(*module.split("."))
    yield from (file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file())


def _imports(file: Path, directory: Path) -> Iterator[str]:
    try:
        tree = ast.parse(read_file(file), str(file))
    except (NotReadError, RecursionError, MemoryError):
        return  # too much to read here; Python itself will report what is wrong
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        if not is_python2(read_file(file).decode(errors="replace")):
            raise UserError(
                f"{file.relative_to(directory)}:{line}: no Python can read this line ({getattr(error, 'msg', error)}); "
                "correct it"
            ) from error
        raise UserError(
            f"{file.relative_to(directory)}:{line}: only Python 2 can read this line ({getattr(error, 'msg', error)}); "
            "run it on a real Python 2.7 (--python27), or rewrite it for both, as `modernize` (PyPI) does"
        ) from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
