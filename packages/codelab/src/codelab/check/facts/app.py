"""Facts of an app's Python files together: main.py with the modules of the app that it imports, directly or not."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from codelab.check.facts.fact import Fact, Kind, UnreadableError
from codelab.check.facts.limits import check_size
from codelab.check.facts.python import Exports, read_module
from codelab.readme.trees import Tree

MAIN = "main.py"


@dataclass
class AppFacts:
    """The facts of the Python files by the file that they count for, and the files that cannot be read.

    `modules` are the app's own modules that main.py imports: their facts count for main.py.
    """

    facts: list[Fact] = field(default_factory=list)
    unreadable: dict[str, UnreadableError] = field(default_factory=dict)
    modules: list[str] = field(default_factory=list)


def python_files(tree: Tree) -> dict[str, str]:
    """Return the Python files of a tree."""
    return {file: text for file, text in tree.items() if file.endswith(".py")}


def app_facts(files: Mapping[str, str], called_from_outside: frozenset[str], main: str = MAIN) -> AppFacts:
    """Read these Python files. A module that main.py imports counts for main.py, any other file for itself.

    `main` is the file in the place of main.py, if the learner's has another name.
    """
    reader = _AppReader(files, called_from_outside)
    if main in files:
        reader.read(main, MAIN)
    result = reader.result
    if main in files and main != MAIN:
        result.facts.append(Fact(MAIN, Kind.FILE, "", main, firm=True, place=main))
    result.modules = [file for file in reader.seen if file != MAIN]
    for file in files:
        reader.read(file, file)
    result.facts += [Fact(file, Kind.FILE, "", file, firm=True) for file in files]
    return result


class _AppReader:
    def __init__(self, files: Mapping[str, str], called_from_outside: frozenset[str]) -> None:
        self.result = AppFacts()
        self.seen: dict[str, Exports] = {}
        self._files = files
        self._called = called_from_outside

    def read(self, file: str, counts_for: str) -> Exports:
        """Read a file and the modules that it imports, each once; return the meanings of its names."""
        if file in self.seen:
            return self.seen[file]
        self.seen[file] = {}  # for modules that import each other
        package = file.removesuffix("/__init__.py") if file.endswith("/__init__.py") else file.rpartition("/")[0]
        place = "" if file == counts_for else file
        try:
            text = check_size(self._files[file])
            facts, self.seen[file] = read_module(
                counts_for,
                text,
                self._called,
                place=place,
                find_own=lambda name: self._find(name, package.replace("/", "."), counts_for),
                package=package.replace("/", "."),
            )
            self.result.facts += facts
        except UnreadableError as error:
            self.result.unreadable[file] = error
        except (RecursionError, MemoryError):  # the latter is what Python's own parser may raise
            self.result.unreadable[file] = UnreadableError(
                0, "the code is nested too deeply to be read; write it flatter"
            )
        return self.seen[file]

    def _find(self, name: str, package: str, counts_for: str) -> Exports | None:
        """Find a module of the app by the name in an import; in Python 2, a package's own modules come first."""
        parts = package.split(".") if package else []
        # The folder of the start command, such as src/, may be any of those above.
        for candidate in (".".join([*parts[:depth], name]) for depth in range(len(parts), -1, -1)):
            path = candidate.replace(".", "/")
            for file in (f"{path}.py", f"{path}/__init__.py"):
                if file in self._files:
                    return self.read(file, counts_for)
            if any(file.startswith(f"{path}/") for file in self._files) and path:
                return {}  # a package without __init__.py
        return None


def string_constants(files: Mapping[str, str]) -> Iterator[str]:
    """Yield each string in these Python files."""
    for text in files.values():
        try:
            module = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        yield from strings_of(module)


def strings_of(module: ast.Module) -> Iterator[str]:
    """Yield each string in a module."""
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
