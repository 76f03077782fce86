"""Read app.yaml's `includes` and `builtins`: handlers and variables that other files bring.

The order is that of `google/appengine/api/appinfo_includes.py` in App Engine's SDK for Python 2.7.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.appengine.api import appinfo, yaml_errors

from localcloud.deployment.errors import TextError
from localcloud.deployment.yaml_lines import YamlLines
from localcloud.files.paths import OutsideError, resolve_inside
from localcloud.launch.errors import FileError, read_text
from localcloud.launch.google_parser import refuse_file, refuse_line
from localcloud.launch.handlers import DEFERRED, check_scripts, read_handlers
from localcloud.launch.plan import Handler

# The URLs of python27's builtins.
_BUILTIN_URLS = {
    "admin_redirect": "/_ah/admin.*",
    "appstats": "/_ah/stats.*",
    "datastore_admin": "/_ah/datastore_admin.*",
    "deferred": "/_ah/queue/deferred",
    "django_wsgi": "/.*",
    "mapreduce": "/_ah/mapreduce.*",
    "remote_api": "/_ah/remote_api.*",
}
_WITHOUT_HANDLERS = "default"
_LAST = ("django_wsgi",)
_IN_FOLDER = "include.yaml"
_MOST_FILES = 50


@dataclass
class Included:
    """What other files bring: handlers before and behind those of app.yaml, and variables, which beat its own."""

    first: list[Handler] = field(default_factory=list)
    last: list[Handler] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)


def read_included(file: Path, yaml: YamlLines, info: Any) -> Included:
    """Return what the builtins and the included files of an app.yaml bring; `info` is Google's object of the file.

    A builtin that is not here becomes a refused handler: the app's pages work without. Raises UserError, with the line,
    for a file that is not there or that App Engine refuses.
    """
    reader = _Reader(file.parent, info.default_expiration)
    reader.follow(file, yaml, info)
    return reader.included


class _Reader:
    def __init__(self, root: Path, expiration: str | None) -> None:
        self.included = Included()
        self._root = root
        self._expiration = expiration
        self._off: set[str] = set()
        self._seen: set[Path] = set()

    def follow(self, file: Path, yaml: YamlLines, info: Any) -> None:
        for index, builtin in enumerate(info.builtins or []):
            self._add_builtin(file, yaml.line("builtins", index), builtin)
        for index, name in enumerate(info.includes or []):
            line = yaml.line("includes", index)
            place = self._resolve(file, line, str(name))
            if place not in self._seen:
                self._seen.add(place)
                if len(self._seen) > _MOST_FILES:
                    raise FileError(file, line, f"more than {_MOST_FILES} files are included; use fewer")
                self._add_file(place)

    def _add_builtin(self, file: Path, line: int, builtin: Any) -> None:
        name = builtin.builtin_name
        if getattr(builtin, name) == appinfo.OFF:
            self._off.add(name)
        elif name not in self._off and name != _WITHOUT_HANDLERS:
            handlers = self.included.last if name in _LAST else self.included.first
            handlers.append(_read_builtin(file, line, name))

    def _add_file(self, file: Path) -> None:
        yaml, info = _parse(file)
        check_scripts(self._root, file, yaml, "2.7")
        handlers = read_handlers(file, yaml, info, directory=self._root, expiration=self._expiration)
        for handler, entry in zip(handlers, info.handlers or [], strict=True):
            (self.included.last if entry.position == "tail" else self.included.first).append(handler)
        self.included.environment |= {str(name): str(value) for name, value in (info.env_variables or {}).items()}
        self.follow(file, yaml, info)

    def _resolve(self, file: Path, line: int, name: str) -> Path:
        """Return the file that an include names: from the folder of the file that has it, else from the app's."""
        own = file.parent.relative_to(self._root).as_posix()
        for start in (own, "."):
            for path in (name, posixpath.join(name, _IN_FOLDER)):
                try:
                    place = resolve_inside(self._root, posixpath.normpath(posixpath.join(start, path)))
                except OutsideError as error:
                    raise FileError(file, line, f"{error}; include files of the app's folder only") from error
                if place.is_file():
                    return place
        raise FileError(file, line, f"{name} is not in {self._root}; add it, or remove it from `includes`")


def _read_builtin(file: Path, line: int, name: str) -> Handler:
    if name not in _BUILTIN_URLS:
        known = ", ".join(sorted(_BUILTIN_URLS))
        raise FileError(file, line, f'App Engine has no builtin "{name}"; write one of {known}')
    url = _BUILTIN_URLS[name]
    if name == "deferred":
        return Handler(url=url, script=f"{DEFERRED}.deferred.application", login="admin")
    reason = f"localcloud does not have python27's builtin {name} ({file}:{line}); --python27 runs it"
    return Handler(url=url, refused=reason)


def _parse(file: Path) -> tuple[YamlLines, Any]:
    text = read_text(file)
    try:
        return YamlLines(text), appinfo.LoadAppInclude(text)
    except TextError as error:
        raise FileError(file, error.line, f"not valid YAML: {error.problem}") from error
    except yaml_errors.EventError as error:
        raise refuse_line(file, text, error) from error
    except appinfo.appinfo_errors.EmptyConfigurationFile:
        return YamlLines(text), appinfo.AppInclude()
    except (yaml_errors.Error, appinfo.appinfo_errors.Error) as error:
        raise refuse_file(file, error) from error
