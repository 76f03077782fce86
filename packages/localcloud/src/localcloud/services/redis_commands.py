"""A command of Redis as MONITOR shows it: its keys, and whether it writes, deletes or lets them expire."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import redis

# A line as in `1700000000.123456 [0 127.0.0.1:50000] "SET" "key" "a \"value\"\x00"`.
_LINE = re.compile(rb"(\d+\.\d+) \[(\d+) (.*?)\] (.*)", re.DOTALL)
_WORD = re.compile(rb'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPE = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"a": b"\a", b"b": b"\b"}

# What google.cloud.ndb puts before the keys of the entities that it caches.
_NDB_PREFIX = b"NDB30"
_OF_NDB = " by ndb"

_GETKEYS = "COMMAND GETKEYS"

_DELETING = frozenset({"DEL", "UNLINK", "GETDEL", "FLUSHALL", "FLUSHDB"})
# The place of the time in the command: in seconds or milliseconds, from now or since 1970.
_TIMES = {
    "SETEX": (2, 1, False),
    "PSETEX": (2, 1000, False),
    "EXPIRE": (2, 1, False),
    "PEXPIRE": (2, 1000, False),
    "EXPIREAT": (2, 1, True),
    "PEXPIREAT": (2, 1000, True),
}
_TIME_OPTIONS = {b"EX": (1, False), b"PX": (1000, False), b"EXAT": (1, True), b"PXAT": (1000, True)}
_WITH_OPTIONS = frozenset({"SET", "GETEX"})
_STORING = frozenset({"SORT", "GEORADIUS", "GEORADIUSBYMEMBER"})
_STORE_OPTIONS = frozenset({b"STORE", b"STOREDIST"})


@dataclass(frozen=True)
class RedisCall:
    """A command with its arguments, from a client at `address`, "lua" for a script.

    `when` is in seconds since 1970. `keys` are those that the server finds in the arguments, and `writes` says whether
    the command changes something.
    """

    words: tuple[bytes, ...]
    address: str
    when: float
    keys: tuple[bytes, ...] = ()
    writes: bool = False

    @property
    def name(self) -> str:
        """The name of the command in capitals."""
        return self.words[0].decode("latin-1").upper()

    @property
    def title(self) -> str:
        """The call as logs name it, as in "Redis GET"."""
        return f"Redis {self.name}{_OF_NDB if self.is_of_ndb else ''}"

    @property
    def is_of_ndb(self) -> bool:
        """Whether ndb makes the call for its own cache of entities."""
        return bool(self.keys) and all(key.startswith(_NDB_PREFIX) for key in self.keys)

    @property
    def deletes(self) -> bool:
        """Whether the keys are gone afterwards."""
        return self.name in _DELETING or (self.name in _TIMES and self.seconds == 0)

    @property
    def seconds(self) -> int | None:
        """How long the keys may stay from the call on, None for as long as there is room."""
        found = _TIMES.get(self.name)
        if found:
            place, unit, absolute = found
            return self._read_time(place, unit, absolute)
        if self.name in _WITH_OPTIONS:
            for place, word in enumerate(self.words):
                if place > 1 and word.upper() in _TIME_OPTIONS:
                    return self._read_time(place + 1, *_TIME_OPTIONS[word.upper()])
        return None

    def _read_time(self, place: int, unit: int, absolute: bool) -> int | None:
        try:
            number = int(self.words[place])
        except (IndexError, ValueError):
            return None
        return max(0, round(number / unit - (self.when if absolute else 0)))


class RedisCommands:
    """The commands of a server, as it describes them itself: https://redis.io/commands/command."""

    def __init__(self, client: Any) -> None:
        self._client = client
        # The client's own one would make text of keys that are bytes.
        client.set_response_callback(_GETKEYS, tuple)
        self._known: Mapping[str, Mapping[str, Any]] = client.command()

    def read(self, line: bytes) -> RedisCall | None:
        """Return the command in a line of MONITOR; None for another line."""
        found = _LINE.fullmatch(line)
        words = tuple(_ESCAPE.sub(_unescape, word) for word in _WORD.findall(found[4])) if found else ()
        if not found or not words:
            return None
        call = RedisCall(words, found[3].decode("latin-1"), float(found[1]))
        known = self._known.get(call.name.lower())
        return replace(call, **self._find_keys(call, known)) if known else call

    def _find_keys(self, call: RedisCall, known: Mapping[str, Any]) -> dict[str, Any]:
        words = call.words
        writes = "write" in known["flags"]
        if call.name in _STORING:
            # They only read without this option, whatever the server says.
            places = [place for place, word in enumerate(words[:-1]) if word.upper() in _STORE_OPTIONS]
            if places:
                return {"keys": (words[places[-1] + 1],), "writes": True}
            writes = False
        first, last, step = known["first_key_pos"], known["last_key_pos"], known["step_count"]
        if first > 0:
            end = last if last >= 0 else len(words) + last
            return {"keys": words[first : end + 1 : step or 1], "writes": writes}
        moving = writes and "movablekeys" in known["flags"]
        return {"keys": self._ask_for_keys(call) if moving else (), "writes": writes}

    def _ask_for_keys(self, call: RedisCall) -> tuple[bytes, ...]:
        try:
            keys: tuple[bytes, ...] = self._client.execute_command(_GETKEYS, *call.words)
        except redis.ResponseError:  # the server has refused the command itself, too
            return ()
        return keys


def _unescape(found: re.Match[bytes]) -> bytes:
    text = found[1]
    return bytes.fromhex(text[1:].decode()) if text[:1] == b"x" and len(text) == 3 else _ESCAPES.get(text, text)
