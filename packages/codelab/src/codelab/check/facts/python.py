"""Facts of a Python file: the names of packages that it uses, how it calls them, and what it defines for others."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator, Mapping

from codelab.check.facts.fact import Fact, Kind, UnreadableError, quoted

_MANY = 99
# No package has a name of more parts.
_MOST_PARTS = 20
# The line ends of Python itself; str.splitlines splits at more characters.
_LINE_END = re.compile(r"\r\n|\r|\n")
_ENVIRONMENT = ("os.environ", "os.getenv", "os.environ.get")
# The use of a variable's text is style.
_VALUE_OF_ENVIRONMENT = ("os.environ.get().", "os.getenv().")
# An HTTP header, a name that is known outside the file.
_HEADER = re.compile(r"X-[A-Z]+(?:-[A-Z]+)*", re.IGNORECASE)
# Methods of text, lists and dictionaries are style.
_COMMON_METHODS = {name for kind in (str, bytes, list, dict, set) for name in dir(kind)}


# The names of a module of the app with their meanings; None for what it defines itself.
Exports = Mapping[str, str | None]
# Finds a module of the app itself by its name: its exports, or None for a package that is installed.
FindOwn = Callable[[str], Exports | None]
# In front of the meaning of a name that is one of the app's own modules.
_OWN = "own:"


def parse_python(text: str) -> ast.Module:
    """Parse Python 3; raises UnreadableError with the line and its words."""
    try:
        return ast.parse(text)
    except SyntaxError as error:
        words = (error.text or "").strip()
        raise UnreadableError(error.lineno or 0, f"not valid Python: {quoted(words, error.msg)}") from error
    except ValueError as error:
        raise UnreadableError(0, f"not valid Python: {error}") from error


def python_facts(file: str, text: str, called_from_outside: frozenset[str]) -> list[Fact]:
    """Return the facts of a file that imports no module of the app's own; see `read_module`."""
    return read_module(file, text, called_from_outside)[0]


def read_module(
    file: str,
    text: str,
    called_from_outside: frozenset[str],
    *,
    place: str = "",
    find_own: FindOwn = lambda name: None,
    package: str = "",
) -> tuple[list[Fact], Exports]:
    """Return the facts of a module, and the meanings of its names for the modules that import it.

    Comments, its own names, quotes, order and layout do not count. `called_from_outside` are the names that deployment
    files and commands use, as in `main:app`. `find_own` finds the app's own modules, and `package` is the package of
    this one. Raises UnreadableError if the text is not Python.
    """
    module = parse_python(text)
    reader = _FactReader(file, text, module, place=place, find_own=find_own, package=package)
    facts = list(reader.read_imports(module))
    reader.learn_objects(module)
    facts += reader.read_top_level(module, called_from_outside)
    for node in ast.walk(module):
        facts += reader.read_node(node)
    return facts, reader.exports(module)


