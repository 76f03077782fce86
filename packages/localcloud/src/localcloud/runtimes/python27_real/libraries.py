"""The `libraries` of app.yaml that production had and the legacy SDK lacks: it left those written in C to its user.

Each goes where the SDK looks for a library of that name and version.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from datastore_emulator.errors import UserError
from localcloud.runtimes.python27_real.interpreter import Python27
from localcloud.runtimes.python27_real.packages import make_once, pip_install
from localcloud.runtimes.runtime import Report

LATEST = "latest"


@dataclass(frozen=True)
class Library:
    """A library: the version that "latest" means, and the package that brings it to a Python 2.7 of today.

    `version` is the SDK's name of the folder. The package is of the same version if that still installs, else of the
    last one for Python 2.7. `needs` are other libraries that the SDK adds with it. If the package does not build,
    `instead` is another one, which `shim`, a file here, gives the library's name.
    """

    version: str
    package: str
    needs: tuple[str, ...] = ()
    instead: str = ""
    shim: Path | None = None


_MYSQLDB = Path(__file__).parent / "legacy_sdk" / "mysql" / "MySQLdb.py"
# The names and versions of google/appengine/api/appinfo.py in the SDK.
_LIBRARIES = {
    "MySQLdb": Library("1.2.5", "mysqlclient==1.4.6", instead="PyMySQL==0.10.1", shim=_MYSQLDB),
    "PIL": Library("1.1.7", "Pillow==6.2.2"),
    "crcmod": Library("1.7", "crcmod==1.7"),
    "enum": Library("0.9.23", "enum34==0.9.23"),
    "futures": Library("3.0.5", "futures==3.0.5"),
    "lxml": Library("3.7.3", "lxml==3.7.3"),
    "matplotlib": Library("1.2.0", "matplotlib==2.2.5", needs=("numpy",)),
    "mysqlclient": Library("1.4.4", "mysqlclient==1.4.6", instead="PyMySQL==0.10.1", shim=_MYSQLDB),
    "numpy": Library("1.6.1", "numpy==1.16.6"),
    "psycopg2": Library("2.8.3", "psycopg2-binary==2.8.6"),
    "pycrypto": Library("2.6", "pycrypto==2.6.1"),
    "ujson": Library("1.35", "ujson==1.35"),
}
# Without a package index that has it: a library that nobody publishes for Python.
_UNPUBLISHED = frozenset({"clearsilver"})


def ensure_libraries(python27: Python27, sdk: Path, libraries: Mapping[str, str], report: Report) -> tuple[str, ...]:
    """Install the libraries that the SDK lacks, of these names and versions; return a note for each that fails."""
    wanted = dict(libraries)
    for name in libraries:
        for needed in _LIBRARIES[name].needs if name in _LIBRARIES else ():
            wanted.setdefault(needed, LATEST)
    notes = [f'"{name}" in `libraries` is not published for Python 2.7' for name in wanted if name in _UNPUBLISHED]
    for name, version in wanted.items():
        if name in _LIBRARIES:
            try:
                _install(python27, sdk, name, version, report)
            except UserError as error:
                notes.append(f'"{name}" in `libraries` is missing, so the app cannot import it: {error}')
    return tuple(notes)


def _install(python27: Python27, sdk: Path, name: str, version: str, report: Report) -> Path:
    library = _LIBRARIES[name]
    return make_once(
        sdk / "lib" / f"{name}-{library.version if version == LATEST else version}",
        lambda directory: _install_or_replace(python27, directory, library, report),
        lambda: report(f"installing for Python {python27.version}: {library.package}"),
    )


def _install_or_replace(python27: Python27, directory: Path, library: Library, report: Report) -> None:
    try:
        pip_install(python27, directory, [library.package])
    except UserError:
        if library.shim is None:
            raise
        report(f"{library.package} does not build here; {library.instead} takes its place")
        pip_install(python27, directory, [library.instead])
        shutil.copy(library.shim, directory)
