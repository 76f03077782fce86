"""Read requirements.txt as pip does: continued lines, comments, options, packages by name, path or address.

The format is described at https://pip.pypa.io/en/stable/reference/requirements-file-format/.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from packaging import requirements
from packaging.utils import canonicalize_name

_COMMENT = re.compile(r"(^|\s+)#.*$")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_EGG = re.compile(r"#(?:.*&)?egg=([A-Za-z0-9][A-Za-z0-9._-]*)")
# Not a name: a path with a slash or a leading dot, or an address such as https: or git+ssh:
_LOCATION = re.compile(r"\.|[\w.-]*/|[A-Za-z][\w+.-]*:")
# pip takes a name like this for a file in the current folder.
_ARCHIVE = re.compile(r"\S+\.(whl|zip|tar\.gz|tar\.bz2|tgz)(?=\s*(;|$))")
# Behind a location: extras, and the environments that it is for.
_BEHIND_LOCATION = re.compile(r"(\[(?P<extras>[^\]]*)\])?\s*(;.*)?$")
# What follows these options is their value, with or without "=". The short names stand for the long ones.
_SHORT_NAMES = {
    "-c": "--constraint",
    "-e": "--editable",
    "-f": "--find-links",
    "-i": "--index-url",
    "-r": "--requirement",
}
_WITH_VALUE = {
    *_SHORT_NAMES.values(),
    "--extra-index-url",
    "--no-binary",
    "--only-binary",
    "--trusted-host",
    "--use-feature",
}


@dataclass(frozen=True)
class Option:
    """An option of pip, by its long name: ("--requirement", "more.txt"). The value is "" if there is none."""

    line: int
    text: str
    name: str
    value: str


@dataclass(frozen=True)
class Requirement:
    """A package that pip is to install.

    `text` is the line without comments and without its own options, such as --hash. `name` is in lower case with "-"
    between words; it is "" if only a download could show it. `versions` are the pinned ones (`==`). `location` is the
    path or the address that the package comes from, "" for a package by name. `problem` says why pip will refuse the
    line, "" if it will not.
    """

    line: int
    text: str
    name: str
    extras: frozenset[str] = frozenset()
    versions: tuple[str, ...] = ()
    location: str = ""
    problem: str = ""


def read_requirements(text: str) -> list[Option | Requirement]:
    """Return what each line asks for, in the order of the file."""
    return [entry for number, line in _logical_lines(text.removeprefix("\ufeff")) for entry in _read_line(number, line)]


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield each line without comments. One that ends in a backslash is joined with the next, unless it is a comment.

    The number is that of the first line.
    """
    begun, start = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        is_comment = _COMMENT.match(line)
        begun += f" {line}" if is_comment else line.rstrip("\\")
        start = start or number
        if is_comment or not line.endswith("\\"):
            yield start, _COMMENT.sub("", begun).strip()
            begun, start = "", 0
    yield start, _COMMENT.sub("", begun).strip()


def _read_line(number: int, line: str) -> Iterator[Option | Requirement]:
    if line.startswith("-"):
        for name, value in _options(line):
            if name == "--editable":
                yield _read_location(number, line, value)
            else:
                yield Option(number, line, name, value)
    elif line:
        yield _read_requirement(number, re.split(r"\s+-", line, maxsplit=1)[0])


def _options(line: str) -> Iterator[tuple[str, str]]:
    """Yield the options in a line with their values, by their long names."""
    try:
        words = iter(shlex.split(line))
    except ValueError:  # a quote that is not closed, which pip refuses
        words = iter(line.split())
    for word in words:
        name, value = (word[:2], word[2:]) if word[:2] in _SHORT_NAMES else word.partition("=")[::2]
        name = _SHORT_NAMES.get(name, name)
        if name in _WITH_VALUE and not value:
            value = next(words, "")
        yield name, value.removeprefix("=")


def _read_requirement(number: int, text: str) -> Requirement:
    if _ARCHIVE.match(text):
        return _read_location(number, text, text)
    try:
        found = requirements.Requirement(text)
    except requirements.InvalidRequirement as error:
        if _LOCATION.match(text):
            return _read_location(number, text, text)
        name = _NAME.match(text)
        problem = str(error).partition("\n")[0]
        return Requirement(number, text, canonicalize_name(name[0]) if name else "", problem=problem)
    return Requirement(
        number,
        text,
        canonicalize_name(found.name),
        frozenset(found.extras),
        tuple(pin.version for pin in found.specifier if pin.operator == "=="),
        found.url or "",
    )


def _read_location(number: int, text: str, location: str) -> Requirement:
    """Return the package at a path or an address, with the name that its #egg= gives it."""
    name = _EGG.search(location)
    place = location.partition("#")[0]
    behind = _BEHIND_LOCATION.search(place)
    extras = behind["extras"] or "" if behind else ""
    return Requirement(
        number,
        text,
        canonicalize_name(name[1]) if name else "",
        frozenset(extra.strip() for extra in extras.split(",") if extra.strip()),
        location=place[: behind.start()] if behind else place,
    )
