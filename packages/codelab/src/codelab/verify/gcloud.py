"""The gcloud commands and flags that exist, by gcloud's own help; `python -m codelab.verify.gcloud` looks them up.

A reader's machine may have no gcloud, so what the codelabs use of it is kept in gcloud.json, with the version.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from codelab.readme.course import find_course
from codelab.readme.model import Page

_RECORD = Path(__file__).with_name("gcloud.json")
# Every command takes these: https://cloud.google.com/sdk/gcloud/reference#GLOBAL-FLAGS
_GLOBAL_FLAGS = {"--format", "--project", "--quiet"}
# Commands that codelabs need not have, but that `codelab probe` names in its advice.
_NAMED = ("app logs read", "run services logs read", "run services update")

_STYLE = re.compile(r"\x1b\[[\d;]*m")
_NAME = re.compile(r"NAME\s+gcloud ([a-z\s-]+?)\s+- ")
_WORD = re.compile(r"[a-z][a-z0-9-]*")
_SPAN = re.compile(r"`(gcloud [^`]+)`")
_FLAG = re.compile(r"--(?:\[(no-)\])?([a-z][a-z0-9-]*)")


def read_record() -> tuple[str, dict[str, list[str]]]:
    """Return the version of gcloud that was looked up, and each command's flags, as in {"run deploy": ["--source"]}."""
    record = json.loads(_RECORD.read_text())
    return record["version"], record["commands"]


def find_mistake(words: list[str], commands: dict[str, list[str]]) -> str | None:
    """Return what is wrong with a gcloud command (the words behind `gcloud`), None if nothing is."""
    names = list(_leading_names(words))
    known = [" ".join(names[:length]) for length in range(len(names), 0, -1)]
    command = next((name for name in known if name in commands), None)
    if command is None:
        return (
            f'gcloud has no command "{" ".join(names)}" in the recorded list; if it is new, '
            "run `python -m codelab.verify.gcloud` to record it"
        )
    flags = [word.partition("=")[0] for word in words if word.startswith("--")]
    strange = [flag for flag in flags if flag not in commands[command] and flag not in _GLOBAL_FLAGS]
    return f"gcloud {command} has no flag {', '.join(strange)}" if strange else None


def commands_in(page: Page) -> Iterator[str]:
    """Yield the gcloud commands of a page, those in console fences and those in its sentences and tables."""
    yield from (command for command in page.commands if command.startswith("gcloud "))
    text = page.path.read_text(encoding="utf-8")
    yield from (" ".join(span.split()) for span in _SPAN.findall(text))


def _leading_names(words: list[str]) -> Iterator[str]:
    """Yield the words that may name a command: no flags, and no values such as service.yaml or PROJECT_ID."""
    yield from takewhile(_WORD.fullmatch, words)


def _look_up(words: list[str]) -> tuple[str, list[str]] | None:
    """Return the name and the flags of the command that begins with these words, None if gcloud has no such command."""
    asked = ["gcloud", *_leading_names(words), "--help"]
    help_text = _STYLE.sub("", subprocess.run(asked, capture_output=True, text=True, check=False).stdout)
    name = _NAME.search(help_text)
    if not name:
        return None
    synopsis = help_text.partition("\nSYNOPSIS\n")[2].partition("\nDESCRIPTION\n")[0]
    flags = {f"--{no}{flag}" for negation, flag in _FLAG.findall(synopsis) for no in ("", negation)}
    return " ".join(name[1].split()), sorted(flags)


def main() -> None:
    """Write gcloud.json for the commands that the codelabs use."""
    course = find_course(Path(__file__))
    pages = [*(course.codelab(module).page for module in course.modules), *course.other_pages()]
    wanted = {tuple(_leading_names(shlex.split(line)[1:])) for page in pages for line in commands_in(page)}
    wanted |= {tuple(name.split()) for name in _NAMED}
    found = [answer for words in sorted(wanted) if (answer := _look_up(list(words)))]
    version = subprocess.run(
        ["gcloud", "version", "--format=value('Google Cloud SDK')"], stdout=subprocess.PIPE, check=True
    )
    record = {"version": version.stdout.decode().strip(), "commands": dict(sorted(found))}
    _RECORD.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
