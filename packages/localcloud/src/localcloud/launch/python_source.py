"""Read what a module defines, without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from localcloud.files.reading import NotReadError, read_file


@dataclass(frozen=True)
class PythonSource:
    """A module's top-level `names`, and those of them that a functions platform could serve.

    `functions` take a request. `event_functions` take a CloudEvent, or the event and the context of a background
    function of the first generation.
    """

    names: tuple[str, ...]
    functions: tuple[str, ...]
    event_functions: tuple[str, ...]


def read_source(file: Path) -> PythonSource | None:
    """Return what a module defines, or None if only running it can show that.

    This is the case for `from x import *`, for more code than is read here, and for syntax that this Python does not
    know: the app may run on a newer one, and its own traceback says more than an error from here.
    """
    reader = _TopLevel()
    try:
        reader.visit(ast.parse(read_file(file)))
    except (SyntaxError, ValueError, RecursionError, MemoryError, NotReadError):
        return None
    if reader.open_ended:
        return None
    return PythonSource(*(tuple(dict.fromkeys(found)) for found in (reader.names, reader.functions, reader.events)))


class _TopLevel(ast.NodeVisitor):
    """Collects the names that a module binds, also inside `if` and `try`, but not inside functions and classes."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.functions: list[str] = []
        self.events: list[str] = []
        self.open_ended = False

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.names.append(node.name)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.names.append(node.id)

    def visit_Import(self, node: ast.Import) -> None:
        self.names += [alias.asname or alias.name.split(".")[0] for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.open_ended = self.open_ended or any(alias.name == "*" for alias in node.names)
        self.names += [alias.asname or alias.name for alias in node.names]

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.names.append(node.name)
        decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
        arguments = [argument.arg for argument in node.args.posonlyargs + node.args.args]
        one_argument = len(arguments) == 1 and not node.args.kwonlyargs
        if "functions_framework.cloud_event" in decorators or (arguments[1:] == ["context"] and not decorators):
            self.events.append(node.name)
        # A route of some framework takes one argument too, but its decorator gives it away.
        if "functions_framework.http" in decorators or (one_argument and not decorators):
            self.functions.append(node.name)
