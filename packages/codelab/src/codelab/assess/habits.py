"""What code does that a platform limits: threads, files, processes, sockets, and what only App Engine sends."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from codelab.assess.imports import Module
from codelab.check.deployable.nodes import last_name

_NAMES = {
    "threads": {
        "threading.Thread", "threading.Timer", "thread.start_new_thread", "thread.start_new",
        "_thread.start_new_thread",
        "concurrent.futures.ThreadPoolExecutor", "multiprocessing.pool.ThreadPool", "Queue.Queue", "queue.Queue",
    },
    "processes": {
        "subprocess.Popen", "subprocess.call", "subprocess.check_call", "subprocess.check_output", "subprocess.run",
        "os.system", "os.popen", "os.fork", "os.execv", "os.spawnv", "os.kill", "multiprocessing.Process",
        "multiprocessing.Pool", "concurrent.futures.ProcessPoolExecutor", "commands.getoutput",
        "commands.getstatusoutput",
    },
    "file writes": {
        "os.mkdir", "os.makedirs", "os.remove", "os.unlink", "os.rename", "os.rmdir", "os.removedirs", "shutil.move",
        "shutil.copy", "shutil.copy2", "shutil.copyfile", "shutil.copytree", "shutil.rmtree",
        "logging.FileHandler", "logging.handlers.RotatingFileHandler", "sqlite3.connect", "shelve.open",
    },
    "CGI": {"wsgiref.handlers.CGIHandler", "cgi.FieldStorage", "cgi.parse"},
    "sockets": {"socket.socket", "socket.create_connection", "socket.gethostbyname", "socket.getfqdn"},
}  # fmt: skip
_KIND_OF = {name: kind for kind, names in _NAMES.items() for name in names}
_OPEN = frozenset({"open", "file", "io.open", "codecs.open", "gzip.open", "tarfile.open", "zipfile.ZipFile"})
# Those that also take a file that is open.
_OPEN_OBJECTS = frozenset({"gzip.open", "tarfile.open", "zipfile.ZipFile"})
_RUN_TEXT = frozenset({"exec", "eval", "execfile"})
_VARIABLES = frozenset(
    {
        "APPENGINE_RUNTIME", "APPLICATION_ID", "AUTH_DOMAIN", "CURRENT_MODULE_ID", "CURRENT_VERSION_ID", "DATACENTER",
        "DEFAULT_VERSION_HOSTNAME", "INSTANCE_ID", "REQUEST_ID_HASH", "REQUEST_LOG_ID", "SERVER_SOFTWARE",
        "USER_EMAIL", "USER_ID", "USER_IS_ADMIN", "USER_NICKNAME", "USER_ORGANIZATION",
    }
)  # fmt: skip
# What a request said: python27 had it in os.environ, as CGI has it.
_OF_REQUEST = frozenset(
    {
        "CONTENT_LENGTH", "CONTENT_TYPE", "HTTPS", "PATH_INFO", "PATH_TRANSLATED", "QUERY_STRING", "REMOTE_ADDR",
        "REQUEST_METHOD", "REQUEST_URI", "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
    }
)  # fmt: skip
_ENVIRONMENT = frozenset(
    {"os.environ.get", "os.environ.has_key", "os.environ.pop", "os.environ.setdefault", "os.getenv"}
)
_HEADER = "x-appengine-"


def find_habits(module: Module) -> Iterator[tuple[str, int, str]]:
    """Yield the kind, the line and what is there."""
    docstrings = _docstrings(module)
    objects = _file_objects(module)
    for node in module.nodes:
        if isinstance(node, ast.Call):
            yield from _call(node, module, objects)
        elif isinstance(node, ast.Subscript) and module.name_of(node.value) == "os.environ":
            yield from _variable(node.slice)
        elif isinstance(node, ast.Compare) and any(module.name_of(each) == "os.environ" for each in node.comparators):
            yield from _variable(node.left)
        elif isinstance(node, ast.ClassDef):
            for base in node.bases:
                if _KIND_OF.get(module.name_of(base)) == "threads":
                    yield "threads", node.lineno, f"class {node.name}({module.name_of(base)})"
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            word = node.value.lower().replace("_", "-").removeprefix("http-")
            if word.startswith(_HEADER) and len(word) < 60 and " " not in word:
                yield "App Engine's headers", node.lineno, node.value


def _call(node: ast.Call, module: Module, objects: frozenset[str]) -> Iterator[tuple[str, int, str]]:
    name = module.name_of(node.func)
    if kind := _KIND_OF.get(name):
        yield kind, node.lineno, name
    elif name in _OPEN and _writes(node):
        if name not in _OPEN_OBJECTS or not _is_one_of(node.args, objects):
            yield "file writes", node.lineno, name
    elif name in _RUN_TEXT and node.args and not isinstance(node.args[0], ast.Constant):
        yield "code in a text", node.lineno, name
    elif name in _ENVIRONMENT and node.args:
        yield from _variable(node.args[0])


def _writes(call: ast.Call) -> bool:
    mode = (
        call.args[1] if len(call.args) > 1 else next((word.value for word in call.keywords if word.arg == "mode"), None)
    )
    return isinstance(mode, ast.Constant) and isinstance(mode.value, str) and any(sign in mode.value for sign in "wax+")


def _file_objects(module: Module) -> frozenset[str]:
    """Return the names of open files and of buffers in memory: `with ... as name`, `name = StringIO()`."""
    found = set()
    for node in module.nodes:
        if isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
            found.add(node.optional_vars.id)
        elif isinstance(node, ast.Assign) and _is_buffer(node.value):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return frozenset(found)


def _is_buffer(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and last_name(node.func) in ("StringIO", "BytesIO")


def _is_one_of(arguments: list[ast.expr], names: frozenset[str]) -> bool:
    return bool(arguments) and isinstance(arguments[0], ast.Name) and arguments[0].id in names


def _variable(node: ast.expr) -> Iterator[tuple[str, int, str]]:
    name = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
    if name in _VARIABLES:
        yield "App Engine's variables", node.lineno, name
    elif name in _OF_REQUEST or name.startswith("HTTP_"):
        yield "the request's variables", node.lineno, name


def _docstrings(module: Module) -> set[int]:
    """Return the ids of strings that are statements: docstrings, and code that was put into quotes."""
    return {id(node.value) for node in module.nodes if isinstance(node, ast.Expr)}
