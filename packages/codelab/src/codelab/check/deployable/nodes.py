"""Questions about the nodes of a module that several rules ask."""

from __future__ import annotations

import ast


def guarded_nodes(module: ast.Module) -> set[ast.AST]:
    """Return what is in the body or in the handlers of a `try`: what is not there may be expected to be absent."""
    return {
        inner
        for node in ast.walk(module)
        if isinstance(node, ast.Try)
        for part in (*node.body, *node.handlers)
        for inner in ast.walk(part)
    }


def last_name(node: ast.AST) -> str:
    """Return the last part of a dotted name, as in "Redis" for redis.Redis; "" for any other expression."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
