"""Calls that work and cost something in production: clients, deadlines, pickles, and options of the server."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Set

from codelab.check.deployable.folder import APP_YAML, Folder
from codelab.check.facts import Kind
from codelab.check.findings import Finding

_CLIENTS = {"ndb.Client", "datastore.Client", "redis.Redis", "redis.StrictRedis", "redis.from_url"}
_DEADLINE = "timeout"
_USER = re.compile(r"^\s*USER\s", re.IGNORECASE | re.MULTILINE)
_EMPTY = {"{}", "[]", "dict()", "list()", "OrderedDict()", "collections.OrderedDict()"}
_FILLS = {"append", "extend", "insert", "setdefault", "update"}
_MEMCACHE = "google.appengine.api.memcache"


def find_costly_habits(folder: Folder, expected: Folder) -> Iterator[Finding]:
    """Yield the remarks. `expected` is the codelab's folder: only what its step teaches is worth one."""
    own = {
        node.name for module in folder.syntax.values() for node in ast.walk(module) if isinstance(node, ast.FunctionDef)
    }
    wanted = _calls_with_deadline(expected) - own
    fetches = [node for module in expected.syntax.values() for node in ast.walk(module) if _method(node) == "fetch"]
    wanted_limit = bool(fetches) and all(_has_limit(node) for node in fetches)
    once = {name for module in folder.syntax.values() for name in _called_at_import(module)}
    for file, module in folder.syntax.items():
        yield from _clients_for_each_request(file, module, once)
        for node in ast.walk(module):
            if _method(node) in wanted and isinstance(node, ast.Call) and not _has_deadline(node):
                message = f"a Datastore that does not answer holds the page: pass {_DEADLINE}=10 to {_method(node)}()"
                yield Finding(file, node.lineno, message, firm=False)
        if wanted_limit and "fetch" not in own:
            yield from _reads_all(file, module)
    yield from _pickles(folder, expected)
    yield from _caches_of_one_process(folder, expected)
    yield from _server_options(folder, expected)
    yield from _root(folder, expected)
    yield from _unneeded_services(folder)


def _called_at_import(module: ast.Module) -> Iterator[str]:
    """Yield the names of the functions that run once, when the module is imported."""
    for statement in module.body:
        for node in _outside_functions(statement):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func).rpartition(".")[2]


def _clients_for_each_request(file: str, module: ast.Module, once: Set[str]) -> Iterator[Finding]:
    """Yield the clients that a function makes, if it runs more than once and nothing keeps what it returns."""
    for function in ast.walk(module):
        if not isinstance(function, ast.FunctionDef) or function.name in once or function.name == "__init__":
            continue
        kept = any("cache" in ast.unparse(decorator) for decorator in function.decorator_list)
        kept = kept or any(
            isinstance(node, ast.Global)
            or (isinstance(node, ast.Assign) and any(not isinstance(target, ast.Name) for target in node.targets))
            for node in ast.walk(function)
        )
        for node in ast.walk(function):
            if not kept and isinstance(node, ast.Call) and ast.unparse(node.func) in _CLIENTS:
                message = f"{function.name}() makes a client at each call; make one for the app, which all requests use"
                yield Finding(file, node.lineno, message, firm=False)


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _outside_functions(child)


def _calls_with_deadline(expected: Folder) -> set[str]:
    """Return the methods to which the codelab always passes a time-out."""
    calls = [node for module in expected.syntax.values() for node in ast.walk(module) if isinstance(node, ast.Call)]
    with_it = {_method(node) for node in calls if _has_deadline(node)}
    return with_it - {_method(node) for node in calls if not _has_deadline(node)} - {""}


def _has_deadline(node: ast.Call) -> bool:
    return any(keyword.arg in (_DEADLINE, None, "options") for keyword in node.keywords)


def _method(node: ast.AST) -> str:
    return node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""


