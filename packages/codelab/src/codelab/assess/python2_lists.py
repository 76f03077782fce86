"""What gave a list in Python 2 and gives none in Python 3: `map`, `range`, `.keys()`."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codelab.assess.imports import Module

_ITERATORS = frozenset({"map", "filter", "zip"})
_VIEWS = frozenset({"keys", "values", "items"})
# Methods of a list that neither an iterator, nor a range, nor a view of a dictionary has.
_METHODS = frozenset({"append", "extend", "insert", "pop", "remove", "reverse", "sort"})
_KIND = "lists that are iterators now"


def find_list_methods(module: Module) -> Iterator[tuple[str, int, str]]:
    """Yield each method of a list that is called on something that is none any more, also through a variable."""
    for scope in module.nodes:
        if isinstance(scope, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from _in_scope(scope, module)


def _in_scope(
    scope: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef, module: Module
) -> Iterator[tuple[str, int, str]]:
    nodes = list(_within(scope))
    lists: dict[str, set[str]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                lists.setdefault(_dotted(target), set()).add(_list_of(node.value, module))
    for node in nodes:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            for side in (node.left, node.right):
                if _is_range(side, module):
                    yield _KIND, node.lineno, "range(...) + ..."
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or node.func.attr not in _METHODS:
            continue
        owner = node.func.value
        # A variable that is also set to something else may be a list by then.
        whats = lists.get(_dotted(owner) or "...", set())
        what = next(iter(whats), "") if len(whats) == 1 else _list_of(owner, module)
        if what:
            yield _KIND, node.lineno, f"{what}.{node.func.attr}()"


def _within(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield what is in a function or a module, without the functions inside."""
    todo = list(ast.iter_child_nodes(scope))
    while todo:
        node = todo.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            todo += ast.iter_child_nodes(node)


def _dotted(node: ast.AST) -> str:
    """Return a variable or an attribute as text, as in "self.keys", "" for any other expression."""
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return node.id if isinstance(node, ast.Name) else ""


def _list_of(node: ast.AST, module: Module) -> str:
    return "range(...)" if _is_range(node, module) else iterator_of(node, module)


def _is_range(node: ast.AST, module: Module) -> bool:
    return isinstance(node, ast.Call) and module.name_of(node.func) == "range" and "range" not in module.own_names


def iterator_of(node: ast.AST, module: Module, *, views: bool = True) -> str:
    """Return what a node is, if it was a list on Python 2 and is none on Python 3: "map(...)", ".keys()"; else ""."""
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    if isinstance(function, ast.Name) and function.id in _ITERATORS and function.id not in module.own_names:
        return f"{function.id}(...)"
    if views and isinstance(function, ast.Attribute) and function.attr in _VIEWS and not node.args:
        return f".{function.attr}()"
    return ""


def find_changes_while_read(node: ast.For) -> Iterator[tuple[str, int, str]]:
    """Yield `for name in cart.keys(): del cart[name]`, which changes the dictionary that it reads."""
    if not isinstance(node.iter, ast.Call) or not isinstance(node.iter.func, ast.Attribute):
        return
    function = node.iter.func
    if function.attr not in _VIEWS:
        return
    owner = ast.dump(function.value)
    for each in (inner for statement in node.body for inner in ast.walk(statement)):
        deleted = isinstance(each, ast.Delete) and any(
            isinstance(target, ast.Subscript) and ast.dump(target.value) == owner for target in each.targets
        )
        popped = (
            isinstance(each, ast.Call)
            and isinstance(each.func, ast.Attribute)
            and each.func.attr in ("pop", "popitem", "clear")
            and ast.dump(each.func.value) == owner
        )
        if deleted or popped:
            yield "methods of dict", node.lineno, f"for ... in .{function.attr}() that deletes"
            return
