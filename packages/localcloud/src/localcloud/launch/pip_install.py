"""Read the RUN of a Dockerfile: `pip install`, and the commands of `run_commands`."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dockerfile_parse.util import WordSplitter
from packaging.requirements import InvalidRequirement, Requirement

from localcloud.deployment.dockerfile import Instruction
from localcloud.deployment.requirements import Requirement as LocatedRequirement
from localcloud.deployment.requirements import read_requirements
from localcloud.files.paths import format_name
from localcloud.launch.errors import LineError, NotFollowedError
from localcloud.launch.packages import path_of
from localcloud.launch.run_commands import Mount, NewFolders, RunRight, read_file_command, read_mounts, split_flags

_PIP = re.compile(r"pip[23]?(\.\d+)?")
_PYTHON = re.compile(r"python[23]?(\.\d+)?")
_WITH_VALUE = frozenset({"--default-timeout", "--progress-bar", "--retries", "--root-user-action", "--timeout"})
# Options that change how pip works and what it prints, not what it installs.
_HARMLESS = _WITH_VALUE | {
    "--break-system-packages",
    "--compile",
    "--disable-pip-version-check",
    "--ignore-installed",
    "--no-cache-dir",
    "--no-compile",
    "--no-input",
    "--no-warn-script-location",
    "--prefer-binary",
    "--quiet",
    "--require-hashes",
    "--upgrade",
    "--user",
    "--verbose",
    "-I",
    "-U",
    "-q",
    "-v",
}
# Tools of the image. The app's environment here is made without them.
_INSTALLERS = frozenset({"pip", "wheel"})
_DOCKER = "remove it to run the app here, or run the image with docker"


@dataclass
class PipInstall:
    """The packages that a RUN installs: requirements `files`, as they are written after -r, specifiers, and paths.

    `paths` are of packages in the image, such as ".", each with its extras, such as "[web]". `mounts` bring files for
    this RUN alone. `file_commands` are what else it does, in order.
    """

    files: list[str] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)
    paths: list[tuple[str, str]] = field(default_factory=list)
    mounts: list[Mount] = field(default_factory=list)
    file_commands: list[NewFolders | RunRight] = field(default_factory=list)


def read_run(instruction: Instruction, variables: Mapping[str, str]) -> PipInstall:
    """Return what a RUN instruction does, with the build's ARG and ENV values put in.

    Raises LineError for any other command, and for options that choose other packages than the files name.
    """
    flags, text = split_flags(instruction.value)
    install = PipInstall(mounts=read_mounts(WordSplitter(flags, envs=variables).split()))
    for command in _commands(Instruction(instruction.line, instruction.name, text), variables):
        _read_command(command, install)
    return install


def _commands(instruction: Instruction, variables: Mapping[str, str]) -> Iterator[list[str]]:
    if instruction.value.startswith("["):
        if instruction.words is None:
            text = format_name(instruction.value)
            raise LineError(f"RUN {text}: this is not a list of words in double quotes; write it as JSON")
        if any("\0" in word for word in instruction.words):
            raise LineError(f"there is a NUL byte in RUN {format_name(instruction.value)}; remove it")
        yield list(instruction.words)
        return
    text = instruction.value
    # A shell reads the rest, so the backslash escapes here whatever the Dockerfile's escape character is.
    expanded = "".join(WordSplitter(text, envs=variables).split(maxsplit=0, dequote=False))
    lexer = shlex.shlex(expanded, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = list(lexer)
    except ValueError as error:
        raise LineError(f"RUN {text}: {str(error).lower()}") from error
    command: list[str] = []
    for word in words:
        if word == "&&":
            yield command
            command = []
        elif word.startswith(("<", ">")):
            raise LineError(f'the shell reads "{word}" as a redirection; quote the requirement that it is part of')
        elif word.startswith(tuple("();|&")):
            raise NotFollowedError(
                f'RUN with "{word}": localcloud runs no shell at build time, only pip install; {_DOCKER}'
            )
        else:
            command.append(word)
    yield command


def _read_command(command: list[str], install: PipInstall) -> None:
    words = command[:]
    if len(words) > 2 and _PYTHON.fullmatch(words[0]) and words[1] == "-m":
        words = words[2:]
    if len(words) < 2 or not _PIP.fullmatch(words[0]) or words[1] != "install":
        try:
            if found := read_file_command(words):
                install.file_commands.append(found)
        except (KeyError, IndexError) as error:
            raise NotFollowedError(f"RUN {shlex.join(command)}: localcloud runs only pip install; {_DOCKER}") from error
        return
    rest = iter(words[2:])
    for word in rest:
        option, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        if option in ("-r", "--requirement"):
            install.files.append(value if equals else next(rest, "no file"))
        elif option in ("-e", "--editable"):
            _add_path(value if equals else next(rest, ""), install)
        elif option in _HARMLESS:
            if option in _WITH_VALUE and not equals:
                next(rest, None)
        elif option.startswith("-r"):
            install.files.append(option[2:])
        elif option.startswith("-"):
            raise LineError(
                f"pip install {option} changes which packages are installed; write what the app needs in a "
                "requirements file and install that"
            )
        else:
            _add_package(word, install)


def _add_path(word: str, install: PipInstall) -> None:
    (entry,) = read_requirements(f"-e {shlex.quote(word)}") or (None,)
    path = path_of(entry) if entry else None
    if not isinstance(entry, LocatedRequirement) or path is None:
        raise NotFollowedError(f"pip install {word}: localcloud installs no package from such a place; {_DOCKER}")
    install.paths.append((path, f"[{','.join(sorted(entry.extras))}]" if entry.extras else ""))


def _add_package(word: str, install: PipInstall) -> None:
    if re.match(r"\.|[\w.-]*/|file:", word) or word.endswith((".whl", ".zip", ".tar.gz")):
        _add_path(word, install)
        return
    try:
        requirement = Requirement(word)
    except InvalidRequirement as error:
        raise NotFollowedError(
            f'pip install {word}: this is neither a package such as "gunicorn==23.0.0" nor -r FILE; {_DOCKER}'
        ) from error
    if requirement.name not in _INSTALLERS:
        install.packages.append(word)