class _FactReader:
    """Resolves names: to "google.cloud.ndb", or to "google.cloud.ndb.Client()" for an object that it made."""

    def __init__(
        self, file: str, text: str, module: ast.Module, *, place: str, find_own: FindOwn, package: str
    ) -> None:
        self._file = file
        self._place = place
        self._find_own = find_own
        self._package = package
        self._lines = _LINE_END.split(text)
        self._meanings: dict[str, str] = {}
        # Parameters hide what the file imports under the same name.
        self._hidden = set(_parameters_used(module))
        self._statements = dict(_words_of_statements(module, text))

    def exports(self, module: ast.Module) -> Exports:
        """Return what other modules find under this one's names."""
        defined = {
            node.name: None
            for node in module.body
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        }
        return {**defined, **self._meanings}

    def read_imports(self, module: ast.Module) -> Iterator[Fact]:
        """Yield what the file imports from packages, and remember the names that it gives to that."""
        for node in ast.walk(module):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield from self._import(alias, node)
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield from self._import_from(node, alias)

    def _import(self, alias: ast.alias, node: ast.Import) -> Iterator[Fact]:
        top = alias.name.partition(".")[0]
        own = _OWN if self._find_own(alias.name) is not None else ""
        self._meanings[alias.asname or top] = own + (alias.name if alias.asname else top)
        if not own:
            yield from self._uses(alias.name, node)

    def _import_from(self, node: ast.ImportFrom, alias: ast.alias) -> Iterator[Fact]:
        source = ".".join(filter(None, [*self._parents(node.level), node.module]))
        name = f"{source}.{alias.name}" if source else alias.name
        bound = alias.asname or alias.name
        exports = self._find_own(source) if source else None
        if alias.name == "*" and exports is not None:
            self._meanings.update({key: value for key, value in exports.items() if value is not None})
        elif exports is not None and exports.get(alias.name) is not None:
            self._meanings[bound] = exports[alias.name] or ""
        elif self._find_own(name) is not None:
            self._meanings[bound] = _OWN + name
        elif exports is None and source and not node.level:
            self._meanings[bound] = name
            yield from self._uses(name, node)

    def _parents(self, level: int) -> list[str]:
        """Return the package that a relative import begins from; none for an absolute one."""
        if not level:
            return []
        parts = self._package.split(".") if self._package else []
        return parts[: len(parts) - (level - 1)]

    def learn_objects(self, module: ast.Module) -> None:
        """Remember which names are objects made by a package: `client` in `client = ndb.Client()`."""
        for node in ast.walk(module):
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call):
                meaning = self._meaning(node.value)
                for name in _assigned(node):
                    if meaning:
                        self._meanings[name] = meaning

    def read_top_level(self, module: ast.Module, called_from_outside: frozenset[str]) -> Iterator[Fact]:
        """Yield the objects that are made at the top level, and the definitions that others use."""
        for node in module.body:
            names = []
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                names = [node.name]
            elif isinstance(node, (ast.Assign, ast.AnnAssign)):
                names = _assigned(node)
                meaning = self._meaning(node.value) if isinstance(node.value, ast.Call) else None
                if meaning and names and not _in_standard_library(meaning) and not meaning.startswith(_OWN):
                    yield self._fact(Kind.TOP_LEVEL_OBJECT, meaning, node)
            elif isinstance(node, ast.ImportFrom):
                names = [alias.asname or alias.name for alias in node.names]
            for name in names:
                if name in called_from_outside:
                    yield self._fact(Kind.DEFINITION, name, node, firm=True)

    def read_node(self, node: ast.AST) -> Iterator[Fact]:
        """Yield the facts of one node, without those of the nodes in it."""
        if isinstance(node, (ast.Attribute, ast.Name)) and isinstance(node.ctx, (ast.Load, ast.Store)):
            if meaning := self._meaning(node):
                yield from self._uses(meaning, node)
        elif isinstance(node, ast.Call):
            yield from self._call(node)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                if meaning := self._meaning(item.context_expr):
                    yield self._fact(Kind.WITH_BLOCK, meaning, item.context_expr)
        elif isinstance(node, ast.Subscript) and self._meaning(node.value) == "os.environ":
            yield from self._variable(node.slice)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and _HEADER.fullmatch(node.value):
            yield self._fact(Kind.HEADER, node.value.casefold(), node)

    def _call(self, node: ast.Call) -> Iterator[Fact]:
        meaning = self._meaning(node.func)
        if meaning in _ENVIRONMENT:
            yield from self._variable(node.args[0] if node.args else None)
        elif meaning and not meaning.startswith((*_VALUE_OF_ENVIRONMENT, _OWN)):
            any_number = any(isinstance(argument, ast.Starred) for argument in node.args) or any(
                keyword.arg is None for keyword in node.keywords
            )
            yield self._fact(Kind.CALL, meaning, node, amount=_MANY if any_number else len(node.args))
            for keyword in node.keywords:
                if keyword.arg and not _in_standard_library(meaning):
                    total = len(node.args) + len(node.keywords)
                    yield self._fact(Kind.ARGUMENT, f"{meaning} {keyword.arg}", keyword.value, amount=total)
        elif isinstance(node.func, ast.Attribute) and node.func.attr not in _COMMON_METHODS:
            yield self._fact(Kind.METHOD, node.func.attr, node)

    def _variable(self, node: ast.expr | None) -> Iterator[Fact]:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield self._fact(Kind.VARIABLE, node.value, node)

    def _uses(self, meaning: str, node: ast.AST) -> Iterator[Fact]:
        """Yield the name and all that it is part of: `google.cloud.ndb` uses `google.cloud` too."""
        if meaning.startswith((*_ENVIRONMENT, _OWN)) or meaning in sys.stdlib_module_names:
            return
        name = ""
        for part in meaning.split(".")[:_MOST_PARTS]:
            name = f"{name}.{part}" if name else part
            yield self._fact(Kind.NAME, name.removesuffix("()"), node)

    def _meaning(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return None if node in self._hidden else self._meanings.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self._meaning(node.value)
            if owner and owner.startswith(_OWN):
                return self._member(owner.removeprefix(_OWN), node.attr)
            return f"{owner}.{node.attr}" if owner else None
        if isinstance(node, ast.Call):
            called = self._meaning(node.func)
            return f"{called}()" if called else None
        return None

    def _member(self, module: str, name: str) -> str | None:
        """Return the meaning of a name in one of the app's own modules."""
        found = (self._find_own(module) or {}).get(name)
        return found or (f"{_OWN}{module}.{name}" if self._find_own(f"{module}.{name}") is not None else None)

    def _fact(self, kind: Kind, name: str, node: ast.AST, *, firm: bool = False, amount: int = 0) -> Fact:
        line: int = getattr(node, "lineno", 1)
        line, words = self._statements.get(node, (line, self._lines[line - 1].strip()))
        return Fact(self._file, kind, name, words, line, firm, amount, self._place)


def _assigned(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _parameters_used(module: ast.Module) -> Iterator[ast.AST]:
    for function in ast.walk(module):
        if isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            names = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
            yield from (node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id in names)


def _words_of_statements(module: ast.Module, text: str) -> Iterator[tuple[ast.AST, tuple[int, str]]]:
    """Yield each part of a simple statement with the statement's line and its text, laid out in one line."""
    # Not by ast.get_source_segment, which splits the whole text again for each statement.
    lines = [line.encode() for line in _LINE_END.split(text)]
    for statement in ast.walk(module):
        if isinstance(statement, ast.stmt) and not hasattr(statement, "body"):
            segment = lines[statement.lineno - 1 : statement.end_lineno]
            segment[-1] = segment[-1][: statement.end_col_offset]
            segment[0] = segment[0][statement.col_offset :]
            words = " ".join(filter(None, (line.decode(errors="replace").strip() for line in segment)))
            yield from ((node, (statement.lineno, words)) for node in ast.walk(statement))


def _in_standard_library(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names
