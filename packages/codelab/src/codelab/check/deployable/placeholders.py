"""Placeholders of the codelab, such as REDIS_ADDRESS: left as they are, filled in, or damaged."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from ruamel.yaml.comments import CommentedMap

from codelab.check.deployable.fault import Fault, fault
from codelab.check.deployable.folder import APP_YAML, Folder
from codelab.check.findings import Finding
from localcloud.deployment.errors import TextError
from localcloud.deployment.yaml_lines import YamlLines

# A word in capitals in a value of the codelab's app.yaml is one for the learner to fill in.
_WORD = re.compile(r"\b[A-Z][A-Z]+(?:_[A-Z]+)*\b")
# Texts that no real value looks like.
_UNFILLED = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)+|<.*>|\{.*\}|\[.*\]|.*\.\.\..*|(?i:your)[-_].*|(?i:todo|xxx+|tbd)|")
_CLOSE = 0.75


def find_damaged_placeholders(folder: Folder, expected: Folder) -> Iterator[Fault]:
    """Yield each value that is neither the codelab's placeholder nor something in its place."""
    for path, line, value, wanted in _values_to_fill_in(folder, expected):
        parts, wanted_parts = value.split("/"), wanted.split("/")
        # A resource's path names kinds and names in turn: projects/NAME/locations/NAME. Only the names are free.
        damaged = len(parts) != len(wanted_parts) or any(
            part != expected if position % 2 == 0 and len(parts) > 1 else _is_damaged(part, expected)
            for position, (part, expected) in enumerate(zip(parts, wanted_parts, strict=False))
        )
        if damaged:
            name = path[-1]
            message = f'"{name}: {value}" is neither the placeholder "{wanted}" nor filled in like it'
            yield fault("placeholder", APP_YAML, line, message)


def find_placeholders(folder: Folder, expected: Folder) -> Iterator[Finding]:
    """Yield a remark for each placeholder that is still there."""
    for _, line, value, wanted in _values_to_fill_in(folder, expected):
        there = _WORD.findall(value)
        left = [word for word in _WORD.findall(wanted) if word in there]
        if left:
            yield Finding(APP_YAML, line, f"fill in {', '.join(left)} before you deploy", firm=False)


def _values_to_fill_in(folder: Folder, expected: Folder) -> Iterator[tuple[tuple[str, ...], int, str, str]]:
    """Yield each value for which the codelab has a placeholder: its path, its line, itself and the codelab's value."""
    values = _values(folder)
    for path, (_, wanted) in _values(expected).items():
        words = _WORD.findall(wanted)
        if words and (wanted in words or "/" in wanted) and path in values:
            yield path, *values[path], wanted


def _is_damaged(part: str, word: str) -> bool:
    if part == word:
        return False
    close = bool(difflib.get_close_matches(part, [word], cutoff=_CLOSE))
    is_placeholder = bool(_WORD.fullmatch(word))
    return not part or (is_placeholder and close) or bool(_UNFILLED.fullmatch(part))


def _values(folder: Folder) -> dict[tuple[str, ...], tuple[int, str]]:
    """Return each value of app.yaml that is text, by its path, with its line."""
    try:
        yaml = YamlLines(folder.tree.get(APP_YAML, "").removeprefix("\ufeff"))
    except TextError:
        return {}
    return dict(_walk(yaml, yaml.keys, ()))


def _walk(
    yaml: YamlLines, node: CommentedMap, path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], tuple[int, str]]]:
    for key, value in (node or {}).items():
        here = (*path, str(key))
        if isinstance(value, CommentedMap):
            yield from _walk(yaml, value, here)
        elif value is None or isinstance(value, str):
            yield here, (yaml.line(*path, key), value or "")
