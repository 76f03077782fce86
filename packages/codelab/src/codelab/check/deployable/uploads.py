"""Files that ignore files keep from the platform although the app needs them, and private keys that it gets."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codelab.check.deployable.fault import Fault, fault
from codelab.check.deployable.folder import APP_YAML, REQUIREMENTS, Folder
from codelab.check.ignores import Ignored, IgnoreLine, read_ignore_lines

_IGNORES = ".gcloudignore"
_INCLUDE = "#!include:"
_DOCKERFILE, _DOCKERIGNORE = "Dockerfile", ".dockerignore"
_NOT_NEEDED = {APP_YAML, _IGNORES, _DOCKERIGNORE, ".gitignore", "README.md"}
_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----")


def find_wrong_uploads(folder: Folder, expected: Folder) -> Iterator[Fault]:
    """Yield each needed file that .gcloudignore or .dockerignore keeps back, and each private key that is uploaded."""
    # docs/platform-facts.md: .gitignore counts where there is no .gcloudignore.
    ignored = Ignored(tuple(_lines(folder, _IGNORES if _IGNORES in folder.tree else ".gitignore")))
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
    if _DOCKERFILE in folder.tree:
        yield from _missing_in_image(folder, expected)


def _missing_in_image(folder: Folder, expected: Folder) -> Iterator[Fault]:
    ignored = Ignored(tuple(read_ignore_lines(_DOCKERIGNORE, folder.tree.get(_DOCKERIGNORE, ""))), from_root=True)
    for file in folder.tree:
        by = ignored.find_reason(file)
        if by and file not in {*_NOT_NEEDED, _DOCKERFILE} and (file in expected.tree or file in folder.modules):
            message = f'"{by.pattern}" keeps {file} out of the image; the app needs it'
            yield fault("upload", by.file, by.number, message)


def _lines(folder: Folder, file: str) -> Iterator[IgnoreLine]:
    """Yield the patterns of such a file, with those of the files that .gcloudignore includes."""
    text = folder.tree.get(file, "")
    for number, line in enumerate(text.splitlines(), 1):
        included = line.strip().removeprefix(_INCLUDE).strip()
        if line.strip().startswith(_INCLUDE) and file == _IGNORES and included != file:
            yield from _lines(folder, included)
        else:
            yield from (IgnoreLine(file, number, one.pattern) for one in read_ignore_lines(file, line))
