"""Read YAML of a bounded size and depth, as App Engine reads it (YAML 1.1)."""

from __future__ import annotations

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

MAX_DEPTH = 50
# What an alias stands for counts each time: a few lines of aliases can stand for billions of values.
MAX_VALUES = 5_000


class YamlTextError(Exception):
    """A text that is no YAML or not read; `line` counts from 1, 0 where no line is known."""

    def __init__(self, line: int, problem: object) -> None:
        self.line = line
        self.problem = " ".join(str(problem).split())
        super().__init__(self.problem)


def read_yaml(text: str) -> CommentedMap:
    """Return the mapping that the text holds, with where each key stands; empty if it holds no mapping.

    Raises YamlTextError for what is no YAML, and for more values or levels than a file of settings has.
    """
    try:
        _check_size(text)
        content = _reader().load(text)
    except MarkedYAMLError as error:
        raise YamlTextError(error.problem_mark.line + 1 if error.problem_mark else 0, error.problem) from error
    except YAMLError as error:
        raise YamlTextError(0, error) from error
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        # The library lets these through for a value that is not what its tag or its form says: a date of no month.
        raise YamlTextError(0, f"a value cannot be read ({error})") from error
    return content if isinstance(content, CommentedMap) else CommentedMap()


def _reader() -> YAML:
    reader = YAML(typ="rt")
    reader.version = (1, 1)
    return reader


def _check_size(text: str) -> None:
    """Raise YamlTextError for too much, before anything is made of it."""
    sizes: dict[str, int] = {}  # of what each anchor stands for
    open_nodes: list[tuple[str | None, int]] = []
    values = 0
    for event in _reader().parse(text):
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent):
            if any(event.anchor == anchor for anchor, _ in open_nodes):
                raise YamlTextError(line, f"*{event.anchor} stands for something that contains it")
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
            raise YamlTextError(line, f"more than {MAX_DEPTH} levels; write it flatter")
        if values > MAX_VALUES:
            raise YamlTextError(line, f"more than {MAX_VALUES:,} values, aliases counted each time; write fewer")
