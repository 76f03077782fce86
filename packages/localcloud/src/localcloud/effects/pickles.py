"""A pickle as text. Its steps are read and never carried out, since that would run its writer's code."""

from __future__ import annotations

import json
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from localcloud.effects.pickled_keys import format_pickled_key, is_key

# Few calls have more, and they would not be read by a person.
_MOST_STEPS = 20_000
_LONGEST = 20_000
_DEEPEST = 50

# Python 2's names of modules, as Python 3 calls them.
_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg"}

_MARK = object()


class _UnreadableError(Exception):
    """A pickle with a step that is not known here, or of a size that nobody would read."""


@dataclass
class _Node:
    """An object that is no string or number: what encloses its parts in the text, the parts, and its state."""

    before: Any
    after: str
    parts: list[Any] = field(default_factory=list)
    state: Any = None


class _Pair(tuple[Any, Any]):
    """A key of a dict with its value."""


def describe_call(data: bytes) -> str | None:
    """Return the call in a pickle of google.appengine.ext.deferred, as in `guestbook.count("Ann", limit=5)`.

    None for other bytes.
    """
    try:
        made = _read(data)
        function, arguments, named = made.parts
        parts = [_Writer().write(one) for one in arguments.parts]
        parts += sorted(f"{name}={_Writer().write(value)}" for name, value in named.parts)
        text = f"{_Writer().write(function)}({', '.join(parts)})"
    except (_UnreadableError, ValueError, IndexError, KeyError, TypeError, AttributeError):
        return None
    return text if len(text) <= _LONGEST else None


class _Writer:
    """Writes an object, which may contain itself, within bounds."""

    def __init__(self) -> None:
        self._left = _MOST_STEPS

    def write(self, value: Any, depth: int = 0) -> str:
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise _UnreadableError
        if isinstance(value, _Node):
            if (key := self._describe_key(value, depth)) is not None:
                return key
            before = value.before if isinstance(value.before, str) else self.write(value.before, depth + 1) + "("
            texts = [self.write(part, depth + 1) for part in value.parts]
            # A dict of Python 2 and a set have an order of their own.
            parts = ", ".join(sorted(texts) if value.before == "{" else texts)
            state = "" if value.state is None else self.write(value.state, depth + 1)
            # A key of ndb has its arguments as its state, too.
            return f"{before}{parts}{value.after}{f' with {state}' if state not in ('', f'({parts})') else ''}"
        if isinstance(value, _Pair):
            return ": ".join(self.write(part, depth + 1) for part in value)
        if isinstance(value, bytes):
            value = value.decode("latin-1")  # as pickletools does with the strings of Python 2
        return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)

    def _describe_key(self, made: _Node, depth: int) -> str | None:
        """Return a key of an entity as its path, so that the keys of all libraries read alike; None for others."""
        if not isinstance(made.before, _Node) or not is_key(made.before.before):
            return None
        return format_pickled_key(self._simplify(made, depth + 1))

    def _simplify(self, value: Any, depth: int) -> Any:
        """Return an object as dicts, lists, texts and numbers; one of another class is its state."""
        self._left -= 1
        if depth > _DEEPEST or self._left < 0:
            raise _UnreadableError
        if not isinstance(value, _Node):
            return value
        if value.state is not None:
            return self._simplify(value.state, depth + 1)
        if value.before == "{":
            return {self._simplify(one[0], depth + 1): self._simplify(one[1], depth + 1) for one in value.parts}
        return [self._simplify(one, depth + 1) for one in value.parts]


def _read(data: bytes) -> Any:
    """Return the object that the pickle would make, with a `_Node` for what is no string or number."""
    machine = _Machine()
    for number, (opcode, argument, _) in enumerate(pickletools.genops(data)):
        if number > _MOST_STEPS:
            raise _UnreadableError
        if opcode.name == "STOP":
            return machine.stack.pop()
        machine.step(opcode.name, argument)
    raise _UnreadableError


