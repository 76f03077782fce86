"""Read what a RUN does besides `pip install`: its mounts, and commands about folders, the right to run, and users."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from localcloud.launch.errors import LineError, NotFollowedError

# This machine's user owns the files, and runs the app.
_ABOUT_USERS = frozenset({"addgroup", "adduser", "chgrp", "chown", "groupadd", "useradd", "usermod"})
_OPTIONS_OF_MKDIR = frozenset({"-p", "--parents", "-v", "--verbose", "-pv"})
_OPTIONS_OF_CHMOD = frozenset({"-R", "--recursive", "-v", "--verbose", "-f", "-c"})
_OCTAL = re.compile(r"[0-7]{3,4}")
_SYMBOLIC = re.compile(r"[ugoa]*([-+=][rwxXst]*)+(,[ugoa]*([-+=][rwxXst]*)+)*")
_FLAGS = re.compile(r"(--(?:mount|network|security)(?:=\S+)?(?:\s+|$))*")


@dataclass(frozen=True)
class NewFolders:
    """Folders that a RUN makes."""

    paths: tuple[str, ...]


@dataclass(frozen=True)
class RunRight:
    """Files that a RUN allows to run, or forbids to; None leaves that as it is."""

    allowed: bool | None
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Mount:
    """A file or a folder of the build's context, which a RUN sees at `target` and the image does not hold."""

    source: str
    target: str


def read_file_command(words: Sequence[str]) -> NewFolders | RunRight | None:
    """Return what a command does to the image's files; None if it is about users, which makes no difference here.

    Raises KeyError for another command, and LineError for an option that is not read here.
    """
    name, rest = words[0], list(words[1:])
    if name in _ABOUT_USERS:
        return None
    if name == "mkdir":
        return NewFolders(tuple(_without_options(name, rest, _OPTIONS_OF_MKDIR, with_mode=True)))
    if name == "chmod":
        mode, *paths = _without_options(name, rest, _OPTIONS_OF_CHMOD) or [""]
        return RunRight(read_mode(mode), tuple(paths))
    raise KeyError(name)


def read_mode(mode: str) -> bool | None:
    """Return whether a mode, as chmod and COPY --chmod take it, allows a file to run; None if it does not say."""
    if _OCTAL.fullmatch(mode):
        return bool(int(mode, 8) & 0o111)
    if not _SYMBOLIC.fullmatch(mode):
        raise LineError(f'"{mode}" is not a mode; write one such as 755 or +x')
    if found := re.findall(r"([-+=])[rwXst]*[xX]", mode):
        return str(found[-1]) != "-"
    return None


def split_flags(value: str) -> tuple[str, str]:
    """Return the flags of a RUN, such as --mount, and the command behind them."""
    found = _FLAGS.match(value)
    end = found.end() if found else 0
    return value[:end], value[end:]


def read_mounts(flags: Sequence[str]) -> list[Mount]:
    """Return the mounts that bring files of the context. Caches, secrets and other flags make no difference here."""
    mounts = []
    for flag in flags:
        if not flag.startswith("--mount="):
            continue
        pairs = dict(part.partition("=")[::2] for part in flag.removeprefix("--mount=").split(","))
        if pairs.get("type", "bind") != "bind":
            continue
        if "from" in pairs:
            raise NotFollowedError(f"{flag}: localcloud has no other image or stage to take files from; copy them in")
        target = pairs.get("target") or pairs.get("dst") or pairs.get("destination")
        if not target:
            raise LineError(f"{flag}: the mount has no target; add target=PATH")
        mounts.append(Mount(pairs.get("source") or pairs.get("src") or ".", target))
    return mounts


def _without_options(name: str, words: list[str], known: frozenset[str], *, with_mode: bool = False) -> list[str]:
    kept = []
    rest = iter(words)
    for word in rest:
        if with_mode and word in ("-m", "--mode"):
            next(rest, None)
        elif word in known or (with_mode and word.startswith(("-m", "--mode="))):
            continue
        elif word.startswith("-"):
            raise NotFollowedError(
                f"{name} {word}: localcloud does not read this option; leave it out to run the app here"
            )
        else:
            kept.append(word)
    return kept
