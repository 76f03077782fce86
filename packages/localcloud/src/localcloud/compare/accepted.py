"""Differences that somebody has accepted, with the reason: a YAML file beside the new app, made to be edited."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from datastore_emulator.errors import UserError
from localcloud.compare.noise.differences import ANY_ROUTE, ROUTES
from localcloud.compare.noise.masking import matches
from localcloud.compare.observation import Aspect
from localcloud.compare.result import Difference

_HEADER = """\
# Differences between the old app and this one that are accepted. `localcloud compare` does not count them.
# Each entry: aspect, route ("*" for all), place, and the reason. With `old` and `new`, only these texts are accepted;
# remove both to accept any text there. "…" stands for any text, as for what changes each time.
"""
_KEYS = ("aspect", "route", "place", "reason", "old", "new")


@dataclass(frozen=True)
class _Entry:
    aspect: str
    route: str
    place: str
    reason: str
    old: tuple[str, ...] | None
    new: tuple[str, ...] | None

    def covers(self, difference: Difference) -> bool:
        return (
            self.aspect == difference.aspect.value
            and (self.route == ANY_ROUTE or _routes(difference.route) <= _routes(self.route))
            and self.place == difference.place
            and (self.old is None or _match(self.old, difference.old))
            and (self.new is None or _match(self.new, difference.new))
        )

    def __str__(self) -> str:
        return f"{self.aspect}, {self.route}, {self.place} ({self.reason})"


def _match(accepted: Sequence[str], found: Sequence[str]) -> bool:
    return len(accepted) == len(found) and all(map(matches, accepted, found))


def _routes(text: str) -> set[str]:
    return set(text.split(ROUTES))


@dataclass
class Accepted:
    """The entries of a file; without the file there are none."""

    path: Path
    _entries: list[_Entry] = field(default_factory=list)
    _used: set[int] = field(default_factory=set)

    def reason(self, difference: Difference) -> str | None:
        """Return why a difference is accepted, None if it is not."""
        for number, entry in enumerate(self._entries):
            if entry.covers(difference):
                self._used.add(number)
                return entry.reason
        return None

    def covers(self, difference: Difference) -> bool:
        """Return whether a difference is accepted with all that follows it; `unused` takes no notice."""
        return all(any(entry.covers(one) for entry in self._entries) for one in (difference, *difference.followers))

    def judge(self, differences: Sequence[Difference]) -> list[Difference]:
        """Return the differences with the reasons of those that are accepted.

        What follows a difference stays with it only while neither is accepted, so that an accepted status hides nothing
        that nobody has seen.
        """
        judged: list[Difference] = []
        for one in differences:
            reason = self.reason(one)
            followers = [replace(follower, accepted=self.reason(follower)) for follower in one.followers]
            kept = tuple(follower for follower in followers if reason is None and follower.accepted is None)
            judged.append(replace(one, accepted=reason, followers=kept))
            judged += [follower for follower in followers if follower not in kept]
        return judged

    def unused(self) -> list[str]:
        """Return the entries that have covered no difference."""
        return [str(entry) for number, entry in enumerate(self._entries) if number not in self._used]

    def add(self, differences: Sequence[Difference], reason: str) -> None:
        """Accept differences and what follows them, and write the file.

        What it has already stays as it is, comments included.
        """
        yaml = YAML()
        yaml.width = 120
        text = _read(self.path) if self.path.exists() else _HEADER
        content = yaml.load(text) or []
        content += [_to_yaml(one, reason) for difference in differences for one in (difference, *difference.followers)]
        written = io.StringIO()
        yaml.dump(content, written)
        start = "" if content and text != _HEADER else _HEADER
        try:
            self.path.write_text(start + written.getvalue(), encoding="utf-8")
        except OSError as error:
            raise UserError(f"{self.path}: cannot be written: {error.strerror}") from error


def read_accepted(path: Path) -> Accepted:
    """Read the file of accepted differences; raises UserError for one that is not as it has to be."""
    if not path.exists():
        return Accepted(path)
    try:
        content = YAML(typ="safe").load(_read(path))
    except YAMLError as error:
        raise UserError(f"{path}: not YAML: {' '.join(str(error).split())[:200]}") from error
    if content is None:
        return Accepted(path)
    if not isinstance(content, list):
        raise UserError(f"{path}: it must be a list of accepted differences, each with {', '.join(_KEYS[:4])}")
    return Accepted(path, [_read_entry(path, number, entry) for number, entry in enumerate(content, 1)])


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or 'not UTF-8'}") from error


def _read_entry(path: Path, number: int, entry: Any) -> _Entry:
    where = f"{path}: entry {number}"
    if not isinstance(entry, Mapping):
        raise UserError(f"{where}: write it as {', '.join(f'{key}: ...' for key in _KEYS[:4])}")
    if unknown := [str(key) for key in entry if key not in _KEYS]:
        raise UserError(f"{where}: there is no {', '.join(unknown)}; an entry may have {', '.join(_KEYS)}")
    if missing := [key for key in _KEYS[:4] if not str(entry.get(key) or "").strip()]:
        raise UserError(f"{where}: {', '.join(missing)} is missing")
    aspects = [aspect.value for aspect in Aspect]
    if entry["aspect"] not in aspects:
        raise UserError(f"{where}: aspect is one of {', '.join(aspects)}; found {entry['aspect']}")
    texts = {key: _texts(where, key, entry[key]) if key in entry else None for key in ("old", "new")}
    aspect, route, place, reason = (str(entry[key]) for key in _KEYS[:4])
    return _Entry(aspect, route, place, reason, texts["old"], texts["new"])


def _texts(where: str, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise UserError(f"{where}: {key} must be a list of lines")
    return tuple(str(line) for line in value)


def _to_yaml(difference: Difference, reason: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "aspect": difference.aspect.value,
        "route": difference.route,
        "place": difference.place,
        "reason": reason,
    }
    if difference.old or difference.new:
        entry.update(old=list(difference.old), new=list(difference.new))
    return entry
