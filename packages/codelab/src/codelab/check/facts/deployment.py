"""What the files say that a platform reads: app.yaml, Dockerfile, Procfile, requirements.txt and lists of names."""

from __future__ import annotations

import io
import json
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress

from dockerfile_parse import DockerfileParser
from honcho.environ import PROCFILE_LINE
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from ruamel.yaml.comments import CommentedMap, CommentedSeq

from codelab.check.facts.fact import Fact, Kind, UnreadableError, quoted
from localcloud.files.yaml_text import YamlTextError, read_yaml

# Values that a learner replaces by their own: addresses, and names in a project.
_PLACEHOLDER = re.compile(r"[A-Z]+(_[A-Z]+)+|projects/.*")
_TARGET = re.compile(r"[\w.]+:\w+")


def yaml_facts(file: str, text: str) -> Iterator[Fact]:
    """Yield each key of a YAML file with its value; an item of a list counts wherever it stands in it."""
    try:
        content = read_yaml(text)
    except YamlTextError as error:
        words = "".join(text.splitlines()[error.line - 1 : error.line]).strip() if error.line else ""
        found = quoted(words, error.problem) if error.line else error.problem
        raise UnreadableError(error.line, "YAML", found) from error
    if not content:
        raise UnreadableError(1, "keys with values", "none")
    try:
        yield from _keys(file, content, "", text.splitlines())
    except ValueError as error:  # a number of more digits than Python writes
        raise UnreadableError(0, "values that can be written", str(error)) from error


def _keys(file: str, node: CommentedMap, path: str, lines: list[str]) -> Iterator[Fact]:
    for key, value in node.items():
        name = f"{path}{key}"
        line = node.lc.key(key)[0] + 1 if key in (node.lc.data or {}) else 1  # 1: merged from somewhere else
        words = "".join(lines[line - 1 : line]).partition(" #")[0].strip()
        yield Fact(file, Kind.KEY, name, words, line, firm=True)
        if isinstance(value, CommentedMap):
            yield from _keys(file, value, f"{name}.", lines)
        elif isinstance(value, CommentedSeq):
            for number, item in enumerate(value):
                content = json.dumps(_plain(item), sort_keys=True)
                shown = "- " + (", ".join(f"{k}: {v}" for k, v in item.items()) if isinstance(item, dict) else content)
                place = (value.lc.data or {}).get(number, (line - 1, 0))
                yield Fact(file, Kind.ITEM, f"{name} {content}", shown, place[0] + 1, firm=True)
        elif name == "entrypoint":
            yield from _command(file, str(value), True, line, words)
        elif not _PLACEHOLDER.fullmatch(str(value)):
            yield Fact(file, Kind.VALUE, f"{name} {value}", words, line, firm=True)


def _plain(value: object) -> object:
    """Return a value as JSON can write it: keys and whatever it does not know become text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)


def requirements_facts(file: str, text: str) -> Iterator[Fact]:
    """Yield each package and the version it is pinned to."""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition(" #")[0].strip()
        if not words or words.startswith(("#", "-")):
            continue
        try:
            requirement = Requirement(words)
        except InvalidRequirement as error:
            raise UnreadableError(number, "a requirement such as Flask==3.1.3", words) from error
        name = canonicalize_name(requirement.name)
        yield Fact(file, Kind.PACKAGE, name, words, number, firm=True)
        for pin in requirement.specifier:
            if pin.operator == "==":
                yield Fact(file, Kind.VERSION, f"{name} {pin.version}", words, number, firm=True)


def procfile_facts(file: str, text: str) -> Iterator[Fact]:
    """Yield each process type and what its command says."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        process = PROCFILE_LINE.match(line)
        if process is None:
            raise UnreadableError(number, "a line such as web: COMMAND", line.strip())
        yield Fact(file, Kind.PROCESS, process[1], line.strip(), number, firm=True)
        yield from _command(file, process[2], True, number, line.strip())


def dockerfile_facts(file: str, text: str) -> Iterator[Fact]:
    """Yield the base image, what is started, and whether the requirements come before the source."""
    instructions = [
        (entry["instruction"], entry["value"].strip(), entry["startline"] + 1)
        for entry in DockerfileParser(fileobj=io.BytesIO(text.encode())).structure
        if entry["instruction"] != "COMMENT"
    ]
    yield from _order(file, instructions)
    for name, value, line in instructions:
        words = f"{name} {value}"
        if name in ("ENTRYPOINT", "CMD"):
            yield Fact(file, Kind.START_COMMAND, "", words, line, firm=True)
            yield from _command(file, *_shell_form(value), line, words)
        elif name == "FROM":
            yield Fact(file, Kind.BASE_IMAGE, value.partition("@")[0], words, line)
        elif name == "COPY" and "requirements.txt" not in value:
            yield Fact(file, Kind.SOURCE_COPIED, "", words, line)


def _order(file: str, instructions: list[tuple[str, str, int]]) -> Iterator[Fact]:
    """Yield one fact if requirements.txt is copied, then installed from, and the source is copied last."""
    copied = [at for at, (name, value, _) in enumerate(instructions) if name == "COPY" and "requirements" in value]
    installed = [at for at, (name, value, _) in enumerate(instructions) if name == "RUN" and "requirements" in value]
    source = [at for at, (name, value, _) in enumerate(instructions) if name == "COPY" and "requirements" not in value]
    if not installed:
        return
    _, value, line = instructions[installed[0]]
    if copied and source and copied[0] < installed[0] < source[0]:
        yield Fact(
            file,
            Kind.REQUIREMENTS_FIRST,
            "",
            "COPY requirements.txt, then RUN pip install, then COPY the source",
            line,
            firm=True,
        )
    else:
        yield Fact(
            file, Kind.REQUIREMENTS_NOT_FIRST, "", f"RUN {value}, without COPY requirements.txt before it alone", line
        )


def _shell_form(value: str) -> tuple[str, bool]:
    """Return the command itself, from the list form, from `sh -c` and from behind `exec`; and if a shell reads it."""
    words: list[str] = []
    with suppress(ValueError):
        listed = json.loads(value)
        words = [str(word) for word in listed] if isinstance(listed, list) else []
    if words[:2] in (["sh", "-c"], ["/bin/sh", "-c"], ["bash", "-c"]):
        return " ".join(words[2:]).removeprefix("exec "), True
    return (shlex.join(words) if words else value).removeprefix("exec "), not words


def _command(file: str, command: str, in_shell: bool, line: int, shown: str) -> Iterator[Fact]:
    """Yield the program, the WSGI object and the options of a start command, and whether it listens on $PORT.

    Without a shell nothing fills the variable in.
    """
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise UnreadableError(line, "a command", f"{error}: {command}") from error
    if words:
        yield Fact(file, Kind.PROGRAM, words[0], shown, line)
    for word in words[1:]:
        if in_shell and ("$PORT" in word or "${PORT}" in word):
            yield Fact(file, Kind.PORT, "$PORT", shown, line, firm=True)
        elif _TARGET.fullmatch(word):
            yield Fact(file, Kind.SERVED_OBJECT, word, shown, line)
        elif word.startswith("--"):
            yield Fact(file, Kind.OPTION, word.partition("=")[0], shown, line)


def line_facts(file: str, text: str) -> Iterator[Fact]:
    """Yield each line of a list such as .dockerignore, whatever its order."""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if words and not words.startswith("#"):
            yield Fact(file, Kind.LINE, words, words, number)
