"""The modules of the course, from course.yaml, the folders and the READMEs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from codelab.readme.course import Course

ROOT = Path(__file__).parents[2]
FUNCTION = "visitme"
# The files that each platform reads; a folder for it has these, main.py, and no others.
PLATFORMS = {
    "app-engine-python27": {"app.yaml", "appengine_config.py", "requirements.txt", "templates/index.html"},
    "app-engine": {"app.yaml", "requirements.txt", "templates/index.html"},
    "docker": {"Dockerfile", ".dockerignore", "requirements.txt", "templates/index.html"},
    "buildpacks": {"Procfile", ".python-version", "requirements.txt", "templates/index.html"},
    "functions": {"requirements.txt", "templates/index.html"},
}
_FOLDER_KEYS = {"platform", "files", "copy_of", "cache", "cache_control"}
_DIFFERENCE_KEYS = {"error_pages", "statuses", "python27"}
# The same headings as codelab.readme.parser reads, without its other checks: a README may be unfinished.
_TRACK = re.compile(r"^## Track (\w[\w.-]*) to (\w[\w.-]*): ", re.MULTILINE)
_DATASTORE_CLIENT = re.compile(r"^from google\.(\S+) import (ndb|datastore)$", re.MULTILINE)
# A start line that is longer than gunicorn accepts by default.
_LONG = "q" * 6000


class CourseError(ValueError):
    """course.yaml has an entry that cannot be used; the message says where."""


@dataclass(frozen=True)
class Folder:
    """One folder of a module. `name` is its name in the course, as in "mod2-cloudndb/START"."""

    name: str
    path: Path
    platforms: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    copy_of: str | None = None
    cache: str | None = None
    cache_control: str | None = None

    def __str__(self) -> str:
        return self.name

    @property
    def runs_on_app_engine_python27(self) -> bool:
        """True if app.yaml asks for the python27 runtime."""
        return self._has("app.yaml", "runtime: python27")

    @property
    def runs_on_python27(self) -> bool:
        """True if the folder asks for Python 2.7 on any platform."""
        return self.runs_on_app_engine_python27 or self.has_python27_image

    @property
    def has_python27_image(self) -> bool:
        """True if the Dockerfile starts from Python 2.7."""
        return self._has("Dockerfile", "FROM python:2")

    @property
    def has_dockerfile(self) -> bool:
        """True if a container can be built of the folder."""
        return (self.path / "Dockerfile").is_file()

    @property
    def counts_proxies(self) -> bool:
        """True if the visitor's address comes from X-Forwarded-For, by ProxyFix; python27 passes it in REMOTE_ADDR."""
        return self._has("main.py", "ProxyFix(") and not self.runs_on_app_engine_python27

    @cached_property
    def datastore_client(self) -> str:
        """The library that calls the Datastore, its Python, and the framework that answers when a call fails."""
        ((package, module),) = _DATASTORE_CLIENT.findall((self.path / "main.py").read_text())
        python = "Python 2.7" if self.runs_on_python27 else "Python 3"
        webapp2 = "webapp2" if self._has("main.py", "import webapp2") else "Flask"
        framework = "functions-framework" if "functions" in self.platforms else webapp2
        return f"google.{package}.{module} on {python} with {framework}"

    def _has(self, file: str, text: str) -> bool:
        path = self.path / file
        return path.is_file() and text in path.read_text()


@dataclass(frozen=True)
class Pair:
    """Two folders of one module that must give the same output, and the differences that are declared.

    `statuses` are the requests that both answer in their own way, with both statuses.
    """

    module: str
    start: Folder
    finish: Folder
    error_pages_differ: bool = False
    statuses: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    fails_on_python27: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.module}-{self.start.path.name}-{self.finish.path.name}"

    @property
    def folders(self) -> tuple[Folder, Folder]:
        """START and FINISH, or what the track calls them."""
        return self.start, self.finish

    @property
    def datastore_clients(self) -> set[str]:
        """The Datastore clients of both folders."""
        return {folder.datastore_client for folder in self.folders}

    @property
    def cache_clients(self) -> set[str]:
        """The caches of both folders, each with what its app is written in."""
        return {f"{folder.cache} from {folder.datastore_client}" for folder in self.folders if folder.cache}

    @property
    def adds_cache(self) -> bool:
        """True if FINISH has a cache that START lacks, so that returning visitors see other pages."""
        return self.finish.cache is not None and self.start.cache is None

    @property
    def declared(self) -> set[str]:
        """The kinds of difference that the README must explain."""
        kinds = {
            "caching": self.adds_cache,
            "error pages": self.error_pages_differ,
            "OPTIONS": "OPTIONS /" in self.statuses,
        }
        return {kind for kind, differs in kinds.items() if differs}

    @property
    def leaves_dev_appserver(self) -> bool:
        """True if only START runs on App Engine's Python 2.7."""
        return self.start.runs_on_app_engine_python27 and not self.finish.runs_on_app_engine_python27


@dataclass(frozen=True)
class Module:
    """A module: its folders by name, and its pairs, one for each track of its README."""

    name: str
    folders: Mapping[str, Folder]
    pairs: tuple[Pair, ...]


