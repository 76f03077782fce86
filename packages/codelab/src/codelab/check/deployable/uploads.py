"""Files that gcloud does not upload although the app needs them, and private keys that it does upload."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import translate

from codelab.check.deployable.fault import Fault, fault
from codelab.check.deployable.folder import APP_YAML, REQUIREMENTS, Folder

_IGNORES = ".gcloudignore"
_INCLUDE = "#!include:"
_NOT_NEEDED = {APP_YAML, _IGNORES, ".dockerignore", ".gitignore", "README.md"}
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")


def find_wrong_uploads(folder: Folder, expected: Folder) -> Iterator[Fault]:
    """Yield each needed file that .gcloudignore keeps back, and each private key that it does not."""
    # docs/platform-facts.md: .gitignore counts where there is no .gcloudignore.
    patterns = list(_patterns(folder, _IGNORES if _IGNORES in folder.tree else ".gitignore"))
    if (
        folder.is_python27
        and folder.is_app_engine
        and folder.requirements
        and (by := _ignored_by("lib/x.py", patterns))
    ):
        message = f'"{by[1]}" keeps lib from being uploaded; python27 has the packages of {REQUIREMENTS} from there'
        yield fault("upload", by[2], by[0], message)
    for file, text in folder.tree.items():
        by = _ignored_by(file, patterns)
        if by and file not in _NOT_NEEDED and (file in expected.tree or file in folder.modules):
            line, pattern, where = by
            yield fault("upload", where, line, f'"{pattern}" keeps {file} from being uploaded; the app needs it')
        if not by and (found := _PRIVATE_KEY.search(text)):
            line = text.count("\n", 0, found.start()) + 1
            message = "a private key is uploaded with the app; delete it here, revoke it, and use a service account"
            yield fault("private key", file, line, message)


def _patterns(folder: Folder, file: str) -> Iterator[tuple[int, str, str]]:
    """Yield the lines of such a file that are patterns, with the lines of the files that .gcloudignore includes."""
    for number, line in enumerate(folder.tree.get(file, "").splitlines(), 1):
        pattern = line.strip()
        included = pattern.removeprefix(_INCLUDE).strip()
        if pattern.startswith(_INCLUDE) and file == _IGNORES and included != file:
            yield from _patterns(folder, included)
        elif pattern and not pattern.startswith("#"):
            yield number, pattern, file


def _ignored_by(file: str, patterns: list[tuple[int, str, str]]) -> tuple[int, str, str] | None:
    """Return the last pattern that speaks of the file or of a folder above it, unless it takes the file in again."""
    found = None
    parts = file.split("/")
    paths = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    for entry in patterns:
        pattern = entry[1].removeprefix("!").removeprefix("\\")
        if any(_matches(path, pattern, is_folder=path != file) for path in paths):
            found = None if entry[1].startswith("!") else entry
    return found


def _matches(path: str, pattern: str, *, is_folder: bool) -> bool:
    """Return whether a pattern of .gitignore's syntax is for this path."""
    if pattern.endswith("/") and not is_folder:
        return False
    pattern = pattern.rstrip("/")
    if "/" not in pattern:
        return bool(re.fullmatch(translate(pattern), path.rpartition("/")[2]))
    parts = [".*" if part == "**" else _part(part) for part in pattern.strip("/").split("/")]
    expression = "/".join(parts).replace("/.*/", "/(?:.*/)?")
    return bool(re.fullmatch(re.sub(r"^\.\*/", "(?:.*/)?", expression), path))


def _part(pattern: str) -> str:
    """Return the expression for one name between slashes."""
    return translate(pattern).replace(r"\Z", "").replace(r"\z", "").replace(".*", "[^/]*")
