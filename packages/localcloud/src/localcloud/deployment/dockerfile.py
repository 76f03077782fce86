"""Read a Dockerfile: its instructions, as BuildKit splits them, its base image and its start command.

The format is described at https://docs.docker.com/reference/dockerfile/. What that page leaves open is read as
frontend/dockerfile/parser in github.com/moby/buildkit reads it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from dockerfile_parse.parser import image_from
from dockerfile_parse.util import WordSplitter, get_key_val_dictionary

from localcloud.deployment.errors import TextError

_DIRECTIVE = re.compile(r"#\s*([a-z][a-z0-9]*)\s*=\s*(.+?)\s*", re.IGNORECASE)
_DIRECTIVES = ("check", "escape", "syntax")
# Other instructions keep "<<" as it is.
_WITH_HEREDOCS = ("ADD", "COPY", "RUN")
# The words of a line with their quotes. Spaces behind "<<" belong to the word.
_WORD = re.compile(r"""(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|<<[ \t\r]*|[^\s'"\\])+""")
_HEREDOC = re.compile(r"\d*<<(-?)\s*([^<]+)")
_QUOTED = re.compile(r"""\\(.)|'([^']*)'|"((?:\\.|[^"\\])*)\"""")
_SWAPPED = str.maketrans("\\`", "`\\")


@dataclass(frozen=True)
class Heredoc:
    """A here-document: the name that ends it and the text above that line."""

    name: str
    content: str


@dataclass(frozen=True)
class Instruction:
    """An instruction at its first line: its name in capitals, and its value in one line without comments."""

    line: int
    name: str
    value: str
    heredocs: tuple[Heredoc, ...] = ()

    @property
    def words(self) -> tuple[str, ...] | None:
        """The words of a value in exec form (a JSON list of strings), None for any other value."""
        if not self.value.startswith("["):
            return None
        with suppress(ValueError, RecursionError):
            words = json.loads(self.value)
            if isinstance(words, list) and all(isinstance(word, str) for word in words):
                return tuple(words)
        return None


@dataclass(frozen=True)
class Variables:
    """The build's variables and the escape character, which together give a value its words."""

    values: Mapping[str, str]
    escape: str = "\\"

    def split(self, text: str) -> list[str]:
        """Return the words of a text, with variables put in and quotes removed."""
        return [self._swap(word) for word in self._splitter(text).split()]

    def expand(self, text: str) -> str:
        """Return a text with variables put in and quotes removed."""
        return self._swap(self._splitter(text).dequote())

    def read_pairs(self, text: str) -> dict[str, str]:
        """Return the variables that the value of an ENV sets; ValueError if it sets none."""
        envs = {name: self._swap(value) for name, value in self.values.items()}
        pairs = get_key_val_dictionary(self._swap(text), env_replace=True, args={}, envs=envs)
        return {name: self._swap(value) for name, value in pairs.items()}

    def read_arguments(self, text: str) -> dict[str, str | None]:
        """Return the variables that the value of an ARG declares, with their defaults."""
        declared: dict[str, str | None] = {}
        values = dict(self.values)
        for word in WordSplitter(self._swap(text)).split(dequote=False):
            name, equals, default = self._swap(word).partition("=")
            declared[name] = None
            if equals:
                declared[name] = values[name] = Variables(values, self.escape).expand(default)
        return declared

    def _splitter(self, text: str) -> WordSplitter:
        return WordSplitter(self._swap(text), envs={name: self._swap(value) for name, value in self.values.items()})

    def _swap(self, text: str) -> str:
        """Swap the two escape characters if this is the other one: the library supports the backslash only."""
        return text.translate(_SWAPPED) if self.escape == "`" else text


@dataclass(frozen=True)
class Dockerfile:
    """The instructions of a Dockerfile, in their order, and the character that escapes."""

    instructions: tuple[Instruction, ...]
    escape: str = "\\"

    def variables(self, values: Mapping[str, str]) -> Variables:
        """Return these values of the build's variables, as this file's escape character has them read."""
        return Variables(values, self.escape)

    def find_base_image(self) -> tuple[Instruction, str] | None:
        """Return the last FROM and its image, with the defaults of the arguments above; None without FROM."""
        found: tuple[Instruction, str] | None = None
        arguments: dict[str, str] = {}
        for instruction in self.instructions:
            if instruction.name == "FROM":
                found = instruction, read_image(instruction.value, self.variables(arguments))
            elif instruction.name == "ARG" and found is None:
                declared = self.variables(arguments).read_arguments(instruction.value)
                arguments |= {name: default for name, default in declared.items() if default is not None}
        return found

    def find_start_command(self) -> StartCommand:
        """Return what a container of the image runs: the last ENTRYPOINT and the last CMD, combined."""
        last = {instruction.name: instruction for instruction in self.instructions}
        return StartCommand(last.get("ENTRYPOINT"), last.get("CMD"))


@dataclass(frozen=True)
class StartCommand:
    """ENTRYPOINT and CMD, as far as there are any, and the words that they run together.

    See "Understand how CMD and ENTRYPOINT interact" in Docker's reference.
    """

    entrypoint: Instruction | None
    cmd: Instruction | None

    @property
    def parts(self) -> list[tuple[Instruction, tuple[str, ...]]]:
        """The instructions that count, each with its words: a shell form of ENTRYPOINT takes no words of CMD."""
        counting = [self.entrypoint] if self.entrypoint else []
        if self.cmd and (self.entrypoint is None or self.entrypoint.words is not None):
            counting.append(self.cmd)
        return [(part, part.words if part.words is not None else ("/bin/sh", "-c", part.value)) for part in counting]

    @property
    def words(self) -> tuple[str, ...]:
        """The program and its arguments; nothing if the Dockerfile starts nothing."""
        return tuple(word for _, words in self.parts for word in words)


def read_image(value: str, variables: Variables) -> str:
    """Return the image that the value of a FROM names, without --platform and AS."""
    return variables.expand(image_from(value)[0] or "")


def read_dockerfile(text: str) -> Dockerfile:
    """Return the instructions of a Dockerfile, whatever their names.

    Empty lines and comments are left out, also inside a continued instruction. Raises TextError for a parser directive
    that Docker refuses, and for a here-document without an end.
    """
    lines = [line.rstrip("\r") for line in text.removeprefix("\ufeff").split("\n")]
    escape = _read_directives(lines).get("escape", "\\")
    reader = _Lines(lines, escape)
    return Dockerfile(tuple(reader.read()), escape)


def _read_directives(lines: list[str]) -> dict[str, str]:
    """Return the parser directives, which are in the first lines or nowhere."""
    found: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        directive = _DIRECTIVE.fullmatch(line.lstrip())
        if directive is None or (name := directive[1].lower()) not in _DIRECTIVES:
            break
        if name in found:
            raise TextError(number, f'the parser directive "{name}" appears twice; remove one')
        if name == "escape" and directive[2] not in ("\\", "`"):
            raise TextError(number, f'"{directive[2]}" cannot be the escape character; write escape=\\ or escape=`')
        found[name] = directive[2]
    return found


class _Lines:
    """Joins the lines of instructions, and takes the lines of their here-documents."""

    def __init__(self, lines: list[str], escape: str) -> None:
        self._lines = lines
        self._next = 0
        # An escape character that is itself escaped continues nothing.
        self._continued = re.compile(rf"(^|[^{re.escape(escape)}]){re.escape(escape)}[ \t]*$")

    def read(self) -> Iterator[Instruction]:
        """Yield the instructions."""
        while self._next < len(self._lines):
            start = self._next + 1
            name, _, value = re.sub(r"\s+", " ", self._logical_line().strip(), count=1).partition(" ")
            if name:
                instruction = Instruction(start, name.upper(), value.strip())
                yield Instruction(start, instruction.name, instruction.value, tuple(self._heredocs(instruction)))

    def _logical_line(self) -> str:
        """Return the next line together with those that continue it."""
        joined, continues = "", True
        first = True
        while continues and self._next < len(self._lines):
            line = self._lines[self._next]
            self._next += 1
            if not line.strip() or line.lstrip().startswith("#"):
                if first:
                    return ""
                continue
            rest, ends = self._continued.subn(r"\1", line)
            joined += rest
            continues, first = bool(ends), False
        return joined

    def _heredocs(self, instruction: Instruction) -> Iterator[Heredoc]:
        for strips_tabs, name in _find_heredocs(instruction):
            content = []
            while self._next < len(self._lines):
                line = self._lines[self._next].lstrip("\t") if strips_tabs else self._lines[self._next]
                self._next += 1
                if line == name:
                    break
                content.append(f"{line}\n")
            else:
                raise TextError(instruction.line, f'the here-document has no end; add a line with "{name}" alone')
            yield Heredoc(name, "".join(content))


def _find_heredocs(instruction: Instruction) -> Iterator[tuple[bool, str]]:
    """Yield each here-document that a line announces: whether it is `<<-`, and the name that ends it."""
    name, value = instruction.name, instruction.value
    if name == "ONBUILD":
        name, _, value = value.partition(" ")
    if name.upper() not in _WITH_HEREDOCS or "<<" not in value or instruction.words is not None:
        return
    if _WORD.sub("", value).strip():
        return  # a quote that is not closed: the shell will say so
    for word in _WORD.findall(value):
        if heredoc := _HEREDOC.fullmatch(word):
            yield bool(heredoc[1]), _QUOTED.sub(_unquoted, heredoc[2])


def _unquoted(found: re.Match[str]) -> str:
    escaped, single, double = found.groups()
    return escaped or single or re.sub(r'\\(["\\$`])', r"\1", double or "")
