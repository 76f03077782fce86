"""A YAML file together with where each of its keys stands."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ruamel.yaml.comments import CommentedMap, CommentedSeq

from localcloud.files.yaml_text import YamlTextError, read_yaml
from localcloud.launch.errors import mistake, read_text


class YamlLines:
    """The top-level mapping of a YAML file, as `keys`, its `text`, and the line of every key in it.

    Raises UserError for a file that is no YAML, or no mapping. YAML 1.1, as App Engine reads it.
    """

    def __init__(self, file: Path) -> None:
        self.text = read_text(file)
        try:
            keys = read_yaml(self.text)
        except YamlTextError as error:
            raise mistake(file, error.line or None, f"not valid YAML: {error.problem}") from error
        if not keys:
            raise mistake(file, 1, 'expected lines such as "runtime: python314", found no key at all')
        self.keys = keys

    def line(self, *path: str | int) -> int:
        """Return the line, from 1, of a key ("env") or of what is under it ("handlers", 0, "login")."""
        node, line = self.keys, 1
        for step in path:
            if isinstance(node, CommentedMap) and step in (node.lc.data or {}):
                line = node.lc.key(step)[0] + 1
            elif isinstance(node, CommentedSeq) and step in (node.lc.data or {}):
                line = node.lc.item(step)[0] + 1
            else:
                break
            node = node[step]
        return line

    def without(self, keys: Iterable[str]) -> str:
        """Return the text with these top-level keys blanked, so that all other lines keep their numbers."""
        if self.keys.fa.flow_style():
            return self.text  # keys in braces may share a line
        lines = self.text.splitlines()
        starts = sorted(self.line(key) for key in self.keys)
        for key in set(keys) & set(self.keys):
            start = self.line(key)
            end = next((later for later in starts if later > start), len(lines) + 1)
            lines[start - 1 : end - 1] = [""] * (end - start)
        return "\n".join(lines) + "\n"
