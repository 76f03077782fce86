"""A reviewer's remarks about choices that are the learner's own: the app is right, and something is worth a thought."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement

from codelab.check.deployable.folder import REQUIREMENTS, Folder
from codelab.check.deployable.nodes import last_name
from codelab.check.deployable.placeholders import find_placeholders
from codelab.check.deployable.variables import find_unread_variables
from codelab.check.facts import Kind
from codelab.check.findings import Finding

_PICKLES = {"pickle", "cPickle", "cloudpickle", "dill", "marshal", "shelve"}
_RELEASE = re.compile(r"(3\.\d+)\.\d+")
_LONG_SECONDS = 5
_MANY_RETRIES = 3
_TIME_OUTS = ("socket_timeout", "socket_connect_timeout")
_CLIENTS = {"Redis", "StrictRedis", "from_url", "ConnectionPool", "BlockingConnectionPool"}
_KEYED = {"get", "set", "setex", "psetex", "getex", "delete", "exists", "mget"}
_WITH_PREFIX = re.compile(r"[\w%{}-]+[:/.|].*")


def find_choices(folder: Folder, expected: Folder) -> Iterator[Finding]:
    """Yield the remarks. `expected` is the codelab's folder: only what its step teaches is worth one."""
    uses_redis = any(fact.kind is Kind.CALL and fact.name.startswith("redis.") for fact in expected.facts)
    for file, module in folder.syntax.items():
        if uses_redis:
            yield from _time_outs(file, module)
            yield from _retries(file, module)
            yield from _keys(file, module)
            yield from _host_names(file, module)
        if uses_redis or any("memcache" in fact.name for fact in expected.facts):
            yield from _pickles(file, module)
    yield from _pins(folder)
    yield from _release(folder)
    yield from find_unread_variables(folder, expected)
    yield from find_placeholders(folder, expected)


def has_long_time_outs(folder: Folder) -> bool:
    """Return whether a client of Redis has no time-outs, or long ones."""
    return any(True for file, module in folder.syntax.items() for _ in _time_outs(file, module))


def _remark(file: str, line: int, message: str) -> Finding:
    return Finding(file, line, message, firm=False)


def _time_outs(file: str, module: ast.Module) -> Iterator[Finding]:
    text = ast.unparse(module)
    for node in ast.walk(module):
        if not (isinstance(node, ast.Call) and last_name(node.func) in _CLIENTS):
            continue
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if None in given or "connection_pool" in given:
            given |= {name: ast.Constant(1) for name in _TIME_OUTS if name in text}
        missing = [name for name in _TIME_OUTS if name not in given and f"{name}=" not in text]
        if missing and "connection_pool" not in given:
            names = " and ".join(missing)
            yield _remark(file, node.lineno, f"a Redis that does not answer holds every page: set {names}, to 1 or so")
        for name in _TIME_OUTS:
            value = given.get(name)
            if isinstance(value, ast.Constant) and (value.value is None or _number(value.value) > _LONG_SECONDS):
                message = f"{name}={value.value!r} holds a page as long while Redis does not answer; 1 second is enough"
                yield _remark(file, value.lineno, message)


def _retries(file: str, module: ast.Module) -> Iterator[Finding]:
    """Yield a remark for each retry policy of redis that goes on for long."""
    for node in ast.walk(module):
        if not (isinstance(node, ast.Call) and last_name(node.func) == "Retry"):
            continue
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        number = node.args[1] if len(node.args) > 1 else given.get("retries")
        if isinstance(number, ast.Constant) and _number(number.value) > _MANY_RETRIES:
            message = (
                f"{number.value!r} retries hold a page while Redis is away; one is enough, for a connection that ended"
            )
            yield _remark(file, node.lineno, message)


def _host_names(file: str, module: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(module):
        if not (isinstance(node, ast.keyword) and node.arg == "ssl_check_hostname"):
            continue
        if isinstance(node.value, ast.Constant) and node.value.value is False:
            message = "with ssl_check_hostname=False any certificate of the same authority is as good as the server's"
            yield _remark(file, node.value.lineno, message)


def _pickles(file: str, module: ast.Module) -> Iterator[Finding]:
    for node in ast.walk(module):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            if name in _PICKLES:
                message = f"{name} runs code from the cache, which others may write; JSON holds the same list"
                yield _remark(file, getattr(node, "lineno", 0), message)


def _keys(file: str, module: ast.Module) -> Iterator[Finding]:
    """Yield a remark for each key in Redis without a prefix, through the module's own functions too."""
    constants = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    wrappers = _wrappers(module)
    for node in ast.walk(module):
        if not isinstance(node, ast.Call):
            continue
        position = 0 if _is_redis_call(node) else wrappers.get(last_name(node.func))
        if position is None or position >= len(node.args):
            continue
        key = node.args[position]
        if isinstance(key, ast.Name):
            key = constants.get(key.id, key)
        if isinstance(key, ast.Constant) and isinstance(key.value, str) and not _WITH_PREFIX.fullmatch(key.value):
            message = f'the key "{key.value}" has no prefix: other apps that share this Redis may use it too'
            yield _remark(file, node.lineno, message)
            return


def _is_redis_call(node: ast.Call) -> bool:
    function = node.func
    return (
        isinstance(function, ast.Attribute)
        and function.attr in _KEYED
        and isinstance(function.value, ast.Name)
        and (
            function.value.id == "r"
            or any(word in function.value.id.lower() for word in ("redis", "cache", "client", "store", "kv"))
        )
        and function.value.id not in ("memcache", "request", "environ", "headers")
    )


def _wrappers(module: ast.Module) -> dict[str, int]:
    """Return the functions that pass a parameter on as a key of Redis, with the parameter's position."""
    found = {}
    for function in ast.walk(module):
        if isinstance(function, ast.FunctionDef):
            parameters = [argument.arg for argument in function.args.args]
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and _is_redis_call(node) and node.args:
                    key = node.args[0]
                    if isinstance(key, ast.Name) and key.id in parameters:
                        found[function.name] = parameters.index(key.id)
    return found


def _pins(folder: Folder) -> Iterator[Finding]:
    for entry in folder.requirements:
        try:
            pinned = entry.versions or Requirement(entry.text).specifier or entry.location
        except InvalidRequirement:
            continue
        if not pinned:
            message = f'"{entry.text}" has no version: a new one may change your app on the day you deploy'
            yield _remark(REQUIREMENTS, entry.line, message)


def _release(folder: Folder) -> Iterator[Finding]:
    """Yield a remark if the folder names one release of Python."""
    for fact in folder.facts:
        if fact.kind is Kind.LINE and fact.file == ".python-version" and (found := _RELEASE.fullmatch(fact.name)):
            message = f"this names one release, which gets no security fixes; {found[1]} takes the newest"
            yield _remark(fact.where, fact.line, message)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0