def one_pair_per_client(pairs: Iterable[Pair], clients: Callable[[Pair], set[str]]) -> list[Pair]:
    """Return pairs in which each of the clients of these pairs occurs, as few as a greedy choice finds."""
    left = list(pairs)
    missing = set().union(*map(clients, left))
    chosen = []
    while missing:
        best = max(left, key=lambda pair: len(missing & clients(pair)))
        chosen.append(best)
        missing -= clients(best)
    return chosen


def module_names(root: Path = ROOT) -> list[str]:
    """Return the modules on disk, by number."""
    names = [path.name for path in root.glob("mod*-*") if path.is_dir()]
    return sorted(names, key=lambda name: (int(re.sub(r"\D", "", name.partition("-")[0]) or 0), name))


def read_entries(root: Path = ROOT) -> Mapping[str, Any]:
    """Return course.yaml as it is written."""
    return dict(YAML(typ="safe").load((root / "course.yaml").read_text()) or {})


def read_course(root: Path = ROOT) -> list[Module]:
    """Return the modules that have both an entry in course.yaml and a folder; raises CourseError for a wrong entry."""
    entries = read_entries(root)
    return [_module(root, name, entries[name]) for name in module_names(root) if name in entries]


def problems(module: str, root: Path = ROOT) -> list[str]:
    """Return what a module lacks, one line each: an entry, a folder, a README, or its row in the table of README.md."""
    entry = read_entries(root).get(module)
    if not (root / module).is_dir():
        return [f"course.yaml: {module}: there is no such folder; remove the entry"]
    found = []
    if entry is None:
        found.append(f"{module}: no entry in course.yaml; add one with its folders")
    else:
        on_disk = {path.name for path in (root / module).iterdir() if path.is_dir() and path.name != "__pycache__"}
        described = set(entry.get("folders", {}))
        found += [
            f"{module}/{name}: not in course.yaml; add it to the folders of {module}" for name in on_disk - described
        ]
        found += [f"course.yaml: {module}: {name}: there is no such folder; remove it" for name in described - on_disk]
    if not (root / module / "README.md").is_file():
        found.append(f"{module}: no README.md; write the codelab (docs/readme-format.md)")
    if f"| [{module}]({module}/README.md) |" not in (root / "README.md").read_text():
        found.append(f"README.md: no row for {module} in the table of modules; add one")
    return sorted(found)


def _module(root: Path, name: str, entry: Mapping[str, Any]) -> Module:
    if unknown := set(entry) - {"folders", "differences"}:
        raise CourseError(f"course.yaml: {name}: unknown key {', '.join(sorted(unknown))}; use folders and differences")
    folders = {
        folder: _folder(root, f"{name}/{folder}", facts or {})
        for folder, facts in entry.get("folders", {}).items()
        if (root / name / folder).is_dir()
    }
    tracks = list(_tracks(root / name, folders))
    differences = entry.get("differences", {})
    if unknown := set(differences) - {f"{start} to {finish}" for start, finish in tracks}:
        raise CourseError(f"course.yaml: {name}: differences: the README has no track {', '.join(sorted(unknown))}")
    pairs = [
        _pair(name, folders[start], folders[finish], differences.get(f"{start} to {finish}", {}))
        for start, finish in tracks
    ]
    return Module(name, folders, tuple(pairs))


def _folder(root: Path, name: str, facts: Mapping[str, Any]) -> Folder:
    if unknown := set(facts) - _FOLDER_KEYS:
        raise CourseError(f"course.yaml: {name}: unknown key {', '.join(sorted(unknown))}")
    platforms = facts.get("platform", ())
    platforms = (platforms,) if isinstance(platforms, str) else tuple(platforms)
    if unknown := set(platforms) - set(PLATFORMS):
        raise CourseError(
            f"course.yaml: {name}: unknown platform {', '.join(sorted(unknown))}; use {', '.join(PLATFORMS)}"
        )
    if not platforms and "files" not in facts:
        raise CourseError(f"course.yaml: {name}: no platform; name one of {', '.join(PLATFORMS)}")
    files = {*facts.get("files", ()), *(file for platform in platforms for file in PLATFORMS[platform]), "main.py"}
    named = {key: facts[key] for key in ("copy_of", "cache", "cache_control") if key in facts}
    return Folder(name, root / name, platforms, frozenset(files), **named)


def _tracks(directory: Path, folders: Mapping[str, Folder]) -> Iterator[tuple[str, str]]:
    """Yield the tracks of the README that lead between described folders; the main one needs no heading."""
    readme = directory / "README.md"
    others = _TRACK.findall(readme.read_text()) if readme.is_file() else []
    for start, finish in [("START", "FINISH"), *others]:
        if start in folders and finish in folders:
            yield start, finish


def _pair(module: str, start: Folder, finish: Folder, facts: Mapping[str, Any]) -> Pair:
    if unknown := set(facts) - _DIFFERENCE_KEYS:
        raise CourseError(f"course.yaml: {module}: differences: unknown key {', '.join(sorted(unknown))}")
    statuses = {
        request.replace("LONG", _LONG): (first, second)
        for request, (first, second) in facts.get("statuses", {}).items()
    }
    return Pair(module, start, finish, bool(facts.get("error_pages")), statuses, facts.get("python27", {}))


LONG_QUERY = f"GET /?{_LONG}"
# Reading the READMEs takes a second, so that tests share what was read.
COURSE = Course(ROOT)
MODULES = read_course()
PAIRS = [pair for module in MODULES for pair in module.pairs]
FOLDERS = {folder.name: folder for module in MODULES for folder in module.folders.values()}