def _reads_all(file: str, module: ast.Module) -> Iterator[Finding]:
    """Yield a remark for each query without a limit whose answer the module cuts, or turns into a list."""
    for node in ast.walk(module):
        called = node.args[0] if isinstance(node, ast.Call) and node.args else None
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
            called = node.value
        if isinstance(called, ast.Call) and ast.unparse(called.func) == "list" and called.args:
            called = called.args[0]
        if called is None or _method(called) != "fetch" or _has_limit(called):
            continue
        if not isinstance(node, ast.Call) or ast.unparse(node.func) in ("list", "sorted"):
            message = "this reads every entity, and you pay for each; pass the limit to fetch()"
            yield Finding(file, called.lineno, message, firm=False)
            return


def _has_limit(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and (bool(node.args) or any(k.arg in ("limit", None) for k in node.keywords))


def _pickles(folder: Folder, expected: Folder) -> Iterator[Finding]:
    """Yield a remark if the codelab caches JSON and the copy gives Memcache its objects, which it pickles."""
    calls = {fact.name for fact in expected.facts if fact.kind is Kind.CALL}
    own = {fact.name for fact in folder.facts if fact.kind is Kind.CALL}
    if "json.dumps" not in calls or "json.dumps" in own or f"{_MEMCACHE}.set" not in calls:
        return
    for fact in sorted(folder.facts, key=lambda fact: (fact.where, fact.line)):
        if fact.kind is Kind.CALL and fact.name.startswith(_MEMCACHE) and fact.name.endswith((".set", ".add")):
            message = (
                "Memcache pickles what is no string, so another version of the app may fail to read it; store JSON"
            )
            yield Finding(fact.where, fact.line, message, firm=False)
            return


def _caches_of_one_process(folder: Folder, expected: Folder) -> Iterator[Finding]:
    """Yield a remark for each collection of a module that its functions fill, where the codelab has a cache."""
    if not any(fact.kind is Kind.CALL and fact.name.startswith((_MEMCACHE, "redis.")) for fact in expected.facts):
        return
    for file, module in folder.syntax.items():
        made = {
            target.id: node.lineno
            for node in module.body
            if isinstance(node, ast.Assign) and ast.unparse(node.value) in _EMPTY
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
        filled = {ast.unparse(owner) for function in functions for owner in _filled(function)}
        for name in made.keys() & filled:
            message = f"{name} is a cache of one process: the other instances of the app do not share it"
            yield Finding(file, made[name], message, firm=False)


def _filled(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """Yield what a function puts an item into, or changes by a method."""
    for node in ast.walk(function):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            yield node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FILLS:
            yield node.func.value


def _server_options(folder: Folder, expected: Folder) -> Iterator[Finding]:
    """Yield a remark if gunicorn ends workers that are slow, which Cloud Run does by itself."""
    for file in ("Dockerfile", "Procfile"):
        wanted = any(f.kind is Kind.OPTION and f.file == file and f.name == "--timeout" for f in expected.facts)
        here = [fact for fact in folder.facts if fact.file == file]
        program = next((fact for fact in here if fact.kind is Kind.PROGRAM and fact.name == "gunicorn"), None)
        given = any("--timeout" in fact.words or " -t " in fact.words for fact in here)
        if wanted and program and not given and "gunicorn.conf.py" not in folder.tree:
            message = (
                "gunicorn ends a worker after 30 seconds without an answer; Cloud Run has its own limit: --timeout 0"
            )
            yield Finding(file, program.line, message, firm=False)


def _root(folder: Folder, expected: Folder) -> Iterator[Finding]:
    """Yield a remark if the image's program runs as root, and the codelab's does not."""
    text, wanted = folder.tree.get("Dockerfile", ""), expected.tree.get("Dockerfile", "")
    if text and _USER.search(wanted) and not _USER.search(text):
        message = "the app runs as root in its container; USER 65534 takes away what it does not need"
        yield Finding("Dockerfile", 0, message, firm=False)


def _unneeded_services(folder: Folder) -> Iterator[Finding]:
    """Yield a remark if app.yaml asks for the bundled services and no file says their name."""
    if any("google.appengine" in folder.tree[file] for file in folder.modules):
        return
    for fact in folder.facts:
        if fact.kind is Kind.VALUE and fact.file == APP_YAML and fact.name.lower() == "app_engine_apis true":
            yield Finding(APP_YAML, fact.line, "the code uses no bundled service; delete app_engine_apis", firm=False)
