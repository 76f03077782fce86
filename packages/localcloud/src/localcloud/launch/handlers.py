"""Read app.yaml's `handlers`: what serves which URL."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from google.appengine.api import appinfo

from localcloud.deployment.yaml_lines import YamlLines
from localcloud.files.paths import OutsideError, format_name, resolve_inside
from localcloud.files.reading import NotReadError, read_file
from localcloud.launch.advice import ON_PYTHON27
from localcloud.launch.errors import FileError
from localcloud.launch.patterns import Pattern, PatternError
from localcloud.launch.plan import Handler

_WSGI_OBJECT = re.compile(r"^(\w+) *= *[\w.]*WSGIApplication\(", re.MULTILINE)
DEFERRED = "google.appengine.ext.deferred"
"""The part of the SDK whose handler runs here."""
_OF_SDK = ("google.", "$PYTHON_LIB/")


def check_scripts(directory: Path, file: Path, yaml: YamlLines, python: str) -> None:
    """Raise UserError for the first `script` that the runtime cannot serve.

    On python27, a script that is not there breaks its own pages alone. It is an error if there is no other script.
    """
    handlers = yaml.keys.get("handlers")
    missing: list[FileError] = []
    count = 0
    for index, entry in enumerate(handlers if isinstance(handlers, list) else []):
        if not isinstance(entry, dict) or "script" not in entry:
            continue
        script, line = str(entry["script"]), yaml.line("handlers", index, "script")
        if python != "2.7":
            if script != "auto":
                raise FileError(
                    file,
                    line,
                    f'on Python 3 the entrypoint serves the app; write "script: auto" instead of "{script}"',
                )
        elif not _is_of_sdk(script):
            count += 1
            _check_form(directory, file, line, script, yaml.keys.get("threadsafe") is True)
            if reason := _find_missing(directory, script):
                missing.append(FileError(file, line, f'"{script}" {reason}; add it'))
    if missing and len(missing) == count:
        raise missing[0]


def read_handlers(
    file: Path, yaml: YamlLines, info: Any, *, directory: Path | None = None, expiration: str | None = None
) -> Iterator[Handler]:
    """Yield the handlers in file order. `info` is what App Engine's parser makes of the file.

    An included file has the app's `directory` and default `expiration` from app.yaml.
    """
    expiration = getattr(info, "default_expiration", expiration)
    for index, entry in enumerate(info.handlers or []):

        def line(key: str, index: int = index) -> int:
            return yaml.line("handlers", index, key)

        for key in ("url", "upload"):
            expression = getattr(entry, key) or ""
            try:
                Pattern(expression)
            except PatternError as error:
                reason = f'"{format_name(expression)}" is not a regular expression that App Engine accepts ({error})'
                raise FileError(file, line(key), reason) from error
        for key in ("static_dir", "static_files"):
            _refuse_path_outside(file, line(key), getattr(entry, key), directory or file.parent)
        yield Handler(
            url=entry.url,
            script=entry.script if not _is_of_sdk(entry.script) else None,
            static_dir=entry.static_dir,
            static_files=entry.static_files,
            upload=entry.upload,
            mime_type=entry.mime_type,
            http_headers=_headers(entry, expiration),
            refused=_refusal(file, line, entry),
            login=entry.login if entry.login in (appinfo.LOGIN_REQUIRED, appinfo.LOGIN_ADMIN) else None,
            login_redirects=entry.auth_fail_action != appinfo.AUTH_FAIL_ACTION_UNAUTHORIZED,
        )


def _refuse_path_outside(file: Path, line: int, path: str | None, directory: Path) -> None:
    """Raise UserError for a static handler's path that does not lead into the app's folder."""
    if path is None or posixpath.normpath(path) == ".":
        return
    try:
        resolve_inside(directory, re.sub(r"\\(?:\d+|g<\w+>)", "x", path))
    except OutsideError as error:
        raise FileError(file, line, f"{error}; name a path in the app's folder") from error


def _headers(entry: Any, default_expiration: str | None) -> dict[str, str]:
    """Return a static handler's own headers and, if app.yaml says how long to keep its files, Cache-Control."""
    headers = {str(name): str(value) for name, value in (entry.http_headers or {}).items()}
    expiration = entry.expiration or default_expiration
    if expiration and not entry.script and "cache-control" not in map(str.lower, headers):
        headers["Cache-Control"] = f"public, max-age={appinfo.ParseExpiration(expiration)}"
    return headers


def _refusal(file: Path, line: Callable[[str], int], entry: Any) -> str | None:
    """Return why this one handler cannot be served here, or None."""
    if entry.api_endpoint:
        return f"localcloud has no Endpoints for api_endpoint ({file}:{line('api_endpoint')}); --python27 has"
    if _is_of_sdk(entry.script):
        return f"localcloud does not have {entry.script} of python27's SDK ({file}:{line('script')}); --python27 has it"
    return None


def is_cgi(script: str) -> bool:
    """Return whether a `script` of python27 is a file that runs for each request, and not a WSGI object."""
    return script.endswith(".py") or "/" in script


def _is_of_sdk(script: str | None) -> bool:
    return bool(script and script.startswith(_OF_SDK) and not script.startswith(f"{DEFERRED}."))


def _check_form(directory: Path, file: Path, line: int, script: str, threadsafe: bool) -> None:
    """Raise UserError for a `script` of python27 that no file could make right."""
    if not is_cgi(script):
        if "." not in script:
            raise FileError(
                file, line, f'"{script}" does not name a WSGI object; write its module and its name, such as main.app'
            )
        return
    if threadsafe:
        module = script.removesuffix(".py").replace("/", ".")
        name = _wsgi_object(directory, script) or "app"
        raise FileError(
            file,
            line,
            f'App Engine refuses the CGI script "{script}" beside "threadsafe: true"; write "threadsafe: false", '
            f'or a WSGI object ("script: {module}.{name}" for a top-level {name} = webapp2.WSGIApplication(...))',
        )
    if "\\" in script:
        raise FileError(
            file, line, f'"{script}" takes the name of a script from the URL, which works on 2.7 only; {ON_PYTHON27}'
        )
    try:
        resolve_inside(directory, script)
    except OutsideError as error:
        raise FileError(file, line, f"{error}; name a script in the app's folder") from error


def _find_missing(directory: Path, script: str) -> str | None:
    """Return what a `script` of python27 needs and is not in the app's folder, None if it is there."""
    if is_cgi(script):
        return None if resolve_inside(directory, script).is_file() else f"is not in {directory}"
    module = script.rpartition(".")[0]
    if module.startswith("google.") or _finds(directory, module.split(".")[0]):
        return None
    return f"needs {module.replace('.', '/')}.py, which is not in {directory}"


def _wsgi_object(directory: Path, script: str) -> str | None:
    """Return the name of the WSGI object that a file of the app makes, None if it makes none."""
    with suppress(OSError, OutsideError, NotReadError):
        found = _WSGI_OBJECT.search(read_file(resolve_inside(directory, script)).decode(errors="replace"))
        return found[1] if found else None
    return None


def _finds(directory: Path, module: str) -> bool:
    """Return whether a top-level module is in the folder or in one inside it, such as a `lib` of libraries."""
    places = [directory, *(place for place in directory.iterdir() if place.is_dir())]
    return any((place / f"{module}.py").exists() or (place / module).is_dir() for place in places)
