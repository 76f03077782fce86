"""Files that gcloud does not upload although the app needs them, and private keys that it does upload."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from codelab.check.deployable.fault import Fault, fault
from codelab.check.deployable.folder import APP_YAML, REQUIREMENTS, Folder

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_IGNORES = ".gcloudignore"
_INCLUDE = "#!include:"
_NOT_NEEDED = {APP_YAML, _IGNORES, ".dockerignore", ".gitignore", "README.md"}
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")


@dataclass(frozen=True)
class _Line:
    """A line of an ignore file that is a pattern."""

    file: str
    number: int
    pattern: str


@dataclass(frozen=True)
class _Ignored:
    """The lines that keep files from being uploaded, in their order."""

    lines: tuple[_Line, ...]

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        # Imported here: most copies have no such file.
        from pathspec import GitIgnoreSpec

        return GitIgnoreSpec.from_lines(line.pattern if _is_pattern(line.pattern) else "" for line in self.lines)

    def find_reason(self, file: str) -> _Line | None:
        """Return the line that keeps this file back; None if it is uploaded."""
        if not self.lines:
            return None
        found = self._spec.check_file(file)
        return self.lines[found.index] if found.include and found.index is not None else None


def _is_pattern(text: str) -> bool:
    """Return whether git takes a line for a pattern; it skips any other."""
    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([text])
    except ValueError:
        return False
    return True


def find_wrong_uploads(folder: Folder, expected: Folder) -> Iterator[Fault]:
    """Yield each needed file that .gcloudignore keeps back, and each private key that it does not."""
    # docs/platform-facts.md: .gitignore counts where there is no .gcloudignore.
    ignored = _Ignored(tuple(_lines(folder, _IGNORES if _IGNORES in folder.tree else ".gitignore")))
    if folder.is_python27 and folder.is_app_engine and folder.requirements and (by := ignored.find_reason("lib/x.py")):
        message = (
            f'"{by.pattern}" keeps lib from being uploaded; python27 has the packages of {REQUIREMENTS} from there'
        )
        yield fault("upload", by.file, by.number, message)
    for file, text in folder.tree.items():
        by = ignored.find_reason(file)
        if by and file not in _NOT_NEEDED and (file in expected.tree or file in folder.modules):
            message = f'"{by.pattern}" keeps {file} from being uploaded; the app needs it'
            yield fault("upload", by.file, by.number, message)
        if not by and (found := _PRIVATE_KEY.search(text)):
            line = text.count("\n", 0, found.start()) + 1
            message = "a private key is uploaded with the app; delete it here, revoke it, and use a service account"
            yield fault("private key", file, line, message)


def _lines(folder: Folder, file: str) -> Iterator[_Line]:
    """Yield the patterns of such a file, with those of the files that .gcloudignore includes."""
    for number, line in enumerate(folder.tree.get(file, "").splitlines(), 1):
        pattern = line.strip()
        included = pattern.removeprefix(_INCLUDE).strip()
        if pattern.startswith(_INCLUDE) and file == _IGNORES and included != file:
            yield from _lines(folder, included)
        elif pattern and not pattern.startswith("#"):
            yield _Line(file, number, pattern)
