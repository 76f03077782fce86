"""Plan the run of a folder with a Dockerfile, and copy the files that the image would hold."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from localcloud.deployment.dockerfile import (
    Dockerfile,
    Instruction,
    StartCommand,
    Variables,
    read_dockerfile,
    read_image,
)
from localcloud.files.paths import format_name
from localcloud.launch.errors import FileError, LineError, NotFollowedError, name_place, read_text
from localcloud.launch.image_files import ImageFiles
from localcloud.launch.packages import MissingError, check_paths
from localcloud.launch.pip_install import read_run
from localcloud.launch.plan import LaunchPlan, LocalPackages, Platform
from localcloud.launch.run_commands import Mount, NewFolders, RunRight, read_mode

# "python:3.14-slim", also by its full name or from Google's mirror of Docker Hub.
_PYTHON_IMAGE = re.compile(r"(?:(?:docker\.io/|mirror\.gcr\.io/)?(?:library/)?)python(?::([\w.-]+))?(?:@sha256:\w+)?")
_ABSOLUTE_PATH = re.compile(r"(?<![\w.$}/-])/[\w.@%+,-]+(?:/[\w.@%+,-]+)*")
_WITH_DOCKER = "remove it to run the app here, or run the image with docker"
# Variables are put in character by character, so a longer file would take long.
_MAX_BYTES = 100_000
_PYTHON_PATH = "PYTHONPATH"
# What a process on this machine can do without: documentation, and settings that Cloud Run does not read.
_WITHOUT_EFFECT = frozenset({"EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "STOPSIGNAL", "USER", "VOLUME"})


def plan_container(directory: Path, staging: Path) -> LaunchPlan:
    """Return the plan of a folder with a Dockerfile, whose files are copied to `staging`.

    The app runs on the copy, so that a file which the Dockerfile forgets to COPY is missing here too. `staging` must be
    empty or not exist. Raises UserError, with the line, for an error in the Dockerfile and for any instruction that
    only a real image can follow.
    """
    file = directory / "Dockerfile"
    with name_place(file):
        dockerfile = read_dockerfile(read_text(file, _MAX_BYTES))
    staging.mkdir(parents=True, exist_ok=True)
    if any(staging.iterdir()):
        raise ValueError(f"{staging} is not empty")
    build = _Build(file, dockerfile, ImageFiles(directory, staging.absolute(), file.name))
    for position, instruction in enumerate(dockerfile.instructions):
        with name_place(file, instruction.line):
            try:
                build.follow(instruction, dockerfile.instructions[position + 1 :])
            except OSError as error:
                text = format_name(f"{instruction.name} {instruction.value}")
                raise LineError(f"{text}: this failed ({error.strerror}); {_WITH_DOCKER}") from error
    return build.plan()


class _Build:
    """Follows a Dockerfile's instructions one by one."""

    def __init__(self, file: Path, dockerfile: Dockerfile, files: ImageFiles) -> None:
        self._file = file
        self._dockerfile = dockerfile
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
        self._local_packages: LocalPackages | None = None
        self._env_lines: dict[str, int] = {}
        self._later: Sequence[Instruction] = ()
        self._follow: dict[str, Callable[[Instruction], None]] = {
            "ADD": self._add,
            "ARG": self._arg,
            "CMD": self._check_command,
            "COPY": self._copy,
            "ENTRYPOINT": self._check_command,
            "ENV": self._env,
            "FROM": self._from,
            "RUN": self._run,
            "WORKDIR": self._workdir,
        }

    def follow(self, instruction: Instruction, later: Sequence[Instruction]) -> None:
        """Follow one instruction; `later` are those after it. Raises LineError if it cannot be followed."""
        name, value = instruction.name, instruction.value
        if not self._has_base and name not in ("FROM", "ARG"):
            raise LineError(f"{name} before FROM; begin with the image, such as FROM python:3.14-slim")
        if name in _WITHOUT_EFFECT:
            return
        if not value:
            raise LineError(f"{name} is empty; write its value or remove it")
        if name not in self._follow:
            raise NotFollowedError(f"localcloud does not support {name}; {_WITH_DOCKER}")
        if instruction.heredocs:
            raise NotFollowedError(
                f"localcloud does not read here-documents; write {name} on lines that end in {self._dockerfile.escape}"
            )
        if name not in ("CMD", "ENTRYPOINT") and (found := re.search(r"\$\{\w+[^\w}][^}]*\}", value)):
            raise NotFollowedError(
                f"localcloud does not support {found[0]}; set the variable with ENV or ARG and use its plain name"
            )
        self._later = later
        self._follow[name](instruction)

    def plan(self) -> LaunchPlan:
        """Return the plan, once every instruction is followed."""
        if not self._has_base:
            raise FileError(self._file, None, "there is no FROM; begin with the image, such as FROM python:3.14-slim")
        start = self._dockerfile.find_start_command()
        if not start.words:
            raise FileError(
                self._file,
                None,
                "there is no ENTRYPOINT and no CMD, so the container would end at once; "
                "add ENTRYPOINT exec gunicorn -b :$PORT main:app",
            )
        self._refuse_image_paths(start)
        places = {name: str(self._files.locate(self._envs[name])) for name in self._directory_variables}
        environment = {**self._envs, **places}
        if path := self._envs.get(_PYTHON_PATH):
            environment[_PYTHON_PATH] = os.pathsep.join(map(self._locate_import_folder, path.split(":")))
        # Cloud Run sets PORT itself, whatever the image says.
        environment.pop("PORT", None)
        return LaunchPlan(
            source=self._file,
            platform=Platform.CLOUD_RUN,
            directory=self._files.locate(self._directory),
            command=start.words,
            python=self._python,
            environment=environment,
            requirements=tuple(self._requirements),
            packages=tuple(self._packages),
            local_packages=self._local_packages,
        )

    def _refuse_image_paths(self, start: StartCommand) -> None:
        """Refuse a command or variable that names a path of the image: this machine has none of that name."""
        texts = [(part.name, part.value, part.line) for part in (start.entrypoint, start.cmd) if part]
        texts += [
            (f"ENV {name}", text, self._env_lines[name])
            for name, text in self._envs.items()
            if name not in self._directory_variables and name != _PYTHON_PATH
        ]
        for where, text, line in texts:
            for path in _ABSOLUTE_PATH.findall(text):
                if self._files.holds(path):
                    raise FileError(
                        self._file,
                        line,
                        f"{where} names {path}, which exists in the image only; "
                        f"name it as seen from the working directory, {self._directory}",
                    )

    def _locate_import_folder(self, path: str) -> str:
        return str(self._files.locate(path)) if path.startswith("/") and self._files.holds(path) else path

    @property
    def _variables(self) -> Variables:
        return self._dockerfile.variables({**self._args, **self._envs})

    def _from(self, instruction: Instruction) -> None:
        if self._has_base:
            raise NotFollowedError(
                f"localcloud does not support multi-stage builds, and this is a second FROM; {_WITH_DOCKER}"
            )
        image = read_image(instruction.value, self._dockerfile.variables(self._global_args))
        found = _PYTHON_IMAGE.fullmatch(image)
        if not found:
            raise NotFollowedError(
                f'localcloud runs Python\'s own images only, not "{image}"; '
                "write FROM python:3.14-slim, or run the image with docker"
            )
        self._has_base = True
        version = re.match(r"(\d+)(\.\d+)?", found[1] or "")
        if version:
            # Of the tags without a minor version, 2 stays at the last one and 3 moves on.
            self._python = {"2": "2.7", "3": None}.get(version[0], version[0])

    def _arg(self, instruction: Instruction) -> None:
        variables = self._variables if self._has_base else self._dockerfile.variables(self._global_args)
        for name, default in variables.read_arguments(instruction.value).items():
            if default is not None:
                self._args[name] = default
            elif name in self._global_args:
                self._args[name] = self._global_args[name]
        if not self._has_base:
            self._global_args, self._args = {**self._global_args, **self._args}, {}

    def _env(self, instruction: Instruction) -> None:
        try:
            pairs = self._variables.read_pairs(instruction.value)
        except ValueError as error:
            raise LineError(f'"ENV {instruction.value}" sets no variable; write ENV NAME=VALUE') from error
        if "PATH" in pairs:
            raise NotFollowedError(f"ENV PATH: localcloud puts the app's own programs on PATH; {_WITH_DOCKER}")
        self._envs.update(pairs)
        self._env_lines.update(dict.fromkeys(pairs, instruction.line))

    def _workdir(self, instruction: Instruction) -> None:
        directory = self._variables.expand(instruction.value)
        self._directory = posixpath.normpath(posixpath.join(self._directory, directory))
        self._files.make_directory(self._directory)
        # A variable in WORKDIR is known to be a directory, so the app can get the directory's place on this machine.
        names = re.findall(r"\$\{?(\w+)", instruction.value)
        self._directory_variables.update(name for name in names if self._envs.get(name, "").startswith("/"))

    def _copy(self, instruction: Instruction) -> None:
        words = self._words(instruction)
        runs: bool | None = None
        while words and words[0].startswith("--"):
            flag = words.pop(0)
            name, _, setting = flag.partition("=")
            if name == "--chmod":
                runs = read_mode(setting)
            # The files have the owner of this process, whatever --chown says.
            elif name not in ("--chown", "--link"):
                raise NotFollowedError(f"localcloud does not support COPY {flag}; {_WITH_DOCKER}")
        if len(words) < 2:
            name, value = instruction.name, instruction.value
            raise LineError(f'"{name} {value}" has no destination; write {name} SOURCE DESTINATION')
        self._files.copy(words[:-1], words[-1], self._directory, runs)

    def _add(self, instruction: Instruction) -> None:
        for word in self._words(instruction)[:-1]:
            if re.match(r"\w+://|git@", word) or re.search(r"\.(tar(\.\w+)?|tgz|tbz2?|txz)$", word):
                raise NotFollowedError(
                    f"ADD {word}: localcloud neither downloads nor unpacks; put the files in the folder"
                )
        self._copy(instruction)

    def _words(self, instruction: Instruction) -> list[str]:
        if instruction.value.startswith("["):
            return list(_exec_form(instruction) or ())
        return self._variables.split(instruction.value)

    def _run(self, instruction: Instruction) -> None:
        install = read_run(instruction, {**self._args, **self._envs})
        for command in install.file_commands:
            self._follow_file_command(command)
        for name in install.files:
            path = posixpath.join(self._directory, name)
            if mounted := self._find_mounted(path, install.mounts):
                if check_paths(mounted, self._file.parent, self._file.parent):
                    raise LineError(f"{name} names a package by path in a mount; copy it into the image to run it here")
                self._requirements.append(mounted)
                continue
            if not self._files.locate(path).is_file():
                raise LineError(f"pip install reads {name}, {self._explain_absence(path)}")
            self._requirements.append(self._files.locate(path))
            try:
                places = check_paths(self._requirements[-1], *self._places)
            except MissingError as error:
                missing = f"/{error.place.relative_to(self._files.locate('/'))}"
                raise LineError(f"{name} names {error.path}, {self._explain_absence(missing)}") from error
            self._add_places(places)
        self._packages += install.packages
        for name, extras in install.paths:
            self._install_path(name, extras)

    def _follow_file_command(self, command: NewFolders | RunRight) -> None:
        paths = [posixpath.join(self._directory, path) for path in command.paths]
        if isinstance(command, NewFolders):
            for path in paths:
                self._files.make_directory(posixpath.normpath(path))
        elif command.allowed is not None:
            for path in paths:
                self._files.allow_to_run(path, command.allowed)

    def _find_mounted(self, path: str, mounts: Sequence[Mount]) -> Path | None:
        """Return the file of the context that a RUN's mount puts at a path of the image, None without such a mount."""
        path = posixpath.normpath(path)
        for mount in mounts:
            target = posixpath.normpath(posixpath.join(self._directory, mount.target))
            if path == target or path.startswith(f"{target.rstrip('/')}/"):
                file = self._files.find_source(posixpath.join(mount.source, posixpath.relpath(path, target)))
                return file if file.is_file() else None
        return None

    def _install_path(self, name: str, extras: str) -> None:
        path = posixpath.join(self._directory, name)
        place = self._files.locate(path)
        below = "/pyproject.toml" if place.is_dir() and not (place / "setup.py").exists() else ""
        if not self._files.locate(path + below).exists():
            raise LineError(f"pip install reads {name}{below}, {self._explain_absence(path + below)}")
        self._add_places([place])
        # From the working directory, since the root of the image has another name here.
        self._packages.append("./" + os.path.relpath(place, self._places[1]) + extras)

    @property
    def _places(self) -> tuple[Path, Path]:
        """The root and the working directory of the image, on this machine."""
        return self._files.locate("/"), self._files.locate(self._directory)

    def _add_places(self, places: Sequence[Path]) -> None:
        if not places:
            return
        root, directory = self._places
        known = self._local_packages or LocalPackages(root, directory, ())
        if known.directory != directory:
            raise NotFollowedError(f"localcloud installs packages by path from one WORKDIR only; {_WITH_DOCKER}")
        self._local_packages = replace(known, places=tuple(dict.fromkeys((*known.places, *places))))

    def _explain_absence(self, path: str) -> str:
        """Say which later line brings a file that is missing now.

        The build has failed, so its state does not matter any more and the later lines can be followed.
        """
        for instruction in self._later:
            if instruction.name in ("ADD", "ARG", "COPY", "ENV", "WORKDIR"):
                with suppress(LineError):
                    self._follow[instruction.name](instruction)
            if self._files.locate(path).exists():
                return f"which is copied only on line {instruction.line}; copy it first"
        return f"which no line copies; add COPY {posixpath.basename(path)} . above"

    def _check_command(self, instruction: Instruction) -> None:
        if instruction.value.startswith("[") and _exec_form(instruction) is None:
            name, value = instruction.name, instruction.value
            raise LineError(f'{name} {value} is not JSON, so docker gives it to a shell; write {name} ["a", "b"]')


def _exec_form(instruction: Instruction) -> tuple[str, ...] | None:
    words = instruction.words
    if words and any("\0" in word for word in words):
        raise LineError(f"there is a NUL byte in {instruction.name} {instruction.value}; remove it")
    return words