class _Machine:
    """The stack and the memo of a pickle: https://docs.python.org/3/library/pickletools.html."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _LITERALS:
            stack.append(argument)
        elif name in _EMPTY:
            stack.append(_Node(*_EMPTY[name]))
        elif name in _FROM_MARK:
            shape, pairs = _FROM_MARK[name]
            parts = self._pop_to_mark()
            stack.append(_Node(*shape, parts=_pair_up(parts) if pairs else parts))
        elif name in _TUPLES:
            stack.append(_Node("(", ")", self._pop(_TUPLES[name])))
        elif name in _ADDED:
            parts = self._pop_to_mark() if name.endswith("S") else self._pop(2 if name == "SETITEM" else 1)
            stack[-1].parts += _pair_up(parts) if name.startswith("SET") else parts
        elif name in _REMEMBERED:
            self._memo[len(self._memo) if argument is None else argument] = stack[-1]
        elif name in _RECALLED:
            stack.append(self._memo[argument])
        elif name not in _IGNORED:
            _STEPS.get(name, _refuse)(self, argument)

    def _pop(self, count: int) -> list[Any]:
        parts = self.stack[-count:]
        del self.stack[-count:]
        return parts

    def _pop_to_mark(self) -> list[Any]:
        parts = []
        while (part := self.stack.pop()) is not _MARK:
            parts.append(part)
        return parts[::-1]

    def drop(self, _: Any) -> None:
        self.stack.pop()

    def drop_to_mark(self, _: Any) -> None:
        self._pop_to_mark()

    def repeat(self, _: Any) -> None:
        self.stack.append(self.stack[-1])

    def name(self, argument: str) -> None:
        module, name = argument.split(" ", 1)
        self.stack.append(_name(module, name))

    def name_from_stack(self, _: Any) -> None:
        self.stack.append(_name(*self._pop(2)))

    def call(self, _: Any) -> None:
        function, arguments = self._pop(2)
        self.stack.append(_call(function, arguments.parts))

    def call_named(self, _: Any) -> None:
        function, arguments, named = self._pop(3)
        self.stack.append(_call(function, [*arguments.parts, *named.parts]))

    def call_to_mark(self, _: Any) -> None:
        function, *arguments = self._pop_to_mark()
        self.stack.append(_call(function, arguments))

    def instance(self, argument: str) -> None:
        arguments = self._pop_to_mark()
        self.name(argument)
        self.stack.append(_call(self.stack.pop(), arguments))

    def build(self, _: Any) -> None:
        state = self.stack.pop()
        self.stack[-1].state = state


def _name(module: str, name: str) -> _Node:
    return _Node(f"{_MODULES.get(module, module)}.{name}", "")


def _call(function: Any, arguments: list[Any]) -> Any:
    """Return what a call makes. Old protocols have calls for what later ones have steps for: objects and bytes."""
    name = function.before if isinstance(function, _Node) else ""
    if name == "copyreg._reconstructor" and len(arguments) == 3 and arguments[2] is None:
        return _Node(arguments[0], ")")
    if name == "_codecs.encode" and len(arguments) == 2 and arguments[1] == "latin1":
        return arguments[0].encode("latin-1")
    if name == "builtins.bytes" and not arguments:
        return b""
    return _Node(function, ")", arguments)


def _pair_up(parts: list[Any]) -> list[Any]:
    return [_Pair(pair) for pair in zip(parts[::2], parts[1::2], strict=True)]


def _refuse(machine: _Machine, argument: Any) -> None:
    raise _UnreadableError


_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "MARK": _MARK}
_LITERALS = frozenset(
    {
        *("INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT"),
        *("STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8"),
        *("BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"),
    }
)
_EMPTY = {"EMPTY_TUPLE": ("(", ")"), "EMPTY_LIST": ("[", "]"), "EMPTY_DICT": ("{", "}"), "EMPTY_SET": ("{", "}")}
_FROM_MARK = {
    "TUPLE": (("(", ")"), False),
    "LIST": (("[", "]"), False),
    "DICT": (("{", "}"), True),
    "FROZENSET": (("{", "}"), False),
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_ADDED = frozenset({"APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS"})
_REMEMBERED = frozenset({"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"})
_RECALLED = frozenset({"GET", "BINGET", "LONG_BINGET"})
_IGNORED = frozenset({"PROTO", "FRAME"})
_STEPS: dict[str, Callable[[_Machine, Any], None]] = {
    "POP": _Machine.drop,
    "POP_MARK": _Machine.drop_to_mark,
    "DUP": _Machine.repeat,
    "GLOBAL": _Machine.name,
    "STACK_GLOBAL": _Machine.name_from_stack,
    "REDUCE": _Machine.call,
    "NEWOBJ": _Machine.call,
    "NEWOBJ_EX": _Machine.call_named,
    "OBJ": _Machine.call_to_mark,
    "INST": _Machine.instance,
    "BUILD": _Machine.build,
}
