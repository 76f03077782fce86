"""Reads app.yaml, through App Engine's own parser, into a launch plan."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.appengine.api import appinfo, yaml_errors, yaml_object
from ruamel.yaml.events import MappingEndEvent

from datastore_emulator.errors import UserError
from localcloud.launch.errors import mistake
from localcloud.launch.handlers import builtin_handlers, check_scripts, read_handlers
from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.launch.python27_libraries import is_gone, packages_for
from localcloud.launch.requirements import package_names, requirements_files
from localcloud.launch.yaml_lines import YamlLines

# App Engine learnt these in 2026, after the newest release of its parser on the package index.
_BUNDLED_SERVICES = "app_engine_bundled_services"
_NEWER_KEYS = frozenset({_BUNDLED_SERVICES, "vpc_access"})
_Absence = tuple[tuple[str | int, ...], str]  # the path of a key, and why it is refused
_DEFAULT_COMMAND = "exec gunicorn -b :$PORT main:app"


def read_entrypoint(file: Path) -> str | None:
    """Return app.yaml's entrypoint alone, which is all that Buildpacks take from the file."""
    entrypoint = YamlLines(file).keys.get("entrypoint")
    return str(entrypoint) if entrypoint else None


def read_app_yaml(directory: Path) -> LaunchPlan:
    """Return the plan of a folder with an app.yaml.

    Raises UserError, with the line, for what App Engine's parser refuses and for what localcloud does not have.
    What can be missing from a running app (a page behind a login, a builtin) becomes a refused handler instead.
    """
    file = directory / "app.yaml"
    yaml = YamlLines(file)
    _refuse_unknown_keys(file, yaml)
    python = _python_version(file, yaml)
    _refuse_absent_features(file, yaml, python)
    check_scripts(directory, file, yaml, python)
    info = _parse(file, yaml)
    if python == "2.7":
        return _python27(directory, file, yaml, info)
    return _python3(directory, file, yaml, info, python)


def _python27(directory: Path, file: Path, yaml: YamlLines, info: Any) -> LaunchPlan:
    if not info.handlers:
        raise mistake(
            file,
            yaml.line("runtime"),
            'python27 needs `handlers` that name the app\'s WSGI object; add one with "url: .*" and "script: main.app"',
        )
    return LaunchPlan(
        source=file,
        platform=Platform.APP_ENGINE_PYTHON27,
        directory=directory,
        python="2.7",
        environment=_environment(info),
        requirements=requirements_files(directory),
        packages=packages_for(library.name for library in info.libraries or []),
        handlers=(*builtin_handlers(file, yaml, info), *read_handlers(file, yaml, info)),
        bundled_services=True,
    )


def _python3(directory: Path, file: Path, yaml: YamlLines, info: Any, python: str) -> LaunchPlan:
    packages: tuple[str, ...] = ()
    command = info.entrypoint or _DEFAULT_COMMAND
    if not info.entrypoint:
        if not (directory / "main.py").exists():
            raise mistake(
                file,
                yaml.line("runtime"),
                "without `entrypoint` App Engine serves main:app, and there is no main.py; add one of the two",
            )
        packages = () if "gunicorn" in package_names(directory) else ("gunicorn",)
    return LaunchPlan(
        source=file,
        platform=Platform.APP_ENGINE,
        directory=directory,
        command=("/bin/sh", "-c", command),
        python=python,
        environment=_environment(info),
        requirements=requirements_files(directory),
        packages=packages,
        handlers=tuple(read_handlers(file, yaml, info)),
        bundled_services=bool(info.app_engine_apis or yaml.keys.get(_BUNDLED_SERVICES)),
    )


def _environment(info: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in (info.env_variables or {}).items()}


def _refuse_unknown_keys(file: Path, yaml: YamlLines) -> None:
    known = _NEWER_KEYS | set(appinfo.AppInfoExternal.ATTRIBUTES)
    for key in yaml.keys:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, n=1)
            advice = f'did you mean "{close[0]}"?' if close else "remove it"
            raise mistake(file, yaml.line(key), f'App Engine knows no "{key}"; {advice}')


