"""Secrets in the source and in deployment files, and switches that only developers need: a reviewer's remarks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codelab.check.deployable.folder import APP_YAML, Folder
from codelab.check.deployable.nodes import last_name
from codelab.check.facts import Kind
from codelab.check.findings import Finding

_SECRET = re.compile(r"(?i)(?:.*[_.-])?(?:secret|secret_key|password|passwd|token|api_?key|private_key|credentials)")
# GitHub, AWS, Google and Stripe begin their keys so.
_KEY = re.compile(r"(?:gh[pousr]_\w{20,}|AKIA[A-Z0-9]{16}|AIza[\w-]{30,}|sk_live_\w{10,})")
_PLACEHOLDER = re.compile(r"(?:[A-Z]+(?:_[A-Z]+)+|<.*>|\$.*|projects/.*|)")
_DEBUG = ("DEBUG", "FLASK_DEBUG")
_VARIABLES = "env_variables."


def find_secrets(folder: Folder) -> Iterator[Finding]:
    """Yield a remark for each secret, and for each line that switches debugging on."""
    for file, module in folder.syntax.items():
        for name, value in _named_values(module):
            if not isinstance(value, ast.Constant):
                continue
            if isinstance(value.value, str) and _is_secret(name, value.value):
                yield _secret(file, value.lineno, name)
            elif name.upper() in _DEBUG and value.value is True:
                yield _debug(file, value.lineno)
    for name, text, file, line in _variables(folder):
        if _is_secret(name, text):
            yield _secret(file, line, name)
        elif name in _DEBUG and text.lower() in ("1", "true", "on"):
            yield _debug(file, line)


def _named_values(module: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """Yield the names that get a value: variables, attributes, arguments, and keys of dictionaries."""
    for node in ast.walk(module):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                yield _name(target), node.value
        elif isinstance(node, ast.Call):
            # app.run() is for `python main.py`, which no platform starts so.
            if not (isinstance(node.func, ast.Attribute) and node.func.attr == "run"):
                yield from ((keyword.arg or "", keyword.value) for keyword in node.keywords)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant):
                    yield str(key.value), value


def _name(target: ast.expr) -> str:
    if isinstance(target, ast.Subscript):
        return str(target.slice.value) if isinstance(target.slice, ast.Constant) else ""
    return last_name(target)


def _is_secret(name: str, value: str) -> bool:
    return bool(_KEY.search(value) or (_SECRET.fullmatch(name) and not _PLACEHOLDER.fullmatch(value)))


def _variables(folder: Folder) -> Iterator[tuple[str, str, str, int]]:
    """Yield each variable that app.yaml and the Dockerfile set: its name, value, file and line."""
    for fact in folder.facts:
        if fact.kind is Kind.VALUE and fact.file == APP_YAML and fact.name.startswith(_VARIABLES):
            name, _, value = fact.name.removeprefix(_VARIABLES).partition(" ")
            yield name, value, APP_YAML, fact.line
    for variable in folder.dockerfile_variables:
        yield variable.name, variable.value, "Dockerfile", variable.line


def _secret(file: str, line: int, name: str) -> Finding:
    message = f"{name} is a secret that everybody who reads this file knows; keep it in Secret Manager"
    return Finding(file, line, message, firm=False)


def _debug(file: str, line: int) -> Finding:
    message = "debugging is on, and shows your code to visitors when something fails; switch it off where you deploy"
    return Finding(file, line, message, firm=False)
