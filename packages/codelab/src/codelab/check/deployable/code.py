"""Lines of code that harm a deployed app, and that no scenario on one machine can show."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from codelab.check.deployable.fault import Fault, fault
from codelab.check.deployable.folder import CONFIG, REQUIREMENTS, Folder
from codelab.check.deployable.nodes import last_name
from codelab.check.facts import Kind
from codelab.check.services import is_counted

_SERVERS = {"run", "run_forever", "serve_forever"}
_MEMCACHE = "google.appengine.api.memcache"
_OVERWRITES = {
    "set",
    "set_multi",
    "replace",
    "replace_multi",
    "cas",
    "cas_multi",
    "delete",
    "delete_multi",
    "flush_all",
}
_USER_IP = "x-appengine-user-ip"
_FINDS_LIB = {"google.appengine.ext.vendor.add", "site.addsitedir", "sys.path.insert", "sys.path.append"}


def find_harmful_code(folder: Folder, expected: Folder, *, goes_to_container: bool) -> Iterator[Fault]:
    """Yield the lines that harm a deployed app. `goes_to_container`: the codelab ends on Cloud Run or functions."""
    for file, module in folder.syntax.items():
        yield from _unchecked_certificates(file, module)
        yield from _imports_by_string(file, module, expected)
        yield from _servers_at_import(file, module)
        if goes_to_container or folder.is_container:
            yield from _user_ip(file, module)
    yield from _lost_lib(folder, expected)
    yield from _never_overwritten(folder, expected)


def _never_overwritten(folder: Folder, expected: Folder) -> Iterator[Fault]:
    """Yield a fault if the app only ever adds to Memcache, where the codelab replaces what is there."""
    if not any(fact.kind is Kind.CALL and fact.name == f"{_MEMCACHE}.set" for fact in expected.facts):
        return
    # By the methods alone: a client may be kept in an attribute, whose class no fact knows.
    methods = {
        node.func.attr
        for module in folder.syntax.values()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    calls = {f.name.rpartition(".")[2]: f for f in folder.facts if f.kind is Kind.CALL and f.name.startswith(_MEMCACHE)}
    for name in ("add", "add_multi"):
        if name in calls and not methods & _OVERWRITES:
            message = f"{name}() keeps what is cached already, so the list there stays old; use set()"
            yield fault("add", calls[name].where, calls[name].line, message)


def _unchecked_certificates(file: str, module: ast.Module) -> Iterator[Fault]:
    constants = {
        target.id: node.value
        for node in ast.walk(module)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(module):
        value: ast.expr | None = None
        if isinstance(node, ast.keyword) and node.arg == "ssl_cert_reqs":
            value = node.value
        elif isinstance(node, ast.Dict):
            keys = zip(node.keys, node.values, strict=True)
            value = next((v for k, v in keys if isinstance(k, ast.Constant) and k.value == "ssl_cert_reqs"), None)
        elif isinstance(node, ast.Assign) and any(last_name(target) == "verify_mode" for target in node.targets):
            value = node.value
        if isinstance(value, ast.Name):
            value = constants.get(value.id, value)
        if value is not None and _checks_nothing(value):
            yield _unchecked(file, value.lineno)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if "ssl_cert_reqs=none" in node.value.lower().replace("cert_none", "none"):
                yield _unchecked(file, node.lineno)
        elif isinstance(node, ast.Call) and last_name(node.func) == "_create_unverified_context":
            yield _unchecked(file, node.lineno)


def _imports_by_string(file: str, module: ast.Module, expected: Folder) -> Iterator[Fault]:
    """Yield the bundled services that are imported by a string, that the codelab has left and that no call shows."""
    for node in ast.walk(module):
        if not (isinstance(node, ast.Call) and last_name(node.func) in ("import_module", "__import__") and node.args):
            continue
        name = _joined(node.args[0])
        kept = any(f"{fact.name}.".startswith(f"{name}.") for fact in expected.facts)
        if name.startswith("google.appengine.") and not kept and not is_counted(name):
            message = f"this imports {name}, a bundled service that the codelab has left"
            yield fault("import", file, node.lineno, message)


def _joined(node: ast.expr) -> str:
    """Return the string that constants make together, as in 'a' + '.b' or '.'.join(['a', 'b']); "" if others do."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined(node.left) + _joined(node.right)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_joined, node.values))
    if isinstance(node, ast.Call) and last_name(node.func) == "join" and isinstance(node.func, ast.Attribute):
        parts = node.args[0] if node.args else None
        if isinstance(parts, (ast.List, ast.Tuple)):
            return _joined(node.func.value).join(map(_joined, parts.elts))
    return ""


