"""Lines that Python 3 reads and Python 2.7 does not: the syntax, and the modules and names of the standard library."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TypeGuard

from codelab.check.deployable.fault import Fault, fault
from codelab.check.deployable.folder import Folder
from codelab.check.deployable.nodes import guarded_nodes
from codelab.check.deployable.pins import Python27Record, read_record
from codelab.check.deployable.python27_real import find_unreadable_line

_ENCODING = re.compile(r"^[ \t\f]*#.*?coding[:=][ \t]*[-\w.]+")  # https://peps.python.org/pep-0263/
_NODES: dict[type[ast.AST], str] = {
    ast.JoinedStr: "an f-string",
    ast.AnnAssign: "an annotation",
    ast.AsyncFunctionDef: "an async function",
    ast.Await: "await",
    ast.AsyncFor: "async for",
    ast.AsyncWith: "async with",
    ast.Nonlocal: "nonlocal",
    ast.YieldFrom: "yield from",
    ast.NamedExpr: 'an assignment by ":="',
    ast.MatMult: 'the operator "@"',
    ast.Match: "match",
}


def find_python3_syntax(folder: Folder) -> Iterator[Fault]:
    """Yield the first line of each module that Python 2.7 cannot read, if the folder is for Python 2.7."""
    if not folder.is_python27:
        return
    for file, module in folder.syntax.items():
        found = [*_nodes(module), *_encoding(folder.tree[file])]
        if found:
            line, what = min(found)
            yield fault("syntax", file, line, f"Python 2.7 cannot read this line: {what} is of Python 3")
        elif unreadable := find_unreadable_line(folder.tree[file].removeprefix("\ufeff")):
            line, reason = unreadable
            yield fault("syntax", file, line, f"Python 2.7 cannot read this line: {reason}")
        for line, name in sorted(set(_absent(module))):
            yield fault("library", file, line, f"Python 2.7 has no {name}; this folder's app.yaml asks for python27")


def _nodes(module: ast.Module) -> Iterator[tuple[int, str]]:
    prints = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "print_function" for alias in node.names)
        for node in module.body
    )
    for node in ast.walk(module):
        line: int = getattr(node, "lineno", 1)
        if what := _NODES.get(type(node)):
            yield line, what
        elif isinstance(node, ast.FunctionDef):
            yield from _function(node)
        elif isinstance(node, ast.Call):
            yield from _call(node, prints=prints)
        elif isinstance(node, ast.Raise) and node.cause:
            yield line, "raise ... from"
        elif isinstance(node, ast.ClassDef) and node.keywords:
            yield line, "a keyword in the bases of a class, such as metaclass="
        elif isinstance(node, ast.Dict) and None in node.keys:
            yield line, '"**" in a dictionary'
        elif isinstance(node, (ast.List, ast.Tuple, ast.Set)) and any(isinstance(e, ast.Starred) for e in node.elts):
            yield line, '"*" in a list or an assignment'
        elif type(node).__name__ == "TryStar":
            yield line, "except*"
        elif isinstance(node, ast.Name) and not node.id.isascii():
            yield line, "a name with letters beyond ASCII"


def _function(node: ast.FunctionDef) -> Iterator[tuple[int, str]]:
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
    if node.returns or any(argument and argument.annotation for argument in every):
        yield node.lineno, "an annotation"
    if arguments.kwonlyargs or arguments.posonlyargs:
        yield node.lineno, 'a parameter list with "*" or "/" alone'


def _call(node: ast.Call, *, prints: bool) -> Iterator[tuple[int, str]]:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    starred = [isinstance(argument, ast.Starred) for argument in node.args]
    if name == "print" and not prints and (node.keywords or any(starred)):
        yield node.lineno, "print() with file=, end= or sep="
    elif name == "super" and not node.args:
        yield node.lineno, "super() without arguments"
    elif any(starred[:-1]) or [keyword.arg for keyword in node.keywords].count(None) > 1:
        yield node.lineno, 'more than one "*" in a call'


def _encoding(text: str) -> Iterator[tuple[int, str]]:
    lines = text.splitlines()
    if text.startswith("\ufeff") or any(_ENCODING.match(line) for line in lines[:2]):
        return
    for number, line in enumerate(lines, 1):
        if not line.isascii():
            yield number, "text beyond ASCII without a coding comment"
            return


def _absent(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield the imports that Python 2.7 does not have, apart from those that the module tries."""
    record = read_record()
    tried = guarded_nodes(module)
    aliases = {
        alias.asname or alias.name: alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    asked = {ast.unparse(node.args[1]).strip("'") for node in ast.walk(module) if _asks_for_attribute(node)}
    for node in ast.walk(module):
        if node in tried:
            continue
        if isinstance(node, ast.Attribute):
            name = f"{aliases.get(ast.unparse(node.value))}.{node.attr}"
            if name in record.absent_names and node.attr not in asked:
                yield node.lineno, name
        elif isinstance(node, ast.Call):
            yield from _absent_of_call(node, module, aliases, record)
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            parts = name.split(".")
            modules = {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
            if modules & record.absent_modules or name in record.absent_names:
                yield node.lineno, name
                break


def _asks_for_attribute(node: ast.AST) -> TypeGuard[ast.Call]:
    """Return whether this is hasattr(time, 'monotonic') or getattr(...)."""
    return isinstance(node, ast.Call) and ast.unparse(node.func) in ("hasattr", "getattr") and len(node.args) > 1


def _absent_of_call(
    node: ast.Call, module: ast.Module, aliases: dict[str, str], record: Python27Record
) -> Iterator[tuple[int, str]]:
    """Yield the arguments that a function of Python 2.7 does not take, and the methods that none of its classes has."""
    function = node.func
    if isinstance(function, ast.Attribute):
        name = f"{aliases.get(ast.unparse(function.value))}.{function.attr}"
        if function.attr in record.absent_methods:
            yield node.lineno, f"method {function.attr}()"
    elif isinstance(function, ast.Name) and function.id not in _own_names(module):
        name = function.id
    else:
        return
    for keyword in node.keywords:
        if keyword.arg in record.absent_arguments.get(name, ()):
            yield node.lineno, f'argument "{keyword.arg}" of {name}()'


def _own_names(module: ast.Module) -> set[str]:
    """Return the names that the module defines or imports, as `from io import open` does."""
    found = set()
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return found
