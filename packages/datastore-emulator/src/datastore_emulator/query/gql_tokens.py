"""Split a GQL query into tokens: https://cloud.google.com/datastore/docs/reference/gql_reference#lexical_structure."""

from __future__ import annotations

import re
from typing import NamedTuple

from datastore_emulator.errors import DatastoreError, invalid

NAME, QUOTED_NAME, STRING, INTEGER, DOUBLE, BINDING, SIGN, END = range(8)

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<DOUBLE>[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?\d+[eE][+-]?\d+)
        |(?P<INTEGER>[+-]?\d+)
        |(?P<NAME>[A-Za-z_$][A-Za-z0-9_$]*)
        |(?P<QUOTED_NAME>`(?:[^`\\]|``|\\.)+`)
        |(?P<STRING>'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*")
        |(?P<BINDING>@(?:[A-Za-z_$][A-Za-z0-9_$]*|\d+))
        |(?P<SIGN><=|>=|!=|[=<>(),.*+])
        |(?P<END>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_KINDS = {"NAME": NAME, "QUOTED_NAME": QUOTED_NAME, "STRING": STRING, "INTEGER": INTEGER}
_KINDS |= {"DOUBLE": DOUBLE, "BINDING": BINDING, "SIGN": SIGN, "END": END}

# Unquoted, these are never names.
_RESERVED = re.compile(
    r"AGGREGATE|AND|ASC|BY|CONTAINS|DESC|DISTINCT|FROM|GROUP|HAS|IN|IS|LIMIT|NOT|NULL|OFFSET|ON|OR|ORDER|OVER|SELECT"
    r"|TRUE|FALSE|WHERE",
    re.IGNORECASE,
)


class Token(NamedTuple):
    """A token: its kind, its text without quotes, and its position in the query."""

    kind: int
    text: str
    position: int

    @property
    def is_name(self) -> bool:
        """True if it can be the name of a kind or a property."""
        return self.kind == QUOTED_NAME or (self.kind == NAME and not _RESERVED.fullmatch(self.text))


class Tokens:
    """The tokens of a query, which are taken one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[Token] = []
        at = 0
        while not self._tokens or self._tokens[-1].kind != END:
            match = _TOKEN.match(text, at)
            if not match or not match.lastgroup:
                rest = text[at:].lstrip()
                raise self._error(f'Lexical error: encountered "{rest[:1]}"', len(text) - len(rest))
            kind = _KINDS[match.lastgroup]
            word = match[match.lastgroup]
            if kind in (STRING, QUOTED_NAME):
                quote = word[0]
                word = _unescape(word[1:-1].replace(quote * 2, quote))
            self._tokens.append(Token(kind, word, match.start(match.lastgroup)))
            at = match.end()
        self._next = 0

    def peek(self, ahead: int = 0) -> Token:
        """Return the next token, or one further `ahead`, without taking it."""
        return self._tokens[min(self._next + ahead, len(self._tokens) - 1)]

    def take(self) -> Token:
        """Take the next token."""
        token = self.peek()
        self._next += 1
        return token

    def sees(self, *words: str) -> bool:
        """Return whether these keywords or signs come next."""
        return all(
            token.kind in (NAME, SIGN) and token.text.upper() == word
            for token, word in ((self.peek(ahead), word) for ahead, word in enumerate(words))
        )

    def accept(self, *words: str) -> bool:
        """Take these keywords or signs if they come next, and return whether they did."""
        found = self.sees(*words)
        if found:
            self._next += len(words)
        return found

    def expect(self, *words: str) -> None:
        """Take these keywords or signs; DatastoreError if they do not come next."""
        for word in words:
            if not self.accept(word):
                raise self.unexpected(word)

    def unexpected(self, wanted: str) -> DatastoreError:
        """Return the error for a token in the wrong position."""
        token = self.peek()
        return self._error(f'Encountered "{token.text or "<EOF>"}"', token.position, f" Was expecting: {wanted}")

    def _error(self, what: str, position: int, wanted: str = "") -> DatastoreError:
        line = self._text.count("\n", 0, position) + 1
        column = position - self._text.rfind("\n", 0, position)
        return invalid(f"{what} at line {line}, column {column}.{wanted}")


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "0": "\0"}


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text, flags=re.DOTALL)
