"""The answers of an app in the scenarios. START's are kept between checks, so that it runs only after a change."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from pathlib import Path

import codelab.compare
import datastore_emulator
import localcloud
from codelab.compare.visitor import Document
from localcloud.cache import cache_directory

_PACKAGES = (codelab.compare, localcloud, datastore_emulator)


class Answers:
    """The answers of one folder by the scenario's name: in memory, and in a file if there is one."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._known: dict[str, list[Document]] = {}
        if file:
            self._read(file)

    @classmethod
    def of_earlier_checks(cls, folder: Path, function: str | None) -> Answers:
        """Return the answers that are kept in localcloud's cache for the folder as it is now."""
        return cls(cache_directory() / "answers" / f"{_key(folder, function)}.json")

    def _read(self, file: Path) -> None:
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            for name, documents in json.loads(file.read_text(encoding="utf-8")).items():
                self._known[name] = [
                    Document(status, kind, [tuple(node) for node in nodes]) for status, kind, nodes in documents
                ]

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __getitem__(self, name: str) -> list[Document]:
        return self._known[name]

    def keep(self, name: str, answers: list[Document]) -> None:
        """Keep the answers in a scenario. A cache that cannot be written is no error."""
        self._known[name] = answers
        if self._file is None:
            return
        new = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            new.write_text(json.dumps(self._known), encoding="utf-8")
            os.replace(new, self._file)


def _key(folder: Path, function: str | None) -> str:
    """Return a name for all that the answers depend on: the folder's files, and the programs that run and visit it."""
    digest = hashlib.sha256(f"{sys.version} {sys.platform} {function}".encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(f"{path.relative_to(folder)}".encode(errors="surrogateescape") + path.read_bytes())
    for package in _PACKAGES:
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*")):
            if path.suffix in (".py", ".txt"):
                found = path.stat()
                digest.update(f"{path.relative_to(root)} {found.st_size} {found.st_mtime_ns}".encode())
    return digest.hexdigest()[:20]
