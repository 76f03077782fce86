"""The dotted names that a module's names stand for: aliases, imports inside functions, and imports by a string.

`from google.appengine.api import memcache as m` makes `m.get` a use of `google.appengine.api.memcache.get`, and so does
`m = importlib.import_module("google.appengine.api.memcache")`. A parameter or a variable of the same name hides it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from codelab.check.deployable.nodes import guarded_nodes

# Functions that take the name of a module, or of something in one, as their first argument.
_BY_STRING = frozenset(
    {
        "__import__",
        "importlib.import_module",
        "webapp2.import_string",
        "webapp2_extras.import_string",
        "google.appengine.ext.webapp.import_string",
        "werkzeug.import_string",
        "werkzeug.utils.import_string",
        "django.utils.importlib.import_module",
        "django.utils.module_loading.import_string",
    }
)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)

# Behind a name: what a call of it returns, as in memcache.Client().get
_RESULT = "()"


@dataclass(frozen=True)
class Use:
    """A dotted name where it is imported (`is_import`) or used, with the node that it is."""

    name: str
    line: int
    is_import: bool
    node: ast.AST = field(compare=False, repr=False)


@dataclass(frozen=True)
class Module:
    """A module's tree, and what its names stand for."""

    tree: ast.Module
    uses: tuple[Use, ...]
    names: dict[int, str]
    """The dotted name of a node, by its id."""
    own_names: frozenset[str]
    """What the module itself binds, anywhere."""
    dynamic: tuple[int, ...]
    """The lines of imports by a string that only running can show."""

    @cached_property
    def imported(self) -> frozenset[str]:
        """The dotted names that are imported anywhere."""
        return frozenset(use.name for use in self.uses if use.is_import)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Every node of the tree."""
        return tuple(ast.walk(self.tree))

    @cached_property
    def tried(self) -> set[ast.AST]:
        """The nodes inside of a `try`, whose imports may be expected to fail."""
        return guarded_nodes(self.tree)

    def name_of(self, node: ast.AST) -> str:
        """Return the dotted name that a node stands for, "" if it is nothing imported.

        A name that nothing in the module binds, such as `open`, stands for itself.
        """
        return self.names.get(id(node), "")


def read_module(tree: ast.Module) -> Module:
    """Return the uses of imported names, in the order of the text."""
    reader = _Reader()
    reader.read_scope(tree, tree.body, [])
    uses = sorted(reader.uses, key=lambda use: (use.line, use.name))
    own = frozenset(name for scope in reader.scopes for name in scope)
    return Module(tree, tuple(uses), reader.names, own, tuple(sorted(reader.dynamic)))


_Scope = dict[str, str | None]


class _Reader:
    def __init__(self) -> None:
        self.uses: list[Use] = []
        self.names: dict[int, str] = {}
        self.scopes: list[_Scope] = []
        self.dynamic: set[int] = set()
        self._of_classes: set[int] = set()

    def read_scope(self, owner: ast.AST, body: Iterable[ast.AST], outer: list[_Scope]) -> None:
        body = list(body)
        scope: _Scope = {}
        self.scopes.append(scope)
        if isinstance(owner, ast.ClassDef):
            self._of_classes.add(id(scope))
        nodes = list(_within(body))
        for argument in _arguments(owner):
            scope[argument] = None
        for node in nodes:
            if isinstance(node, ast.Import):
                self._import_modules(node, scope)
            elif isinstance(node, ast.ImportFrom):
                self._import_from(node, scope)
        # What the scope binds itself is not what a scope around it imports, but an import here counts.
        outside = {name for node in nodes if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}
        for name in {name for node in nodes if (name := _bound(node))} - set(scope) - outside:
            scope[name] = None
        scopes = [*outer, scope]
        # Twice, since an alias may stand for an alias.
        for assignment in [node for node in nodes if isinstance(node, ast.Assign)] * 2:
            self._alias(assignment, scopes)
        for statement in body:
            self._read(statement, scopes)

    def _import(self, name: str, node: ast.stmt) -> None:
        self.uses.append(Use(name, node.lineno, True, node))

    def _import_modules(self, node: ast.Import, scope: _Scope) -> None:
        for alias in node.names:
            top = alias.name.partition(".")[0]
            scope[alias.asname or top] = alias.name if alias.asname else top
            self._import(alias.name, node)

    def _import_from(self, node: ast.ImportFrom, scope: _Scope) -> None:
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            name = f"{module}.{alias.name}" if module.strip(".") else f"{module}{alias.name}"
            self._import(name, node)
            if alias.name != "*":
                scope[alias.asname or alias.name] = name

    def _alias(self, node: ast.Assign, scopes: list[_Scope]) -> None:
        """Let a variable stand for the imported name, or the call of one, that it is set to."""
        value = node.value
        name = self._resolve(value, scopes)
        if isinstance(value, ast.Call):
            called = self._resolve(value.func, scopes)
            name = _string_of(value) if called in _BY_STRING else f"{called}{_RESULT}" if called else None
        for target in node.targets:
            if isinstance(target, ast.Name) and name and "." in name and scopes[-1].get(target.id) is None:
                scopes[-1][target.id] = name

    def _read(self, node: ast.AST, scopes: list[_Scope]) -> None:
        if isinstance(node, _SCOPES):
            self._read_inner(node, scopes)
            return
        if isinstance(node, (ast.Name, ast.Attribute)) and (name := self._resolve(node, scopes)):
            self.names[id(node)] = name
            # A variable with a result is a use where something of it is asked for.
            is_result = isinstance(node, ast.Name) and _RESULT in name
            if isinstance(node.ctx, ast.Load) and not is_result:
                self.uses.append(Use(name, node.lineno, False, node))
            while isinstance(node, ast.Attribute):
                node = node.value
            if isinstance(node, ast.Name):
                return
        if isinstance(node, ast.Call) and self._resolve(node.func, scopes) in _BY_STRING:
            if string := _string_of(node):
                self.uses.append(Use(string, node.lineno, True, node))
            else:
                self.dynamic.add(node.lineno)
        for child in ast.iter_child_nodes(node):
            self._read(child, scopes)

    def _read_inner(self, node: ast.AST, scopes: list[_Scope]) -> None:
        # What stands outside of the body belongs to the scope around it: decorators, bases, defaults.
        body: list[ast.AST] = list(node.body) if isinstance(node.body, list) else [node.body]  # type: ignore[attr-defined]
        inside = {id(each) for each in body}
        for child in ast.iter_child_nodes(node):
            if id(child) not in inside:
                self._read(child, scopes)
        # The names of a class's body are not seen by its methods.
        self.read_scope(node, body, [scope for scope in scopes if id(scope) not in self._of_classes])

    def _resolve(self, node: ast.AST, scopes: list[_Scope]) -> str | None:
        """Return the dotted name of a name or an attribute, None if it is the module's own."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            if isinstance(node, ast.Call) and parts:
                inner = self._resolve(node.func, scopes)
                if inner and "." in inner and inner not in _BY_STRING:
                    return ".".join([f"{inner}{_RESULT}", *reversed(parts)])
            return None
        found = next((scope[node.id] for scope in reversed(scopes) if node.id in scope), node.id)
        return ".".join([found, *reversed(parts)]) if found else None


def _within(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield the nodes of a scope, with the definitions in it and without what is inside those."""
    todo = list(body)
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, _SCOPES):
            continue
        todo += ast.iter_child_nodes(node)


def _bound(node: ast.AST) -> str | None:
    """Return the name that a node binds, other than by an import."""
    if isinstance(node, ast.Name):
        return node.id if isinstance(node.ctx, (ast.Store, ast.Del)) else None
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)):
        return node.name
    return None


def _arguments(owner: ast.AST) -> Iterator[str]:
    if isinstance(owner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        given = owner.args
        for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg):
            if argument:
                yield argument.arg


def _string_of(call: ast.Call) -> str:
    """Return the first argument, if it is a string that stands there."""
    first = call.args[0] if call.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else ""
