"""Facts of the files that a platform reads: app.yaml, Dockerfile, Procfile, requirements.txt and lists of names.

The files are read by `localcloud.deployment`, as the launcher reads them.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from codelab.check.facts.fact import Fact, Kind, UnreadableError, line_of, quoted
from localcloud.deployment import TextError
from localcloud.deployment.dockerfile import Dockerfile, Instruction, read_dockerfile
from localcloud.deployment.procfile import read_procfile
from localcloud.deployment.python_version import read_python_version
from localcloud.deployment.requirements import Requirement, read_requirements
from localcloud.deployment.yaml_lines import YamlLines

# Values that a learner replaces by their own: addresses, and names in a project.
_PLACEHOLDER = re.compile(r"[A-Z]+(_[A-Z]+)+|projects/.*")
_TARGET = re.compile(r"[\w.]+:\w+")
# The parts of a command, to find the comment at its end: a "#" that begins a word outside quotes.
_COMMAND_PART = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*"|(?P<comment>(?:^|(?<=\s))#.*)|.""", re.DOTALL)
# $PORT, ${PORT}, ${PORT:-8080}
_PORT = re.compile(r"\$(?:PORT\b|\{PORT\b)")
# Servers that listen where their options say, and nowhere else.
_SERVERS = ("flask", "hypercorn", "uvicorn", "waitress-serve")
_SHELLS = ("sh", "/bin/sh", "bash", "/bin/bash")


def yaml_facts(file: str, text: str) -> Iterator[Fact]:
    """Yield each key of a YAML file with its value, and the items of its lists, whose order does not count."""
    try:
        yaml = YamlLines(text)
    except TextError as error:
        problem = quoted(line_of(text, error.line), error.problem) if error.line else error.problem
        raise UnreadableError(error.line, f"not valid YAML: {problem}") from error
    if not yaml.keys:
        raise UnreadableError(1, "there are no keys in it; write lines such as KEY: VALUE")
    try:
        yield from _keys(file, yaml, yaml.keys, ())
    except ValueError as error:  # a number of more digits than Python writes
        raise UnreadableError(0, f"not valid YAML: a value cannot be read ({error})") from error


def _keys(file: str, yaml: YamlLines, node: CommentedMap, path: tuple[str | int, ...]) -> Iterator[Fact]:
    for key, value in node.items():
        here = (*path, key)
        name = ".".join(map(str, here))
        line = yaml.line(*here)
        words = line_of(yaml.text, line).partition(" #")[0].strip()
        # A variable may have another name, or none if the code needs none: the app and its reads of variables decide.
        firm = not name.startswith("env_variables")
        yield Fact(file, Kind.KEY, name, words, line, firm=firm)
        if isinstance(value, CommentedMap):
            yield from _keys(file, yaml, value, here)
        elif isinstance(value, CommentedSeq):
            for number, item in enumerate(value):
                content = json.dumps(_plain(item), sort_keys=True)
                shown = "- " + (", ".join(f"{k}: {v}" for k, v in item.items()) if isinstance(item, dict) else content)
                yield Fact(file, Kind.ITEM, f"{name} {content}", shown, yaml.line(*here, number), firm=True)
        elif name == "entrypoint":
            yield from _command(file, str(value), line, words)
        elif not _PLACEHOLDER.fullmatch(str(value)):
            yield Fact(file, Kind.VALUE, f"{name} {value}", words, line, firm=firm)


def _plain(value: object) -> object:
    """Return a value as JSON can write it: keys and values of other types become text."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (bool, int, float, str, type(None))) else str(value)


def requirements_facts(file: str, text: str) -> Iterator[Fact]:
    """Yield each package that has a name, and the version that it is pinned to."""
    for entry in read_requirements(text):
        if not isinstance(entry, Requirement):
            continue
        if entry.problem:
            raise UnreadableError(entry.line, f'"{entry.text}" is not a requirement; write one such as Flask==3.1.3')
        if entry.name:
            yield Fact(file, Kind.PACKAGE, entry.name, entry.text, entry.line, firm=True)
        for version in entry.versions:
            yield Fact(file, Kind.VERSION, f"{entry.name} {version}", entry.text, entry.line)


def procfile_facts(file: str, text: str) -> Iterator[Fact]:
    """Yield each process type and what its command says."""
    try:
        processes = read_procfile(text)
    except TextError as error:
        raise UnreadableError(error.line, error.problem) from error
    for process in processes:
        words = line_of(text, process.line)
        yield Fact(file, Kind.PROCESS, process.name, words, process.line, firm=True)
        yield from _command(file, process.command, process.line, words)


def dockerfile_facts(file: str, text: str) -> Iterator[Fact]:
    """Yield the base image, the start command, and whether the requirements come before the source."""
    try:
        dockerfile = read_dockerfile(text)
    except TextError as error:
        raise UnreadableError(error.line, error.problem) from error
    yield from _order(file, dockerfile.instructions)
    if base := dockerfile.find_base_image():
        yield Fact(file, Kind.BASE_IMAGE, base[1].partition("@")[0], _words(base[0]), base[0].line)
    for instruction in dockerfile.instructions:
        if _copies(instruction) and "requirements.txt" not in instruction.value:
            yield Fact(file, Kind.SOURCE_COPIED, "", _words(instruction), instruction.line)
    yield from _start_command(file, dockerfile)


def _start_command(file: str, dockerfile: Dockerfile) -> Iterator[Fact]:
    """Yield what the image's ENTRYPOINT and CMD start together."""
    start = dockerfile.find_start_command()
    for part, _ in start.parts:
        yield Fact(file, Kind.START_COMMAND, "", _words(part), part.line, firm=True)
    if start.words[:1] and start.words[0] in _SHELLS and start.words[1:2] == ("-c",):
        part = start.parts[0][0]
        yield from _command(file, " ".join(start.words[2:]), part.line, _words(part))
        return
    # Without a shell nothing replaces $PORT.
    is_program = True
    for part, words in start.parts:
        yield from _command_words(file, words, part.line, _words(part), in_shell=False, is_program=is_program)
        is_program = is_program and not words


