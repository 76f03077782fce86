"""Reads a Dockerfile into a launch plan, and lays out the files that the image would hold."""

from __future__ import annotations

import io
import json
import posixpath
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dockerfile_parse import DockerfileParser
from dockerfile_parse.parser import image_from
from dockerfile_parse.util import WordSplitter, get_key_val_dictionary

from localcloud.files.paths import format_name
from localcloud.launch.errors import LineError, located, mistake, read_text
from localcloud.launch.image_files import ImageFiles
from localcloud.launch.pip_install import read_run
from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.launch.requirements import check_includes

# "python:3.14-slim", also by its full name or from Google's mirror of Docker Hub.
_PYTHON_IMAGE = re.compile(r"(?:(?:docker\.io/|mirror\.gcr\.io/)?(?:library/)?)python(?::([\w.-]+))?(?:@sha256:\w+)?")
_ABSOLUTE_PATH = re.compile(r"(?<![\w.$}/-])/[\w.@%+,-]+(?:/[\w.@%+,-]+)*")
_WITH_DOCKER = "remove it to run the app here, or run the image with docker"
# The parser looks at each character by itself.
_MAX_BYTES = 100_000
# What a process on this machine can do without: documentation, and settings Cloud Run does not read.
_WITHOUT_EFFECT = frozenset({"EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "USER"})


@dataclass(frozen=True)
class _Instruction:
    name: str
    value: str
    line: int


def read_dockerfile(directory: Path, staging: Path) -> LaunchPlan:
    """Return the plan of a folder with a Dockerfile, whose files are laid out below `staging`.

    The copy is what keeps an app honest: a file that the Dockerfile forgets to COPY is missing here too. `staging`
    must be empty or not exist. Raises UserError, with the line, for a mistake and for any instruction that only
    a real image can follow.
    """
    file = directory / "Dockerfile"
    instructions = _instructions(file)
    staging.mkdir(parents=True, exist_ok=True)
    if any(staging.iterdir()):
        raise ValueError(f"{staging} is not empty")
    build = _Build(file, ImageFiles(directory, staging.absolute(), file.name))
    for position, instruction in enumerate(instructions):
        with located(file, instruction.line):
            try:
                build.follow(instruction, instructions[position + 1 :])
            except OSError as error:
                text = format_name(f"{instruction.name} {instruction.value}")
                raise LineError(f"{text}: cannot be followed here ({error.strerror})") from error
    return build.plan()


def _instructions(file: Path) -> list[_Instruction]:
    # dockerfile_parse ends a continued instruction at an empty line, which docker skips, and loses one that the file
    # ends in the middle of. An empty line made a comment, and one more line at the end, mend both.
    text = re.sub(r"^[ \t]*$", "#", read_text(file, _MAX_BYTES), flags=re.MULTILINE) + "\n\n"
    parsed = DockerfileParser(fileobj=io.BytesIO(text.encode())).structure
    return [
        _Instruction(entry["instruction"], entry["value"].strip(), entry["startline"] + 1)
        for entry in parsed
        if entry["instruction"] != "COMMENT"
    ]


class _Build:
    """Follows a Dockerfile's instructions one by one."""

    def __init__(self, file: Path, files: ImageFiles) -> None:
        self._file = file
        self._files = files
        self._directory = "/"
        self._has_base = False
        self._python: str | None = None
        self._global_args: dict[str, str] = {}  # those before FROM, which later ones of the same name inherit
        self._args: dict[str, str] = {}
        self._envs: dict[str, str] = {}
        self._directory_variables: set[str] = set()
        self._requirements: list[Path] = []
        self._packages: list[str] = []
        self._commands: dict[str, tuple[_Instruction, tuple[str, ...]]] = {}
        self._env_lines: dict[str, int] = {}
        self._line = 0
        self._later: Sequence[_Instruction] = ()
        self._follow: dict[str, Callable[[str], None]] = {
            "ADD": self._add,
            "ARG": self._arg,
            "COPY": self._copy,
            "ENV": self._env,
            "FROM": self._from,
            "RUN": self._run,
            "WORKDIR": self._workdir,
        }

    def follow(self, instruction: _Instruction, later: Sequence[_Instruction]) -> None:
        """Follow one instruction; `later` are those after it. Raises LineError if it cannot be followed."""
        name, value = instruction.name, instruction.value
        if not self._has_base and name not in ("FROM", "ARG"):
            raise LineError(f"{name} before FROM; begin with the image, such as FROM python:3.14-slim")
        if name in _WITHOUT_EFFECT:
            return
        if not value:
            raise LineError(f"{name} is empty")
        if name in ("ENTRYPOINT", "CMD"):
            self._commands[name] = (instruction, _command(name, value))
            return
        if name not in self._follow:
            raise LineError(f"localcloud cannot follow {name}; {_WITH_DOCKER}")
        if name != "FROM" and re.search(r"<<-?[\"']?\w", value):
            raise LineError(f"localcloud reads no here-document; write {name} on lines that end in \\")
        if found := re.search(r"\$\{\w+[^\w}][^}]*\}", value):
            raise LineError(f"localcloud does not work out {found[0]}; give the variable its value with ENV or ARG")
        self._line, self._later = instruction.line, later
        self._follow[name](value)

    def plan(self) -> LaunchPlan:
        """Return the plan, once every instruction is followed."""
        if not self._has_base:
            raise mistake(self._file, None, "expected FROM, found no instruction")
        command = self._command()
        for instruction, _ in self._commands.values():
            self._refuse_image_paths(instruction.name, instruction.value, instruction.line)
        for name, text in self._envs.items():
            if name not in self._directory_variables:
                self._refuse_image_paths(f"ENV {name}", text, self._env_lines[name])
        places = {name: str(self._files.place(self._envs[name])) for name in self._directory_variables}
        environment = {**self._envs, **places}
        # Cloud Run sets PORT itself, whatever the image says.
        environment.pop("PORT", None)
        return LaunchPlan(
            source=self._file,
            platform=Platform.CLOUD_RUN,
            directory=self._files.place(self._directory),
            command=command,
            python=self._python,
            environment=environment,
            requirements=tuple(self._requirements),
            packages=tuple(self._packages),
        )

    def _command(self) -> tuple[str, ...]:
        """Combine ENTRYPOINT and CMD (docs.docker.com/reference/dockerfile, "how CMD and ENTRYPOINT interact")."""
        entrypoint = self._commands["ENTRYPOINT"][1] if "ENTRYPOINT" in self._commands else ()
        cmd = self._commands["CMD"][1] if "CMD" in self._commands else ()
        shell_form = "ENTRYPOINT" in self._commands and not self._commands["ENTRYPOINT"][0].value.startswith("[")
        command = entrypoint if shell_form else entrypoint + cmd
        if not command:
            raise mistake(
                self._file,
                None,
                "expected an ENTRYPOINT or a CMD, found none: the container would end at once; "
                "add ENTRYPOINT exec gunicorn -b :$PORT main:app",
            )
        return command

    def _refuse_image_paths(self, where: str, text: str, line: int) -> None:
        """Refuse a command or variable that names a path of the image: this machine has none of that name."""
        for path in _ABSOLUTE_PATH.findall(text):
            if self._files.holds(path):
                raise mistake(
                    self._file,
                    line,
                    f"{where} names {path}, which is there in the image only; "
                    f"name it as seen from the working directory, {self._directory}",
                )

    def _from(self, value: str) -> None:
        if self._has_base:
            raise LineError(f"a second FROM makes a build in stages; {_WITH_DOCKER}")
        image = WordSplitter(image_from(value)[0] or "", args=self._global_args).dequote()
        found = _PYTHON_IMAGE.fullmatch(image)
        if not found:
            raise LineError(
                f'localcloud stands in for Python\'s own images, found "{image}"; '
                "write FROM python:3.14-slim, or run the image with docker"
            )
        self._has_base = True
        version = re.match(r"(\d+)(\.\d+)?", found[1] or "")
        if version:
            # Of the series without a minor version, 2 has come to its end and 3 goes on.
            self._python = {"2": "2.7", "3": None}.get(version[0], version[0])

    def _arg(self, value: str) -> None:
        for word in WordSplitter(value).split(dequote=False):
            name, equals, default = word.partition("=")
            if equals:
                self._args[name] = WordSplitter(default, args=self._args, envs=self._envs).dequote()
            elif name in self._global_args:
                self._args[name] = self._global_args[name]
        if not self._has_base:
            self._global_args, self._args = {**self._global_args, **self._args}, {}

    def _env(self, value: str) -> None:
        try:
            pairs = get_key_val_dictionary(value, env_replace=True, args=self._args, envs=self._envs)
        except ValueError as error:
            raise LineError(f'expected ENV NAME=VALUE, found "{value}"') from error
        if "PATH" in pairs:
            raise LineError(f"ENV PATH: localcloud puts the app's own programs on PATH; {_WITH_DOCKER}")
        self._envs.update(pairs)
        self._env_lines.update(dict.fromkeys(pairs, self._line))

    def _workdir(self, value: str) -> None:
        directory = WordSplitter(value, args=self._args, envs=self._envs).dequote()
        self._directory = posixpath.normpath(posixpath.join(self._directory, directory))
        self._files.make_directory(self._directory)
        # A variable that WORKDIR is made of is known to be a directory, so the app can be told where it is here.
        names = re.findall(r"\$\{?(\w+)", value)
        self._directory_variables.update(name for name in names if self._envs.get(name, "").startswith("/"))

    def _copy(self, value: str) -> None:
        words = self._words(value)
        while words and words[0].startswith("--"):
            flag = words.pop(0)
            # The files belong to whoever runs this, as does the process.
            if flag.partition("=")[0] not in ("--chown", "--link"):
                raise LineError(f"localcloud cannot follow COPY {flag}; {_WITH_DOCKER}")
        if len(words) < 2:
            raise LineError(f'expected COPY SOURCE DESTINATION, found "{value}"')
        self._files.copy(words[:-1], words[-1], self._directory)

    def _add(self, value: str) -> None:
        for word in self._words(value)[:-1]:
            if re.match(r"\w+://|git@", word) or re.search(r"\.(tar(\.\w+)?|tgz|tbz2?|txz)$", word):
                raise LineError(f"localcloud fetches and unpacks nothing: ADD {word}; put the files in the folder")
        self._copy(value)

    def _words(self, value: str) -> list[str]:
        if value.startswith("["):
            return _json_words(value) or []
        return list(WordSplitter(value, args=self._args, envs=self._envs).split())

    def _run(self, value: str) -> None:
        install = read_run(value, self._args, self._envs)
        for name in install.files:
            path = posixpath.join(self._directory, name)
            if not self._files.place(path).is_file():
                raise LineError(f"pip install reads {name}, {self._absence(path)}")
            check_includes(self._files.place(path), self._files.place("/"))
            self._requirements.append(self._files.place(path))
        self._packages += install.packages

    def _absence(self, path: str) -> str:
        """Say when the Dockerfile brings a file that is missing now. The build has failed, so it can be followed on."""
        for instruction in self._later:
            if instruction.name in ("ADD", "ARG", "COPY", "ENV", "WORKDIR"):
                with suppress(LineError):
                    self._follow[instruction.name](instruction.value)
            if self._files.place(path).is_file():
                return f"which is copied only on line {instruction.line}; copy it first"
        return f"which no line copies; add COPY {posixpath.basename(path)} . above"


def _command(name: str, value: str) -> tuple[str, ...]:
    """Return the argv of a command in exec form (a JSON list) or in shell form."""
    if not value.startswith("["):
        return ("/bin/sh", "-c", value)
    words = _json_words(value)
    if words is None:
        raise LineError(f'{name} {value} is not JSON, so docker gives it to a shell; write {name} ["a", "b"]')
    return tuple(words)


def _json_words(value: str) -> list[str] | None:
    with suppress(ValueError, RecursionError):
        words = json.loads(value)
        if all(isinstance(word, str) for word in words):
            if any("\0" in word for word in words):
                raise LineError(f"expected words without a NUL byte, found {value}")
            return list(words)
    return None
