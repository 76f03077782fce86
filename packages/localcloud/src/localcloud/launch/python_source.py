"""Read what a module defines, without running it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localcloud.files.reading import NotReadError, read_file

# The decorators by which functions-framework knows a function's signature type.
_MARKS = {
    "functions_framework.http": "http",
    "functions_framework.cloud_event": "cloudevent",
    "functions_framework.typed": "typed",
    "functions_framework.aio.http": "http",
    "functions_framework.aio.cloud_event": "cloudevent",
}
_CONTEXT = ("context", "ctx")


@dataclass(frozen=True)
class Function:
    """A function at a module's top level, as its `def` says.

    `mark` is the signature type that a decorator of functions-framework gives it, "http", "cloudevent" or "typed".
    `decorated` says that there are other decorators, which may change what it takes. It takes `least` to `most`
    positional arguments, None for any number. `takes_context` says that the second is named as the context of a
    background function of the first generation usually is, `takes_cloud_event` that the first is called or annotated as
    a CloudEvent.
    """

    line: int
    mark: str | None
    decorated: bool
    least: int
    most: int | None
    takes_context: bool
    takes_cloud_event: bool

    def accepts(self, count: int) -> bool:
        """Return whether it can be called with so many positional arguments."""
        return self.least <= count and (self.most is None or count <= self.most)

    @property
    def is_offered(self) -> bool:
        """True if it looks like one that a functions platform is to serve."""
        # A route of some framework takes one argument too, but its decorator gives it away.
        one_argument = self.most == 1 and self.accepts(1)
        return bool(self.mark) or (not self.decorated and (one_argument or self.takes_context))


@dataclass(frozen=True)
class PythonSource:
    """A module's top-level `names`, and those of them that are defined as functions there."""

    names: tuple[str, ...]
    defined: Mapping[str, Function]

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that a functions platform could serve: for requests, and for events."""
        return tuple(name for name, function in self.defined.items() if function.is_offered)


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
    return PythonSource(tuple(dict.fromkeys(reader.names)), reader.defined)


class _TopLevel(ast.NodeVisitor):
    """Collects the names that a module binds, also inside `if` and `try`, but not inside functions and classes."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.defined: dict[str, Function] = {}
        self._imported: dict[str, str] = {}
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
        self._imported |= {alias.asname: alias.name for alias in node.names if alias.asname}

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.open_ended = self.open_ended or any(alias.name == "*" for alias in node.names)
        self.names += [alias.asname or alias.name for alias in node.names]
        self._imported |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.names.append(node.name)
        marks = [_MARKS.get(self._full_name(decorator)) for decorator in node.decorator_list]
        given = node.args
        positional = given.posonlyargs + given.args
        arguments = [argument.arg for argument in positional]
        # An argument that can only be given by name is one that the framework gives nobody.
        lost = sum(default is None for default in given.kw_defaults)
        self.defined[node.name] = Function(
            line=node.lineno,
            mark=next((mark for mark in marks if mark), None),
            decorated=None in marks,
            least=len(arguments) - len(given.defaults) + lost,
            most=None if given.vararg and not lost else len(arguments),
            takes_context=len(arguments) == 2 and arguments[1].strip("_").endswith(_CONTEXT),
            takes_cloud_event=any(map(_is_cloud_event, positional[:1])),
        )

    def _full_name(self, decorator: ast.expr) -> str:
        """Return a decorator's name as in "functions_framework.http", whatever name it was imported under."""
        written = ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)
        first, dot, rest = written.partition(".")
        return self._imported.get(first, first) + dot + rest


def _is_cloud_event(argument: ast.arg) -> bool:
    kind = ast.unparse(argument.annotation) if argument.annotation else ""
    return argument.arg.replace("_", "") == "cloudevent" or kind.strip("'").rpartition(".")[2] == "CloudEvent"
