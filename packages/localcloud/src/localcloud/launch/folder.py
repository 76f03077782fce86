"""Decides what a folder is: which of its files, if any, says how it is deployed."""

from __future__ import annotations

import os
from pathlib import Path

from localcloud.files.paths import format_name
from localcloud.files.reading import NotReadError, check_is_file
from localcloud.launch.errors import mistake
from localcloud.launch.plan import LaunchPlan
from localcloud.launch.python_source import read_source
from localcloud.launch.requirements import package_names

_DEPLOYMENT_FILES = ("app.yaml", "Dockerfile", "Procfile", "main.py")


def read_plan(
    directory: Path, *, function: str | None = None, platform: str | None = None, staging: Path
) -> LaunchPlan:
    """Return the launch plan of a folder.

    `platform` is "appengine", "cloudrun" or "functions"; with None the files decide, in this order: app.yaml,
    Dockerfile, Procfile, a `function` to serve, main.py. A folder with one of the first three ignores `function`, so
    that one command can start folders of several kinds. `staging` is a directory, empty or yet to be made, in which a
    Dockerfile's files are laid out; nothing else writes to it. Raises UserError for every mistake in the folder.
    """
    try:
        _refuse_no_files(directory)
        return _read(directory, function, platform, staging)
    except OSError as error:
        raise mistake(
            format_name(str(error.filename or directory)), None, f"cannot be read ({error.strerror})"
        ) from error
    except RecursionError as error:
        raise mistake(directory, None, "a file in it is nested too deeply to be read; write it flatter") from error


def _refuse_no_files(directory: Path) -> None:
    """Raise UserError for what is no folder, and for a named pipe or the like in place of a file we read."""
    if not directory.is_dir():
        found = "a file" if directory.exists() else "nothing"
        raise mistake(directory, None, f"expected a folder with an app, found {found}")
    for name in (*_DEPLOYMENT_FILES, "app.py", "requirements.txt"):
        file = directory / name
        try:
            if os.path.lexists(file):
                check_is_file(file.stat().st_mode)
        except NotReadError as error:
            raise mistake(file, None, f"{error}; remove it or put the file there") from error


def _read(directory: Path, function: str | None, platform: str | None, staging: Path) -> LaunchPlan:
    if platform is None:
        platform = _platform(directory, function)
    if platform == "appengine":
        return _app_engine(directory)
    if platform == "cloudrun":
        return _cloud_run(directory, staging)
    if platform == "functions":
        return _function(directory, function)
    raise ValueError(f"unknown platform {platform!r}")


# The readers are imported when they are needed: App Engine's parser and docker's library take a third of a second.


def _app_engine(directory: Path) -> LaunchPlan:
    from localcloud.launch.app_yaml import read_app_yaml

    if not (directory / "app.yaml").is_file():
        raise mistake(directory, None, 'App Engine needs an app.yaml, found none; add one with "runtime: python314"')
    return read_app_yaml(directory)


def _cloud_run(directory: Path, staging: Path) -> LaunchPlan:
    if (directory / "Dockerfile").is_file():
        from localcloud.launch.dockerfile import read_dockerfile

        return read_dockerfile(directory, staging)
    from localcloud.launch.buildpacks import read_buildpacks

    return read_buildpacks(directory)


def _function(directory: Path, function: str | None) -> LaunchPlan:
    from localcloud.launch.function import read_function, takes_events

    if function is not None:
        return read_function(directory, function)
    main = directory / "main.py"
    source = read_source(main) if main.is_file() else None
    if main.is_file() and (source is None or source.functions):
        found = ", ".join(source.functions) if source else "none named"
        raise mistake(main, None, f"expected a function to serve, found {found}; name one with --function NAME")
    if source and source.event_functions:
        raise mistake(main, None, takes_events(source.event_functions[0]))
    raise mistake(
        main,
        None,
        'expected a WSGI object named "app" or a function that takes a request, found neither; '
        'write a Procfile with "web: command" for what starts the app',
    )


def _platform(directory: Path, function: str | None) -> str:
    if function is None and not _is_app(directory):
        inside = ", ".join(sorted(place.name for place in directory.iterdir() if place.is_dir() and _is_app(place)))
        advice = f"; name one of the folders in it: {inside}" if inside else ""
        raise mistake(directory, None, f"expected one of {', '.join(_DEPLOYMENT_FILES)}, found none{advice}")
    if (directory / "app.yaml").is_file():
        return "appengine"
    entrypoint = (directory / "Procfile").is_file() or os.environ.get("GOOGLE_ENTRYPOINT")
    if (directory / "Dockerfile").is_file() or entrypoint:
        return "cloudrun"
    return "functions" if function is not None or _is_function(directory) else "cloudrun"


def _is_app(directory: Path) -> bool:
    return any((directory / name).is_file() for name in (*_DEPLOYMENT_FILES, "app.py"))


def _is_function(directory: Path) -> bool:
    """Tell whether main.py is written for the functions platform, or at least holds no app for another."""
    main = directory / "main.py"
    if not main.is_file():
        return False
    source = read_source(main)
    framework = "functions-framework" in package_names(directory)
    if source is None:
        return framework
    return "app" not in source.names or (framework and bool(source.functions))