def _python_version(file: Path, yaml: YamlLines) -> str:
    """Return the version that `runtime` names, as "3.14" or "2.7"."""
    for key in ("env", "vm"):
        if str(yaml.keys.get(key)).lower() in ("flex", "flexible", "2", "true"):
            raise mistake(
                file,
                yaml.line(key),
                f'"{key}: {yaml.keys[key]}" is the flexible environment, which runs a container; '
                "write a Dockerfile and run the folder as a Cloud Run service",
            )
    if "runtime" not in yaml.keys:
        raise mistake(file, 1, 'expected a runtime, found none; add a line "runtime: python314"')
    runtime = str(yaml.keys["runtime"])
    line = yaml.line("runtime")
    if runtime == "python27":
        return "2.7"
    version = re.fullmatch(r"python3(\d{1,2})", runtime)
    if version and int(version[1]) >= 7:
        return f"3.{int(version[1])}"
    if re.match(r"[Pp]ython", runtime):
        raise mistake(file, line, f'expected "runtime: python314" or the like, found "{runtime}"')
    raise mistake(
        file, line, f'localcloud runs Python apps, found "runtime: {runtime}"; use that language\'s own tools'
    )


def _refuse_absent_features(file: Path, yaml: YamlLines, python: str) -> None:
    """Refuse, by line, what would change the whole app and is not here, or not in this runtime."""
    of_runtime = _absent_from_python27 if python == "2.7" else _absent_from_python3
    for path, reason in (*of_runtime(yaml), *_absent_from_localcloud(yaml)):
        raise mistake(file, yaml.line(*path), reason)


def _absent_from_python27(yaml: YamlLines) -> Iterator[_Absence]:
    if "entrypoint" in yaml.keys:
        yield ("entrypoint",), "python27 has no entrypoint: `handlers` name the WSGI object; remove it"
    for index, library in enumerate(_list(yaml.keys.get("libraries"))):
        if isinstance(library, dict) and is_gone(str(library.get("name"))):
            yield (
                ("libraries", index),
                f'"{library["name"]}" exists for Python 2 only; replace it to run the app here',
            )


def _absent_from_python3(yaml: YamlLines) -> Iterator[_Absence]:
    for key in ("libraries", "builtins"):
        if key in yaml.keys:
            yield (key,), f"`{key}` belongs to python27; name what the app needs in requirements.txt"
    if "entrypoint" in yaml.keys and not isinstance(yaml.keys["entrypoint"], str):
        yield ("entrypoint",), "expected a command in one string, such as gunicorn -b :$PORT main:app"
    if _BUNDLED_SERVICES in yaml.keys and "app_engine_apis" in yaml.keys:
        yield ("app_engine_apis",), f"App Engine takes either this or `{_BUNDLED_SERVICES}`; remove one"


def _absent_from_localcloud(yaml: YamlLines) -> Iterator[_Absence]:
    if "includes" in yaml.keys:
        yield ("includes",), "localcloud reads no included files; copy their handlers into app.yaml"
    for index, service in enumerate(_list(yaml.keys.get("inbound_services"))):
        # App Engine promises no warmup request, so an app cannot miss one. The others bring users' messages.
        if service != "warmup":
            yield (
                ("inbound_services", index),
                f'localcloud has no inbound "{service}"; remove it to run the rest',
            )
    for key in ("api_config", "backends"):
        if key in yaml.keys:
            yield (key,), f"localcloud has no `{key}`; remove it to run the rest of the app"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _parse(file: Path, yaml: YamlLines) -> Any:
    """Return App Engine's own reading of the file, an `AppInfoExternal`."""
    text = yaml.without(_NEWER_KEYS)
    try:
        info = yaml_object.BuildSingleObject(appinfo.AppInfoExternal, text)
        appinfo.ValidateHandlers(info.handlers)
    except yaml_errors.EventError as error:
        raise _refused(file, text, error) from error
    except (yaml_errors.Error, appinfo.appinfo_errors.Error) as error:
        raise mistake(file, None, f"App Engine refuses it: {_sentence(error)}") from error
    return info


def _refused(file: Path, text: str, error: Any) -> UserError:
    """Return the parser's complaint with the line it is about."""
    event = error.event
    line = event.start_mark.line + 1
    if isinstance(event, MappingEndEvent) and event.start_mark.index == event.end_mark.index:
        # A mapping without braces ends at the next token, which may be lines away: go back to its last key.
        above = enumerate(text.splitlines()[: line - 1], start=1)
        line = [number for number, text in above if text.strip() and not text.lstrip().startswith("#")][-1]
    return mistake(file, line, f"App Engine refuses it: {_sentence(error.cause)}")


def _sentence(error: object) -> str:
    # Some messages go on with a dump of the whole object.
    return " ".join(str(error).partition("\n<")[0].split())
