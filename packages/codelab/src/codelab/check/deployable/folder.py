"""A folder as the rules see it: files, facts, syntax trees of its modules, runtime and variables."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from codelab.check.facts import Fact, Kind
from codelab.check.facts.app import strings_of
from codelab.check.facts.fact import UnreadableError
from codelab.check.facts.limits import check_size
from codelab.check.facts.python import parse_python
from codelab.readme.trees import Tree
from localcloud.deployment.dockerfile import Instruction, read_dockerfile
from localcloud.deployment.errors import TextError
from localcloud.deployment.requirements import Requirement, read_requirements

APP_YAML = "app.yaml"
CONFIG = "appengine_config.py"
REQUIREMENTS = "requirements.txt"
_VARIABLES = "env_variables."


@dataclass(frozen=True)
class Folder:
    """A folder's files and facts; `modules` are the Python files that the app consists of."""

    tree: Tree
    facts: frozenset[Fact]
    modules: tuple[str, ...]

    @cached_property
    def syntax(self) -> dict[str, ast.Module]:
        """The syntax trees of the modules that Python 3 can read."""
        found = {}
        for file in self.modules:
            try:
                found[file] = parse_python(check_size(self.tree[file]))
            except (UnreadableError, RecursionError, MemoryError):
                continue
        return found

    @cached_property
    def is_python27(self) -> bool:
        """True if the folder is for Python 2.7."""
        return any(
            (fact.kind is Kind.VALUE and fact.file == APP_YAML and fact.name == "runtime python27")
            or (fact.kind is Kind.BASE_IMAGE and fact.name.startswith(("python:2.7", "python:2-")))
            for fact in self.facts
        )

    @property
    def is_app_engine(self) -> bool:
        """True if App Engine's file is there."""
        return APP_YAML in self.tree

    @property
    def is_container(self) -> bool:
        """True if the folder is for Cloud Run or functions, alone or besides App Engine."""
        return not self.is_app_engine or "Dockerfile" in self.tree or "Procfile" in self.tree

    @cached_property
    def requirements(self) -> list[Requirement]:
        """The packages that requirements.txt names."""
        entries = read_requirements(self.tree.get(REQUIREMENTS, ""))
        return [entry for entry in entries if isinstance(entry, Requirement) and entry.name and not entry.problem]

    @cached_property
    def variables_read(self) -> dict[str, Fact]:
        """The environment variables that the code reads, each with the place where it does."""
        found = sorted((fact for fact in self.facts if fact.kind is Kind.VARIABLE), key=lambda fact: -fact.line)
        return {fact.name: fact for fact in found}

    @cached_property
    def variables_set(self) -> dict[str, tuple[str, int]]:
        """The environment variables that the deployment files set, each with its file and line."""
        return {
            **{name: (file, line) for name, file, line in self._dockerfile_variables()},
            **{
                fact.name.removeprefix(_VARIABLES): (fact.file, fact.line)
                for fact in self.facts
                if fact.kind is Kind.KEY and fact.file == APP_YAML and fact.name.startswith(_VARIABLES)
            },
        }

    @cached_property
    def names_in_code(self) -> frozenset[str]:
        """The variables that the code reads, and all strings in it, which may name others."""
        strings = (text for module in self.syntax.values() for text in strings_of(module))
        return frozenset({*self.variables_read, *strings})

    @cached_property
    def dockerfile(self) -> tuple[Instruction, ...]:
        """The instructions of the Dockerfile; none if there is no such file, or if it cannot be read."""
        try:
            return read_dockerfile(check_size(self.tree.get("Dockerfile", ""))).instructions
        except (TextError, UnreadableError):
            return ()

    def _dockerfile_variables(self) -> Iterator[tuple[str, str, int]]:
        for instruction in self.dockerfile:
            if instruction.name == "ENV":
                for word in instruction.value.split():
                    if "=" in word:
                        yield word.partition("=")[0], "Dockerfile", instruction.line
