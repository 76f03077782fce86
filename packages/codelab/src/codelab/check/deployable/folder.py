"""A folder as the rules see it: files, facts, syntax trees of its modules, runtime and variables."""

from __future__ import annotations

import ast
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from codelab.check.facts import Fact, Kind
from codelab.check.facts.app import strings_of
from codelab.check.facts.fact import UnreadableError
from codelab.check.facts.limits import check_size
from codelab.check.facts.python import parse_python
from codelab.readme.trees import Tree
from localcloud.deployment.dockerfile import read_dockerfile
from localcloud.deployment.errors import TextError
from localcloud.deployment.requirements import Requirement, read_requirements

APP_YAML = "app.yaml"
CONFIG = "appengine_config.py"
REQUIREMENTS = "requirements.txt"
_VARIABLES = "env_variables."


@dataclass(frozen=True)
class DockerVariable:
    """A variable that the Dockerfile sets at a line; `in_container` is false for one that only the build has."""

    name: str
    value: str
    line: int
    in_container: bool


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
            **{one.name: ("Dockerfile", one.line) for one in self.dockerfile_variables if one.in_container},
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
    def dockerfile_variables(self) -> list[DockerVariable]:
        """The variables of ENV and ARG; none if there is no Dockerfile, or if it cannot be read."""
        try:
            dockerfile = read_dockerfile(check_size(self.tree.get("Dockerfile", "")))
        except (TextError, UnreadableError):
            return []
        found: list[DockerVariable] = []
        values: dict[str, str] = {}
        for instruction in dockerfile.instructions:
            variables = dockerfile.variables(values)
            pairs: dict[str, str] = {}
            with suppress(ValueError):  # the launcher reports it
                if instruction.name == "ENV":
                    pairs = variables.read_pairs(instruction.value)
                elif instruction.name == "ARG":
                    pairs = {name: text or "" for name, text in variables.read_arguments(instruction.value).items()}
            values |= pairs
            in_container = instruction.name == "ENV"
            found += [DockerVariable(name, text, instruction.line, in_container) for name, text in pairs.items()]
        return found
