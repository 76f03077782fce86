"""Checks that the commands in a page's console fences exist, and the files and modules that they name."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stderr
from functools import partial
from io import StringIO

from codelab.assess import Destination
from codelab.errors import CodelabError, Problem
from codelab.readme.course import Course
from codelab.readme.model import Page
from codelab.verify.gcloud import find_mistake, read_record

# Other programs that codelabs use, each with the options that codelabs use, as in its manual page.
_PROGRAMS: dict[str, set[str]] = {
    "cp": {"-r"},
    "curl": {"-A", "-H", "-X", "-i"},
    "diff": {"-r", "-ru"},
    "docker build": {"-t"},
    "docker buildx": set(),
    "docker run": {"--network", "--rm", "-e"},
    "git apply": {"--directory"},
    "mkdir": {"-p"},
    "modernize": {"-n", "-w"},
    "pip install": set(),
    "python3": {"-bb", "-m"},
    "pyupgrade": set(),
    "uv pip": {"--generate-hashes", "--no-header", "--output-file", "--python-platform", "--python-version"},
}
_TARGET = re.compile(r"^([a-z-]+):", re.MULTILINE)
_VARIABLE = re.compile(r"\$(?:\(call given,|\(|\$)([A-Z][A-Z0-9_]*)")
_MODULE_PATH = re.compile(r"(?:^|[=:])(mod\d+-[^=:]*)")


class CommandChecker:
    """Checks console commands; `checked` counts them. `parsers` read the arguments of this repository's programs."""

    def __init__(self, course: Course, parsers: Mapping[str, argparse.ArgumentParser]) -> None:
        self.checked = 0
        self._course = course
        makefile = (course.root / "Makefile").read_text(encoding="utf-8")
        self._targets = set(_TARGET.findall(makefile))
        self._variables = {*_VARIABLE.findall(makefile), "PYTHON"}
        _, self._gcloud = read_record()
        self._readers: dict[str, Callable[[list[str]], str | None]] = {
            "make": self._make,
            "gcloud": lambda words: find_mistake(words, self._gcloud),
        }
        for program, parser in parsers.items():
            self._readers[f".venv/bin/{program}"] = partial(_refusal, parser)

    def check(self, page: Page) -> Iterator[Problem]:
        """Yield a problem for each line of a console fence that is not a command, or names a missing file or module."""
        for fence in page.consoles:
            for number, line in fence.numbered_lines():
                self.checked += 1
                if mistake := self._mistake(line):
                    yield Problem(page.name, number, mistake)

    def _mistake(self, line: str) -> str | None:
        if not line.startswith("$ "):
            return f'begin each command with "$ ": "{line}"'
        try:
            program, *words = shlex.split(line[2:])
        except ValueError as error:
            return f"a shell cannot read this command ({error}): {line}"
        read = self._readers.get(program)
        return (read(words) if read else self._other(program, words)) or self._missing_path(words)

    def _make(self, words: list[str]) -> str | None:
        values = dict(word.partition("=")[::2] for word in words if "=" in word)
        for target in (word for word in words if "=" not in word):
            if target not in self._targets:
                return f'the Makefile has no target "{target}"'
        for variable in values:
            if variable not in self._variables:
                return f"the Makefile has no variable {variable}"
        if "FROM" in values and "diff" not in words:
            return f"FROM is for make diff alone; write MOD={values.get('MOD', '')}/{values['FROM']}"
        module, _, start = values.get("MOD", self._course.modules[0]).partition("/")
        if module not in self._course.modules:
            return f"MOD={module} is not a module; the modules are {', '.join(self._course.modules)}"
        if start:
            try:
                self._course.track(values["MOD"])
            except CodelabError as error:
                return f"MOD={error}"
        if "record" in words:  # its TO is any file
            values.pop("TO", None)
        return self._mistake_in_folders(module, values) if "assess" not in words else _mistake_in_destination(values)

    def _mistake_in_folders(self, module: str, values: Mapping[str, str]) -> str | None:
        folders = [name for variable in ("SIDE", "FROM", "TO") for name in values.get(variable, "").split()]
        known = {path.name for path in (self._course.root / module).iterdir() if path.is_dir()}
        known.add("work")
        strange = [name for name in folders if name not in known and not name.isdecimal()]
        return f"{module} has no folder {', '.join(strange)}" if strange else None

    def _other(self, program: str, words: list[str]) -> str | None:
        name = next((known for known in (f"{program} {''.join(words[:1])}", program) if known in _PROGRAMS), None)
        if name is None:
            return f"codelabs do not use {program}; they use {', '.join(sorted(_PROGRAMS))}"
        options = {word.partition("=")[0] for word in words if word.startswith("-")}
        strange = sorted(options - _PROGRAMS[name])
        return f"codelabs do not use {', '.join(strange)} of {name}" if strange else None

    def _missing_path(self, words: list[str]) -> str | None:
        """Return what is wrong with a path into a module; those into work/ are the learner's."""
        for word in words:
            path = _MODULE_PATH.search(word)
            if path and not word.startswith("MOD=") and not (self._course.root / path[1]).exists():
                return f"{path[1]} does not exist"
        return None


def _mistake_in_destination(values: Mapping[str, str]) -> str | None:
    name = values.get("TO", Destination.APP_ENGINE.value)
    known = [place.value for place in Destination]
    return None if name in known else f"TO={name} is no destination of make assess; it takes {', '.join(known)}"


def _refusal(parser: argparse.ArgumentParser, words: list[str]) -> str | None:
    """Return the error of a command's own parser for these words, None if it accepts them."""
    output = StringIO()
    try:
        with redirect_stderr(output):
            parser.parse_args(words)
    except SystemExit as end:
        if end.code:
            return f"{parser.prog} does not accept this command: {output.getvalue().strip().splitlines()[-1]}"
    return None
