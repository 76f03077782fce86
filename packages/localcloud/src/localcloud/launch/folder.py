"""Choose the platform of a folder by its deployment files, and make its launch plan."""

from __future__ import annotations

import os
from pathlib import Path

from localcloud.files.paths import format_name
from localcloud.files.reading import NotReadError, check_is_file
from localcloud.launch.errors import FileError
from localcloud.launch.packages import names_package
from localcloud.launch.plan import LaunchPlan
from localcloud.launch.python_source import read_source
from localcloud.launch.services import find_app_yaml, has_service

_DEPLOYMENT_FILES = ("app.yaml", "Dockerfile", "Procfile", "main.py")


def read_plan(
    directory: Path,
    *,
    function: str | None = None,
    signature_type: str | None = None,
    source: str | None = None,
    platform: str | None = None,
    legacy_sdk: bool = False,
    staging: Path,
) -> LaunchPlan:
    """Return the launch plan of a folder, or of the App Engine service whose YAML file `directory` is.

    `platform` is "appengine", "cloudrun" or "functions". With None the files decide, in this order: app.yaml,
    Dockerfile, Procfile, a `function` to serve, the YAML file of another App Engine service, main.py. A folder with one
    of the first three ignores `function`, so that one command can start folders of several kinds. `signature_type` and
    `source` say more about the function, see `plan_function`. With `legacy_sdk`, App Engine's legacy SDK runs python27
    apps, and takes more than localcloud does. A Dockerfile's files are copied to `staging`, a directory
    that is empty or does not exist, and that nothing else writes to. Raises UserError for any error in the folder.
    """
    try:
        if directory.is_file():
            return _read_service(directory, platform, legacy_sdk, staging)
        _refuse_no_files(directory)
        return _read(directory, function, signature_type, source, platform, legacy_sdk, staging)
    except OSError as error:
        raise FileError(
            format_name(str(error.filename or directory)), None, f"cannot be read ({error.strerror})"
        ) from error
    except RecursionError as error:
        raise FileError(directory, None, "a file in it is nested too deeply to be read; write it flatter") from error


def _read_service(file: Path, platform: str | None, legacy_sdk: bool, staging: Path) -> LaunchPlan:
    if file.suffix not in (".yaml", ".yml") or platform not in (None, "appengine"):
        raise FileError(file, None, "is a file; name a folder with an app, or the YAML file of an App Engine service")
    from localcloud.launch.app_engine import plan_app_engine

    return plan_app_engine(file, staging=staging, legacy_sdk=legacy_sdk)


def _refuse_no_files(directory: Path) -> None:
    """Raise UserError if there is no folder, or a named pipe or the like in place of a file that is read here."""
    if not directory.is_dir():
        problem = "is not a folder" if directory.exists() else "does not exist"
        raise FileError(directory, None, f"{problem}; name a folder with an app")
    for name in (*_DEPLOYMENT_FILES, "app.yml", "app.py", "requirements.txt"):
        file = directory / name
        try:
            if os.path.lexists(file):
                check_is_file(file.stat().st_mode)
        except NotReadError as error:
            raise FileError(file, None, f"{error}; remove it, or replace it with a file") from error


def _read(
    directory: Path,
    function: str | None,
    signature_type: str | None,
    source: str | None,
    platform: str | None,
    legacy_sdk: bool,
    staging: Path,
) -> LaunchPlan:
    if platform is None:
        platform = _platform(directory, function)
    if platform == "appengine":
        return _app_engine(directory, legacy_sdk, staging)
    if platform == "cloudrun":
        return _cloud_run(directory, staging)
    if platform == "functions":
        return _function(directory, function, signature_type, source)
    raise ValueError(f"unknown platform {platform!r}")


# The planners are imported when they are needed: App Engine's parser and docker's library take a third of a second.


def _app_engine(directory: Path, legacy_sdk: bool, staging: Path) -> LaunchPlan:
    from localcloud.launch.app_engine import plan_app_engine

    file = find_app_yaml(directory)
    if file is None:
        raise FileError(directory, None, 'App Engine needs an app.yaml; add one with "runtime: python314"')
    return plan_app_engine(file, staging=staging, legacy_sdk=legacy_sdk)


def _cloud_run(directory: Path, staging: Path) -> LaunchPlan:
    if (directory / "Dockerfile").is_file():
        from localcloud.launch.container import plan_container

        return plan_container(directory, staging)
    from localcloud.launch.buildpacks import plan_buildpacks

    return plan_buildpacks(directory)


def _function(directory: Path, function: str | None, signature_type: str | None, source: str | None) -> LaunchPlan:
    from localcloud.launch.function import find_source, plan_function

    if function is not None:
        return plan_function(directory, function, signature_type=signature_type, source=source)
    file = find_source(directory, source)
    module = read_source(file) if file.is_file() else None
    if file.is_file() and (module is None or module.functions):
        choice = f" with one of {', '.join(module.functions)}" if module else ""
        raise FileError(file, None, f"the folder needs the name of the function to serve; pass --function NAME{choice}")
    raise FileError(
        file,
        None,
        'there is neither a WSGI object named "app" nor a function that takes a request or an event; '
        'write a Procfile with "web: COMMAND" for what starts the app',
    )


def _platform(directory: Path, function: str | None) -> str:
    from localcloud.launch.buildpacks import read_entrypoint

    if function is None and not _is_app(directory):
        inside = ", ".join(sorted(place.name for place in directory.iterdir() if place.is_dir() and _is_app(place)))
        advice = f"name one of the folders in it ({inside})" if inside else "name a folder with an app"
        *names, last = _DEPLOYMENT_FILES
        raise FileError(directory, None, f"there is no {', '.join(names)} or {last} in it; {advice}")
    if find_app_yaml(directory, alone=function is None):
        return "appengine"
    if read_entrypoint() or any((directory / name).is_file() for name in ("Procfile", "Dockerfile")):
        return "cloudrun"
    return "functions" if function is not None or _is_function(directory) else "cloudrun"


def _is_app(directory: Path) -> bool:
    names = (*_DEPLOYMENT_FILES, "app.py")
    return any((directory / name).is_file() for name in names) or has_service(directory)


def _is_function(directory: Path) -> bool:
    """Return whether main.py is written for the functions platform, or at least holds no app for another."""
    main = directory / "main.py"
    if not main.is_file():
        return False
    source = read_source(main)
    framework = names_package(directory, "functions-framework")
    if source is None:
        return framework
    return "app" not in source.names or (framework and bool(source.functions))
