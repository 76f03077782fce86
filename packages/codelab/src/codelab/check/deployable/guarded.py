"""Nodes of a module that run under `try`: what is not there may be expected to be absent."""

from __future__ import annotations

import ast


def guarded_nodes(module: ast.Module) -> set[ast.AST]:
    """Return what is in the body or in the handlers of a `try`."""
    return {
        inner
        for node in ast.walk(module)
        if isinstance(node, ast.Try)
        for part in (*node.body, *node.handlers)
        for inner in ast.walk(part)
    }
