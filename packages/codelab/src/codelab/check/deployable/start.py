"""Ways to start an app that a platform cannot use, or that harm: an unreachable address, a debugger, another file."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from codelab.check.deployable.fault import Fault, fault
from codelab.check.deployable.folder import APP_YAML, Folder
from codelab.check.facts import Kind

_LOOPBACK = r"(?P<address>127(?:\.\d+){3}|localhost|\[::1\])"
# -b 127.0.0.1:$PORT, --bind=localhost:8080, "--host", "127.0.0.1"
_OPTION = re.compile(rf"""(?<!\S)["']?(?:-b|--bind|--host|--listen)[\s=,"']*{_LOOPBACK}(?![\w.])""")
_BIND = re.compile(rf"^\s*bind\s*=.*?{_LOOPBACK}(?![\w.])")
_CONFIG = "gunicorn.conf.py"
# Where Flask's server listens if it is not told.
_FLASK_HOST, _FLASK_PORT = "127.0.0.1", 5000
_DOCKERFILE, _PROCFILE = "Dockerfile", "Procfile"


def find_unusable_start(folder: Folder) -> Iterator[Fault]:
    """Yield what keeps the platform from reaching the app's server, and debuggers that visitors can reach."""
    yield from _loopback_in_commands(folder)
    for number, line in enumerate(folder.tree.get(_CONFIG, "").splitlines(), 1):
        if found := _BIND.match(line):
            yield _loopback(_CONFIG, number, found["address"])
    yield from _developer_servers(folder)


def find_stray_dockerfile(folder: Folder, expected: Folder) -> Iterator[Fault]:
    """Yield a fault if there is a Dockerfile, and the codelab deploys a Procfile by buildpacks."""
    if _DOCKERFILE in folder.tree and _PROCFILE in expected.tree and _DOCKERFILE not in expected.tree:
        message = "gcloud builds with a Dockerfile if there is one, and then reads no Procfile; delete it"
        yield fault("dockerfile", _DOCKERFILE, 0, message)


def _loopback_in_commands(folder: Folder) -> Iterator[Fault]:
    for fact in sorted(folder.facts, key=lambda fact: (fact.file, fact.line)):
        is_command = fact.kind in (Kind.PROCESS, Kind.START_COMMAND) or (
            fact.kind is Kind.KEY and fact.file == APP_YAML and fact.name == "entrypoint"
        )
        if is_command and (found := _OPTION.search(fact.words)):
            yield _loopback(fact.file, fact.line, found["address"])


def _developer_servers(folder: Folder) -> Iterator[Fault]:
    """Yield the faults of servers that the start command runs by `python main.py`.

    They listen on 127.0.0.1 if not told otherwise, and with a debugger let visitors run code.
    """
    programs = {fact.name.rpartition("/")[2] for fact in folder.facts if fact.kind is Kind.PROGRAM}
    if not any(name.startswith("python") for name in programs):
        return
    for file, module in folder.syntax.items():
        for node in ast.walk(module):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ("app.run", "application.run"):
                yield from _faults_of_server(file, node)


def _faults_of_server(file: str, call: ast.Call) -> Iterator[Fault]:
    """Yield the faults of a server of Flask, as far as its arguments are constants."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if None in given or any(isinstance(argument, ast.Starred) for argument in call.args):
        return
    given |= dict(zip(("host", "port", "debug"), call.args, strict=False))
    values = {name: value.value for name, value in given.items() if isinstance(value, ast.Constant)}
    host = values.get("host") or ("" if "host" in given else _FLASK_HOST)
    if re.fullmatch(_LOOPBACK, str(host)):
        yield _loopback(file, call.lineno, str(host))
    port = values.get("port") or (None if "port" in given else _FLASK_PORT)
    # The platforms choose this one.
    if isinstance(port, int) and port != 8080:
        message = f"the server listens on port {port}; the platform gives the port in $PORT, so read it from os.environ"
        yield fault("port", file, call.lineno, message)
    if values.get("debug"):
        message = "debug=True lets every visitor who finds an error open a debugger in the app; delete it"
        yield fault("debugger", file, call.lineno, message)


def _loopback(file: str, line: int, address: str) -> Fault:
    message = f"the server listens on {address}, where the platform cannot reach it; listen on 0.0.0.0"
    return fault("loopback", file, line, message)