def _order(file: str, instructions: Sequence[Instruction]) -> Iterator[Fact]:
    """Yield one fact if requirements.txt is copied, then installed from, and the source is copied last."""
    copied = [at for at, each in enumerate(instructions) if _copies(each) and "requirements" in each.value]
    source = [at for at, each in enumerate(instructions) if _copies(each) and "requirements" not in each.value]
    installed = [at for at, each in enumerate(instructions) if each.name == "RUN" and "requirements" in _script(each)]
    if not installed:
        return
    install = instructions[installed[0]]
    if copied and source and copied[0] < installed[0] < source[0]:
        words = "COPY requirements.txt, then RUN pip install, then COPY the source"
        yield Fact(file, Kind.REQUIREMENTS_FIRST, "", words, install.line, firm=True)
    else:
        words = f"{_words(install)}, without COPY requirements.txt before it alone"
        yield Fact(file, Kind.REQUIREMENTS_NOT_FIRST, "", words, install.line)


def _copies(instruction: Instruction) -> bool:
    """Return whether an instruction copies files of the folder; one with here-documents brings its own."""
    return instruction.name in ("ADD", "COPY") and not instruction.heredocs


def _script(instruction: Instruction) -> str:
    return instruction.value + "".join(heredoc.content for heredoc in instruction.heredocs)


def _words(instruction: Instruction) -> str:
    return f"{instruction.name} {instruction.value}"


def _command(file: str, command: str, line: int, shown: str) -> Iterator[Fact]:
    """Yield what a shell's command starts; `exec` before it makes no difference."""
    try:
        words = shlex.split(_without_comment(command))
    except ValueError as error:
        problem = str(error).lower()
        raise UnreadableError(line, f"a shell cannot read the command {quoted(command, problem)}") from error
    words = words[1:] if words[:1] == ["exec"] else words
    yield from _command_words(file, words, line, shown, in_shell=True, is_program=True)


def _without_comment(command: str) -> str:
    parts = []
    for part in _COMMAND_PART.finditer(command):
        if part["comment"]:
            break
        parts.append(part[0])
    return "".join(parts)


def _command_words(
    file: str, words: Sequence[str], line: int, shown: str, *, in_shell: bool, is_program: bool
) -> Iterator[Fact]:
    """Yield the program, the WSGI object and the options of a start command, and whether it listens on $PORT."""
    if is_program and words:
        yield Fact(file, Kind.PROGRAM, words[0], shown, line)
        if _may_read_port(words):
            yield Fact(file, Kind.PORT, "$PORT", shown, line, firm=True)
    for word in words[is_program:]:
        if in_shell and _PORT.search(word):
            yield Fact(file, Kind.PORT, "$PORT", shown, line, firm=True)
        elif _TARGET.fullmatch(word):
            yield Fact(file, Kind.SERVED_OBJECT, word, shown, line)
        elif word.startswith("--"):
            yield Fact(file, Kind.OPTION, word.partition("=")[0], shown, line)


def _may_read_port(words: Sequence[str]) -> bool:
    """Return whether the program may read PORT itself: gunicorn does, a script may, and the app will show it."""
    program = words[0].rpartition("/")[2]
    if program == "gunicorn":
        return not any(re.match(r"-b|--bind", word) for word in words[1:])
    return program not in _SERVERS


def python_version_facts(file: str, text: str) -> Iterator[Fact]:
    """Yield the version of Python that .python-version or runtime.txt asks for."""
    if version := read_python_version(text):
        yield Fact(file, Kind.LINE, version.text, version.text, version.line, firm=True)


def line_facts(file: str, text: str) -> Iterator[Fact]:
    """Yield each line of a list such as .dockerignore, whose order does not count."""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip()
        if words and not words.startswith("#"):
            yield Fact(file, Kind.LINE, words, words, number)
