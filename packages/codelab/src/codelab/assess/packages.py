"""The packages that an app asks for or has copied, and which of them Python 3 cannot have as they are."""

from __future__ import annotations

import posixpath
import sys

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Specified
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from codelab.assess.collecting import Collected
from codelab.assess.finding import Place
from codelab.assess.folder import AppFolder
from codelab.assess.guide import Guide
from codelab.assess.imports import Module
from codelab.assess.settings import Services
from codelab.check.alternatives import NEWEST
from codelab.check.deployable.pins import read_record
from codelab.check.deployable.python3 import removed_modules
from localcloud.deployment.requirements import Requirement, read_requirements
from localcloud.launch.python27_libraries import find_package, is_python2_only

# Of Python 2's library, what no table of ours names.
_LIBRARY_OF_PYTHON2 = ("strop", "os2emxpath", *removed_modules())
# Python's own; google, whose parts come from many packages; and what is to be replaced anyway.
_NOT_A_PACKAGE = frozenset(
    {
        *sys.stdlib_module_names, *_LIBRARY_OF_PYTHON2,
        "__main__", "google", "cloudstorage", "endpoints", "protorpc", "webapp2", "webapp2_extras",
    }
)  # fmt: skip
# The packages of a module of another name.
_PACKAGES_OF = {
    "Crypto": ("pycrypto", "pycryptodome"), "MySQLdb": ("mysql-python", "mysqlclient", "mysqldb"),
    "OpenSSL": ("pyopenssl",), "PIL": ("pillow",), "apiclient": ("google-api-python-client",),
    "bs4": ("beautifulsoup4",), "cloudstorage": ("googleappenginecloudstorageclient",),
    "dateutil": ("python-dateutil",), "googleapiclient": ("google-api-python-client",), "jwt": ("pyjwt",),
    "pkg_resources": ("setuptools",), "yaml": ("pyyaml",),
}  # fmt: skip
_PYTHON3 = {
    "python_version": f"3.{NEWEST}",
    "python_full_version": f"3.{NEWEST}.0",
    "implementation_version": f"3.{NEWEST}.0",
}


def find_packages(app: AppFolder, services: Services, guide: Guide, found: Collected) -> frozenset[str]:
    """Collect the packages of requirements files, of app.yaml's `libraries` and of vendored folders.

    Returns the names of all of them.
    """
    named: set[str] = set()

    def add(name: str, place: Place, entry: Requirement | None = None) -> None:
        named.add(canonicalize_name(name))
        _add(canonicalize_name(name), place, entry, guide, found, python2=not services.is_python3)

    for file, text in app.settings.items():
        if not posixpath.basename(file).endswith(".txt") or posixpath.basename(file) == "runtime.txt":
            continue
        for entry in read_requirements(text):
            if isinstance(entry, Requirement) and _is_for_python3(entry):
                add(entry.name, Place(file, entry.line, entry.text), entry)
    for file, line, name in services.libraries:
        add(name, Place(file, line, f"libraries: {name}"))
    for vendored in app.vendored:
        packages = ", ".join(vendored.packages[:12]) + (", ..." if len(vendored.packages) > 12 else "")
        found.add("copied packages", Place(vendored.folder, 0, f"{vendored.files} files: {packages}"))
        for name in vendored.packages:
            add(name, Place(f"{vendored.folder}/{name}", 0, name))
    return frozenset(named)


def find_unnamed(file: str, module: Module, named: frozenset[str], guide: Guide, found: Collected) -> None:
    """Collect each import of another's package that nothing in the folder names.

    python27 brought some packages along, and people copied others into the folder when they deployed.
    """
    if posixpath.basename(file) == "setup.py":  # it runs where the app is installed, and not with it
        return
    for use in module.uses:
        top = use.name.partition(".")[0]
        if not use.is_import or not top or use.node in module.tried or top in _NOT_A_PACKAGE or top in guide.renamed:
            continue
        packages = {canonicalize_name(name) for name in (top, *_PACKAGES_OF.get(top, ()))}
        if not packages & named and top not in named and top not in guide.gone:
            found.add("named nowhere", Place(file, use.line, top))


def _is_for_python3(entry: Requirement) -> bool:
    """Return whether a line counts on Python 3, by its marker."""
    try:
        marker = Specified(entry.text).marker
    except InvalidRequirement:
        return True
    return marker is None or marker.evaluate(_PYTHON3)


def _add(name: str, place: Place, entry: Requirement | None, guide: Guide, found: Collected, *, python2: bool) -> None:
    own = next((known for known in guide.packages if canonicalize_name(known) == name), None)
    successor = find_package(name)
    if own is not None:
        found.add(own, place)
    elif any(is_python2_only(spelled) for spelled in (name, place.what.removeprefix("libraries: "))):
        found.add("for Python 2 only", place)
    elif successor is None:
        found.add("part of Python 3", place)
    elif canonicalize_name(successor) != name:
        found.add("other name on Python 3", Place(place.file, place.line, f"{place.what}: {successor}"))
    elif entry is not None and entry.location:
        found.add("not from the index", place)
    elif entry is not None and entry.versions and python2:
        last = read_record().last_versions.get(name)
        if last is None:
            found.add("pinned", place)
        elif _is_at_most(entry.versions, last):
            found.add("pinned for Python 2.7", place)


def _is_at_most(versions: tuple[str, ...], last: str) -> bool:
    try:
        return all(Version(version.removesuffix(".*")) <= Version(last) for version in versions)
    except InvalidVersion:
        return False
