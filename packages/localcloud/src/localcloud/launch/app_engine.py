"""Plan the run of a folder on App Engine: its app.yaml, read by App Engine's own parser."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from google.appengine.api import appinfo, yaml_errors, yaml_object

from localcloud.deployment.yaml_lines import YamlLines
from localcloud.launch.advice import ON_PYTHON27
from localcloud.launch.app_yaml import read_yaml
from localcloud.launch.errors import FileError
from localcloud.launch.flexible import is_flexible, plan_flexible
from localcloud.launch.google_parser import refuse_file, refuse_line
from localcloud.launch.handlers import check_scripts, read_handlers
from localcloud.launch.inbound import KEY as INBOUND_SERVICES
from localcloud.launch.inbound import refuse_inbound
from localcloud.launch.includes import read_included
from localcloud.launch.legacy_sdk import is_for_legacy_sdk, plan_legacy_sdk
from localcloud.launch.packages import find_local_packages, find_requirements, names_package
from localcloud.launch.plan import Handler, LaunchPlan, Platform
from localcloud.launch.python27_libraries import find_packages, is_python2_only
from localcloud.launch.services import DEFAULT

# App Engine has taken these since 2026; the newest release of its parser on the package index does not accept them.
_BUNDLED_SERVICES = "app_engine_bundled_services"
_NEWER_KEYS = frozenset({_BUNDLED_SERVICES, "vpc_access"})
# localcloud decides where an app runs. Many published apps have a placeholder here, which the parser refuses.
_REPLACED_KEYS = frozenset({"application", "version"})
# The parser knows fewer of these than App Engine had.
_READ_HERE = frozenset({INBOUND_SERVICES})
_OF_LEGACY_SDK = ("api_config", "backends")
_Absence = tuple[tuple[str | int, ...], str]  # the path of a key, and why it is refused
_DEFAULT_COMMAND = "exec gunicorn -b :$PORT main:app"
# What App Engine does without `handlers`.
_ALL_TO_THE_APP = Handler(url="/.*", script="auto")


def plan_app_engine(file: Path, *, staging: Path, legacy_sdk: bool = False) -> LaunchPlan:
    """Return the plan of the service that a file describes: app.yaml, or another in the service's folder.

    Files of a Dockerfile, which the flexible environment may run, are copied to `staging`. Raises UserError, with the
    line, for what App Engine's parser refuses and for what localcloud does not have. What an app can run without (a
    builtin, messages from outside) becomes a refused handler instead. With `legacy_sdk`, a Python 2 app is planned for
    App Engine's legacy SDK.
    """
    directory = file.parent
    yaml = read_yaml(file)
    _refuse_unknown_keys(file, yaml)
    warmup = "warmup" in _list(yaml.keys.get("inbound_services"))
    if legacy_sdk and is_for_legacy_sdk(yaml):
        return replace(plan_legacy_sdk(file, yaml, _parse), warmup=warmup)
    if is_flexible(yaml):
        info = _parse(file, yaml)
        return plan_flexible(file, yaml, staging, service=_service(info), environment=_environment(info))
    python = _python_version(file, yaml)
    _refuse_absent_features(file, yaml, python)
    check_scripts(directory, file, yaml, python)
    info = _parse(file, yaml)
    if python == "2.7":
        return replace(_python27(directory, file, yaml, info), warmup=warmup)
    return replace(_python3(directory, file, yaml, info, python), warmup=warmup)


def _python27(directory: Path, file: Path, yaml: YamlLines, info: Any) -> LaunchPlan:
    included = read_included(file, yaml, info)
    handlers = (*included.first, *read_handlers(file, yaml, info), *included.last)
    if not handlers:
        raise FileError(
            file,
            yaml.line("runtime"),
            'python27 needs `handlers` that name the app\'s WSGI object; add one with "url: .*" and "script: main.app"',
        )
    return LaunchPlan(
        source=file,
        platform=Platform.APP_ENGINE_PYTHON27,
        directory=directory,
        python="2.7",
        environment={**_environment(info), **included.environment},
        requirements=find_requirements(directory),
        local_packages=find_local_packages(directory),
        packages=find_packages(library.name for library in info.libraries or []),
        handlers=(*refuse_inbound(file, yaml), *handlers),
        bundled_services=True,
        service=_service(info),
    )


def _python3(directory: Path, file: Path, yaml: YamlLines, info: Any, python: str) -> LaunchPlan:
    packages: tuple[str, ...] = ()
    refused = tuple(refuse_inbound(file, yaml))
    handlers = tuple(read_handlers(file, yaml, info))
    command = info.entrypoint or _DEFAULT_COMMAND
    if not info.entrypoint:
        if not (directory / "main.py").exists():
            if handlers and not any(handler.script for handler in handlers):
                return _static(directory, file, info, python, handlers)
            raise FileError(
                file,
                yaml.line("runtime"),
                "without `entrypoint` App Engine serves main:app, and there is no main.py; add one of them",
            )
        packages = () if names_package(directory, "gunicorn") else ("gunicorn",)
    if refused:
        handlers = (*refused, *(handlers or (_ALL_TO_THE_APP,)))
    return LaunchPlan(
        source=file,
        platform=Platform.APP_ENGINE,
        directory=directory,
        command=("/bin/sh", "-c", command),
        python=python,
        environment=_environment(info),
        requirements=find_requirements(directory),
        local_packages=find_local_packages(directory),
        packages=packages,
        handlers=handlers,
        bundled_services=bool(info.app_engine_apis or yaml.keys.get(_BUNDLED_SERVICES)),
        service=_service(info),
    )


def _static(directory: Path, file: Path, info: Any, python: str, handlers: tuple[Handler, ...]) -> LaunchPlan:
    """Return the plan of static files alone: no instance ever starts."""
    return LaunchPlan(
        source=file,
        platform=Platform.APP_ENGINE,
        directory=directory,
        python=python,
        handlers=handlers,
        service=_service(info),
    )


def _service(info: Any) -> str:
    return str(info.service or info.module or DEFAULT)  # `module` is its older name


def _environment(info: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in (info.env_variables or {}).items()}


def _refuse_unknown_keys(file: Path, yaml: YamlLines) -> None:
    known = _NEWER_KEYS | set(appinfo.AppInfoExternal.ATTRIBUTES)
    for key in yaml.keys:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, n=1)
            advice = f'did you mean "{close[0]}"?' if close else "remove it"
            raise FileError(file, yaml.line(key), f'App Engine has no key "{key}"; {advice}')


def _python_version(file: Path, yaml: YamlLines) -> str:
    """Return the version that `runtime` names, as "3.14" or "2.7"."""
    if "runtime" not in yaml.keys:
        raise FileError(file, 1, 'there is no runtime; add a line "runtime: python314"')
    runtime = str(yaml.keys["runtime"])
    line = yaml.line("runtime")
    if runtime in ("python27", "python"):  # `python` was Python 2.5, which 2.7 took the place of
        return "2.7"
    version = re.fullmatch(r"python3(\d{1,2})", runtime)
    if version and int(version[1]) >= 7:
        return f"3.{int(version[1])}"
    if re.match(r"[Pp]ython", runtime):
        raise FileError(file, line, f'App Engine has no runtime "{runtime}"; write one such as python314')
    raise FileError(
        file, line, f'localcloud runs Python apps only, not "runtime: {runtime}"; use that language\'s own tools'
    )


def _refuse_absent_features(file: Path, yaml: YamlLines, python: str) -> None:
    """Raise UserError, with the line, for a feature of the whole app that localcloud or the runtime does not have."""
    of_runtime = _absent_from_python27 if python == "2.7" else _absent_from_python3
    for path, reason in of_runtime(yaml):
        raise FileError(file, yaml.line(*path), reason)


def _absent_from_python27(yaml: YamlLines) -> Iterator[_Absence]:
    if "entrypoint" in yaml.keys:
        yield ("entrypoint",), "python27 has no entrypoint: `handlers` name the WSGI object; remove it"
    for index, library in enumerate(_list(yaml.keys.get("libraries"))):
        if isinstance(library, dict) and is_python2_only(str(library.get("name"))):
            yield (
                ("libraries", index),
                f'"{library["name"]}" exists for Python 2 only; {ON_PYTHON27}',
            )

    for key in _OF_LEGACY_SDK:
        if key in yaml.keys:
            yield (key,), f"localcloud has no `{key}` on Python 3; {ON_PYTHON27}"


def _absent_from_python3(yaml: YamlLines) -> Iterator[_Absence]:
    for key in ("libraries", "builtins", "includes"):
        if key in yaml.keys:
            yield (key,), f"`{key}` belongs to python27; name what the app needs in requirements.txt"
    for key in _OF_LEGACY_SDK:
        if key in yaml.keys:
            yield (key,), f"localcloud has no `{key}`; remove it to run the rest of the app"
    if "entrypoint" in yaml.keys and not isinstance(yaml.keys["entrypoint"], str):
        yield (
            ("entrypoint",),
            "`entrypoint` is not a string; write one, such as gunicorn -b :$PORT main:app",
        )
    if _BUNDLED_SERVICES in yaml.keys and "app_engine_apis" in yaml.keys:
        yield ("app_engine_apis",), f"App Engine takes either this or `{_BUNDLED_SERVICES}`; remove one"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _parse(file: Path, yaml: YamlLines) -> Any:
    """Return what App Engine's own parser makes of the file, an `AppInfoExternal`."""
    text = yaml.without(_NEWER_KEYS | _REPLACED_KEYS | _READ_HERE)
    try:
        info = yaml_object.BuildSingleObject(appinfo.AppInfoExternal, text)
        appinfo.ValidateHandlers(info.handlers)
    except yaml_errors.EventError as error:
        raise refuse_line(file, text, error) from error
    except (yaml_errors.Error, appinfo.appinfo_errors.Error) as error:
        raise refuse_file(file, error) from error
    return info
