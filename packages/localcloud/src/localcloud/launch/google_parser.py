"""The errors of App Engine's own parsers of YAML, by file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml.events import MappingEndEvent

from localcloud.launch.errors import FileError


def refuse_line(file: Path, text: str, error: Any) -> FileError:
    """Return the error of a parser's event with the line that it is about."""
    event = error.event
    line = event.start_mark.line + 1
    if isinstance(event, MappingEndEvent) and event.start_mark.index == event.end_mark.index:
        # A mapping without braces ends at the next token, which may be lines away: go back to its last key.
        above = enumerate(text.splitlines()[: line - 1], start=1)
        keys = [number for number, text in above if text.strip() and not text.lstrip().startswith("#")]
        line = keys[-1] if keys else line
    return FileError(file, line, f"App Engine refuses it: {_sentence(error.cause)}")


def refuse_file(file: Path, error: object) -> FileError:
    """Return the error of a parser about the whole file."""
    return FileError(file, None, f"App Engine refuses it: {_sentence(error)}")


def _sentence(error: object) -> str:
    # Some messages go on with a dump of the whole object.
    return " ".join(str(error).partition("\n<")[0].split()) or "it holds no settings"
