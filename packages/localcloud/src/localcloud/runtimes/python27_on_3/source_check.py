"""Finds source that Python 3 cannot read, before an app is started on it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from packaging.utils import canonicalize_name

from datastore_emulator.errors import UserError
from localcloud.files.paths import OutsideError, resolve_inside
from localcloud.files.reading import NotReadError, read_file
from localcloud.launch.advice import ON_PYTHON27
from localcloud.launch.handlers import is_cgi
from localcloud.launch.plan import LaunchPlan
from localcloud.launch.python2_grammar import is_python2
from localcloud.runtimes.python27_real.vendored import read_distributions

_CONFIG = "appengine_config"
# A line that adds a folder to the import path, and the texts in it.
_ADDS_TO_PATH = re.compile(r"^[^#\n]*\b(?:sys\.path|vendor\.add|addsitedir)\b.*$", re.MULTILINE)
_TEXT = re.compile(r"""["']([\w./-]+)["']""")


def check_source(plan: LaunchPlan, packages: Collection[str] = ()) -> frozenset[str]:
    """Raise UserError for the first line that Python 3 cannot read, if the app can serve nothing without it.

    A script that imports such a line is left to answer with the error, if there are other scripts. Return the packages
    that pip has put into the app and that only Python 2 can read, without `packages`, which the environment will have.
    """
    source = _Source(plan.directory, frozenset(map(canonicalize_name, packages)))
    scripts = dict.fromkeys(
        handler.script for handler in plan.handlers if handler.script and not handler.script.startswith("google.")
    )
    if problem := source.find_problem(_CONFIG):
        raise problem
    problems = [source.find_problem_of_script(script) for script in scripts]
    if problems and problems[0] and all(problems):
        raise problems[0]
    return frozenset(source.unreadable)


class _Source:
    """The modules of an app, in its folder and in those that it adds to the import path."""

    def __init__(self, directory: Path, replaced: frozenset[str]) -> None:
        self.unreadable: set[str] = set()
        self._directory = directory
        self._folders = [directory, *_find_folders(directory)]
        self._of_pip = {
            place: one.name for folder in self._folders for one in read_distributions(folder) for place in one.places
        }
        self._replaced = replaced
        self._read: dict[Path, tuple[UserError | None, tuple[Path, ...]]] = {}

    def find_problem_of_script(self, script: str) -> UserError | None:
        """Return the first error in what a handler's script imports, None if Python 3 can read all of it."""
        if is_cgi(script):
            return self._follow([self._directory / script])
        return self.find_problem(script.rpartition(".")[0])

    def find_problem(self, module: str) -> UserError | None:
        """Return the first error in what a module imports, None if Python 3 can read all of it."""
        return self._follow(list(self._files(module, self._folders)))

    def _follow(self, waiting: list[Path]) -> UserError | None:
        seen = set(waiting)
        while waiting:
            file = waiting.pop()
            if file not in self._read:
                self._read[file] = self._read_file(file)
            problem, imported = self._read[file]
            if problem:
                return problem
            new = set(imported) - seen
            seen |= new
            waiting += sorted(new)
        return None

    def _read_file(self, file: Path) -> tuple[UserError | None, tuple[Path, ...]]:
        """Return what is wrong with a file, and the app's files that it imports."""
        try:
            tree = ast.parse(read_file(file), str(file))
        except (NotReadError, OSError, RecursionError, MemoryError):
            return None, ()  # too much to read here; Python itself will report what is wrong
        except (SyntaxError, ValueError) as error:
            if package := self._package_of(file):
                self.unreadable.add(package)
                return None, ()
            return self._describe(file, error), ()
        return None, tuple(self._imported_files(file, tree))

    def _package_of(self, file: Path) -> str | None:
        """Return the package with which pip has installed a file."""
        return next((self._of_pip[place] for place in (file, *file.parents) if place in self._of_pip), None)

    def _describe(self, file: Path, error: SyntaxError | ValueError) -> UserError:
        line = getattr(error, "lineno", None) or 1
        place = f"{file.relative_to(self._directory)}:{line}"
        reason = getattr(error, "msg", error)
        if not is_python2(read_file(file).decode(errors="replace")):
            return UserError(f"{place}: no Python can read this line ({reason}); correct it")
        return UserError(
            f"{place}: only Python 2 can read this line ({reason}); {ON_PYTHON27}, or rewrite it for both, as "
            "`modernize` (PyPI) does"
        )

    def _imported_files(self, file: Path, tree: ast.Module) -> Iterator[Path]:
        for name, level in _imports(tree):
            if level:
                start = file.parents[level - 1]
                yield from self._files(name, [start]) if start.is_relative_to(self._directory) else ()
            else:
                # Python 2 looks in a module's own package first.
                yield from self._files(name, [file.parent, *self._folders])

    def _files(self, module: str, folders: list[Path]) -> Iterator[Path]:
        """Yield the app's own files that importing a module reads: those of its packages, and its own."""
        parts = module.split(".") if module else []
        for folder in folders:
            places = [folder.joinpath(*parts[: count + 1]) for count in range(len(parts))] or [folder]
            candidates = [file for place in places for file in (place / "__init__.py", place.with_suffix(".py"))]
            if found := [file for file in candidates if file.is_file()]:
                yield from (file for file in found if self._package_of(file) not in self._replaced)
                return


def _imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield the modules that a module imports when it is imported itself, each with its level of relative import."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            yield module, node.level
            yield from ((f"{module}.{alias.name}".strip("."), node.level) for alias in node.names)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _find_folders(directory: Path) -> list[Path]:
    """Return the folders of the app that the modules in its own folder add to the import path."""
    found: dict[Path, None] = {}
    for file in sorted(directory.glob("*.py")):
        with suppress(NotReadError, OSError):
            text = read_file(file).decode(errors="replace")
            for line in _ADDS_TO_PATH.findall(text):
                texts = _TEXT.findall(line)
                for name in (*texts, "/".join(texts)):
                    with suppress(OutsideError, ValueError):
                        place = resolve_inside(directory, name.removeprefix("./").rstrip("/"))
                        if place.is_dir() and place != directory:
                            found[place] = None
    return list(found)