def _unchecked(file: str, line: int) -> Fault:
    message = "this client checks no certificate, so anybody between it and the server can read along; require one"
    return fault("certificate", file, line, message)


def _checks_nothing(value: ast.expr) -> bool:
    if isinstance(value, ast.Constant):
        return value.value is None or str(value.value).lower() in ("none", "cert_none", "0")
    return last_name(value) == "CERT_NONE"


def _servers_at_import(file: str, module: ast.Module) -> Iterator[Fault]:
    made = {
        target.id
        for node in ast.walk(module)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    functions = {node.name: node for node in module.body if isinstance(node, ast.FunctionDef)}
    for node in _run_at_import(module, functions):
        if not isinstance(node, ast.Call):
            continue
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if last_name(node.func) in _SERVERS and isinstance(owner, ast.Name) and owner.id in made:
            message = (
                f'"{ast.unparse(node)}" starts a server when the platform imports this file, and never returns; put it '
                'below if __name__ == "__main__", or delete it'
            )
            yield fault("server", file, node.lineno, message)


def _run_at_import(module: ast.Module, functions: Mapping[str, ast.FunctionDef]) -> Iterator[ast.AST]:
    """Yield what runs when the module is imported, also in the functions of the module that are called then."""
    waiting = list(_at_import(module.body))
    entered = set()
    while waiting:
        node = waiting.pop()
        yield node
        name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        if name in functions and name not in entered:
            entered.add(name)
            waiting += _at_import(functions[name].body)


def _at_import(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes that run when the module is imported, without functions and what is for `python main.py`."""
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        if isinstance(node, ast.If) and "__name__" in ast.unparse(node.test):
            continue
        if isinstance(node, (ast.If, ast.Try, ast.With)):
            if isinstance(node, ast.If):
                yield from ast.walk(node.test)
            yield from _at_import(node.body)
        else:
            yield from ast.walk(node)


def _user_ip(file: str, module: ast.Module) -> Iterator[Fault]:
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            name = node.value.casefold().removeprefix("http_").replace("_", "-")
            if name == _USER_IP:
                message = (
                    f'only App Engine sends "{node.value}"; on Cloud Run every client can, and choose its own address'
                )
                yield fault("address", file, node.lineno, message)


def _lost_lib(folder: Folder, expected: Folder) -> Iterator[Fault]:
    """Yield a fault if python27 would not find the packages in lib."""
    if not (folder.is_python27 and folder.is_app_engine and folder.requirements):
        return
    if CONFIG in folder.tree and CONFIG not in folder.syntax:
        return  # it cannot be read, which is reported elsewhere
    called = {fact.name for fact in folder.facts if fact.kind is Kind.CALL and fact.file == CONFIG}
    if not called & _FINDS_LIB:
        message = f"python27 does not find the packages of {REQUIREMENTS} without vendor.add('lib') here"
        yield fault("lib", CONFIG, 0, message)
        return
    wanted = any(
        fact.kind is Kind.NAME and fact.file == CONFIG and fact.name == "pkg_resources" for fact in expected.facts
    )
    if wanted and "pkg_resources" not in folder.tree.get(CONFIG, ""):
        message = "Google's client libraries look up their versions in pkg_resources, which does not know lib here"
        yield fault("lib", CONFIG, 0, message)
