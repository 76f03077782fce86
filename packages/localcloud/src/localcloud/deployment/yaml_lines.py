"""Read YAML as App Engine does (YAML 1.1), with the line of each key, up to a size and a depth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

from localcloud.deployment.errors import TextError

MAX_DEPTH = 50
# The value of an alias counts each time: a few lines of aliases can expand to billions of values.
MAX_VALUES = 5_000


class YamlLines:
    """The mapping that a text of YAML holds: its `keys`, its `text`, and the line of each key and item.

    `keys` is empty if the text holds no mapping. Raises TextError for a text that is not YAML, and for more values or
    levels than a file of settings has.
    """

    def __init__(self, text: str) -> None:
        self.text = text.removeprefix("\ufeff")
        self.keys = _load(self.text)

    def line(self, *path: str | int) -> int:
        """Return the line, from 1, of a key ("env") or of what is under it ("handlers", 0, "login").

        If a part of the path has no line of its own, as a key that comes from an alias, that of the part above counts.
        """
        node: Any = self.keys
        line = 1
        for step in path:
            if not isinstance(node, (CommentedMap, CommentedSeq)) or step not in (node.lc.data or {}):
                break
            line = (node.lc.key(step) if isinstance(node, CommentedMap) else node.lc.item(step))[0] + 1
            node = node[step]
        return line

    def without(self, keys: Iterable[str]) -> str:
        """Return the text with these top-level keys blanked, so that all other lines keep their numbers."""
        if self.keys.fa.flow_style():
            return self.text  # keys in braces may share a line
        lines = self.text.splitlines()
        own = self.keys.lc.data or {}  # without those that "<<" brings, which have no line
        starts = sorted(self.line(key) for key in own)
        for key in set(keys) & set(own):
            start = self.line(key)
            end = next((later for later in starts if later > start), len(lines) + 1)
            lines[start - 1 : end - 1] = [""] * (end - start)
        return "\n".join(lines) + "\n"


def _load(text: str) -> CommentedMap:
    try:
        _check_size(text)
        content = _reader().load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise TextError(line, f"{error.problem}") from error
    except YAMLError as error:
        raise TextError(0, f"{error}") from error
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # The library lets these through for a value that is not what its tag or its form says: a date of no month.
        raise TextError(0, f"a value cannot be read ({error})") from error
    return content if isinstance(content, CommentedMap) else CommentedMap()


def _reader() -> YAML:
    reader = YAML(typ="rt")
    reader.version = (1, 1)
    return reader


def _check_size(text: str) -> None:
    """Raise TextError for too many values or levels, before any object is made of them."""
    sizes: dict[str, int] = {}  # of the value of each anchor
    open_nodes: list[tuple[str | None, int]] = []
    values = 0
    for event in _reader().parse(text):
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            if any(event.anchor == anchor for anchor, _ in open_nodes):
                raise TextError(line, f"the alias *{event.anchor} is inside the value that it refers to; remove it")
            values += sizes.get(event.anchor, 1)
        elif isinstance(event, CollectionStartEvent):
            open_nodes.append((event.anchor, values))
            values += 1
        elif isinstance(event, CollectionEndEvent):
            anchor, before = open_nodes.pop()
            if anchor:
                sizes[anchor] = values - before
        elif isinstance(event, ScalarEvent):
            values += 1
            if event.anchor:
                sizes[event.anchor] = 1
        if len(open_nodes) > MAX_DEPTH:
            raise TextError(line, f"more than {MAX_DEPTH} levels; write it flatter")
        if values > MAX_VALUES:
            raise TextError(line, f"more than {MAX_VALUES:,} values, aliases counted each time; write fewer")
