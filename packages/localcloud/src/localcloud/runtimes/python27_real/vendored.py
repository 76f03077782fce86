"""Tells what pip put into a folder of vendored packages from what a person wrote or copied there."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name

from localcloud.files.reading import NotReadError, read_file

# Google's vendor.add takes a relative path; apps often join it to the folder of __file__.
_VENDOR_ADD = re.compile(r"""^[^#\n]*vendor\.add\(.*?["']([\w./-]+)["']\)*\s*(?:,.*)?$""", re.MULTILINE)
_DEFAULT = "lib"
_FOR_PYTHON2 = re.compile(r"^Tag: (\w+\.)*(py2|cp2)", re.MULTILINE)


@dataclass(frozen=True)
class Distribution:
    """A package that pip has installed: its canonical name, its files and folders, and whether Python 2 can use it."""

    name: str
    places: frozenset[Path]
    for_python2: bool


def find_vendor_folder(directory: Path) -> str:
    """Return the folder that the app's appengine_config.py adds to the path, "lib" if it does not say which."""
    found = _VENDOR_ADD.search(_read(directory / "appengine_config.py"))
    return os.path.normpath(found[1]) if found else _DEFAULT


def list_replaced(folder: Path, replaced: Iterable[str]) -> set[Path]:
    """Return what pip put into a folder and an app on Python 2.7 does not need from it.

    This is every package of the canonical names in `replaced`, and every package for Python 3 alone.
    """
    names = set(replaced)
    unneeded = (one for one in read_distributions(folder) if one.name in names or not one.for_python2)
    return {place for one in unneeded for place in one.places}


def read_distributions(folder: Path) -> Iterator[Distribution]:
    """Yield the packages that pip has installed into a folder, by the metadata that it leaves beside them."""
    for metadata in sorted([*folder.glob("*.dist-info"), *folder.glob("*.egg-info")]):
        name = canonicalize_name(metadata.stem.partition("-")[0])
        wheel = _read(metadata / "WHEEL")
        for_python2 = not wheel or _FOR_PYTHON2.search(wheel) is not None
        yield Distribution(name, frozenset({metadata, *_places(folder, metadata)}), for_python2)


def _places(folder: Path, metadata: Path) -> Iterator[Path]:
    """Yield the files that the metadata lists, else the modules that it names."""
    listed = [row[0] for row in csv.reader(_read(metadata / "RECORD").splitlines()) if row]
    # Relative to the metadata itself.
    listed += [f"{metadata.name}/{line}" for line in _read(metadata / "installed-files.txt").splitlines()]
    if not listed:
        modules = _read(metadata / "top_level.txt").split()
        listed = [*modules, *(f"{module}.py" for module in modules)]
    yield from (folder / os.path.normpath(name) for name in listed)


def _read(file: Path) -> str:
    with suppress(OSError, NotReadError):
        return read_file(file).decode(errors="replace")
    return ""
