"""Plan the run of a folder that Google Cloud's Buildpacks would build: no Dockerfile, an entrypoint somewhere.

The order of entrypoints and the default are those of the buildpacks' source
(github.com/GoogleCloudPlatform/buildpacks, cmd/config/entrypoint and cmd/python/missing_entrypoint).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from localcloud.deployment.procfile import ProcfileEntry, read_procfile
from localcloud.deployment.python_version import read_python_version
from localcloud.launch.errors import FileError, name_place, read_text
from localcloud.launch.packages import find_local_packages, find_requirements, list_packages, names_package
from localcloud.launch.plan import LaunchPlan, Platform

_VERSION = re.compile(r"(?:python-?)?(?P<minor>\d{1,3}\.\d{1,3})(?:\.[\dx*]+)?")
# The builder writes port 8080, Cloud Run's default for $PORT. Here every app has a port of its own, so the default
# reads $PORT: the same server at the same place.
_GUNICORN = "exec gunicorn -b :$PORT {module}:app"
_UVICORN = "exec uvicorn {module}:app --port $PORT --host 0.0.0.0"


def plan_buildpacks(
    directory: Path, environ: Mapping[str, str] = os.environ, *, app_yaml: Path | None = None
) -> LaunchPlan:
    """Return the plan for $GOOGLE_ENTRYPOINT, else the Procfile, else app.yaml's entrypoint, else the default.

    `app_yaml` is another file in the place of app.yaml. Raises UserError if there is none of them.
    """
    packages: tuple[str, ...] = ()
    python = find_python_version(directory, environ)
    procfile, app_yaml = directory / "Procfile", app_yaml or directory / "app.yaml"
    if entrypoint := read_entrypoint(environ):
        source, command = directory, entrypoint
    elif procfile.is_file():
        source, command = procfile, _read_web_command(procfile)
    elif app_yaml.is_file() and (written := _read_entrypoint(app_yaml)):
        source, command = app_yaml, written
    else:
        source, command, packages = _default(directory, python)
    return LaunchPlan(
        source=source,
        platform=Platform.CLOUD_RUN,
        directory=directory,
        command=("/bin/sh", "-c", command),
        python=python,
        requirements=find_requirements(directory),
        local_packages=find_local_packages(directory),
        packages=packages,
    )


def read_entrypoint(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return $GOOGLE_ENTRYPOINT, which beats every file; None if it is not set or empty."""
    return environ.get("GOOGLE_ENTRYPOINT") or None


def find_python_version(directory: Path, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the version, as "3.14", that $GOOGLE_PYTHON_VERSION, .python-version or runtime.txt asks for."""
    if asked := environ.get("GOOGLE_PYTHON_VERSION"):
        return read_minor(asked, "GOOGLE_PYTHON_VERSION", None)
    for file in (directory / ".python-version", directory / "runtime.txt"):
        if file.is_file() and (version := read_python_version(read_text(file))):
            return read_minor(version.text, file, version.line)
    return None


def read_minor(asked: str, source: Path | str, line: int | None) -> str | None:
    """Return a version of Python that is asked for, as "3.14", None for any; raises UserError if it is none."""
    if asked in ("3", "3.x", "3.*", "*"):
        return None
    version = _VERSION.fullmatch(asked)
    if version is None:
        raise FileError(source, line, f'"{asked}" is not a Python version; write one such as "3.14"')
    if version["minor"].startswith("2."):
        raise FileError(source, line, f"Buildpacks build Python 3 only, not {asked}; use a Dockerfile for Python 2")
    return version["minor"]


def _read_web_command(file: Path) -> str:
    """Return the command of a Procfile's `web` process; raises UserError if there is none, or two of one name."""
    with name_place(file):
        listed = read_procfile(read_text(file))
    processes: dict[str, ProcfileEntry] = {}
    for process in listed:
        if first := processes.get(process.name):
            raise FileError(
                file, process.line, f'"{process.name}" is already on line {first.line}; remove one of the two'
            )
        processes[process.name] = process
    if "web" not in processes:
        found = f"only {', '.join(processes)}" if processes else "the file is empty"
        raise FileError(file, None, f'there is no "web" process ({found}); add a line "web: COMMAND"')
    return processes["web"].command


def _read_entrypoint(file: Path) -> str | None:
    # Importing the YAML reader costs a tenth of a second, which a folder without app.yaml need not pay.
    from localcloud.launch.app_yaml import read_yaml

    entrypoint = read_yaml(file).keys.get("entrypoint")
    return str(entrypoint) if entrypoint else None


def _default(directory: Path, python: str | None) -> tuple[Path, str, tuple[str, ...]]:
    """Return the source, the command and the added packages of a folder without any entrypoint."""
    for module in ("main", "app"):
        source = directory / f"{module}.py"
        if source.is_file():
            break
    else:
        raise FileError(
            directory,
            None,
            'there is no main.py for Buildpacks to serve; add one, or a Procfile with "web: COMMAND"',
        )
    has_gunicorn = names_package(directory, "gunicorn")
    if not has_gunicorn and _prefers_uvicorn(directory, python):
        return source, _UVICORN.format(module=module), ()
    return source, _GUNICORN.format(module=module), () if has_gunicorn else ("gunicorn",)


def _prefers_uvicorn(directory: Path, python: str | None) -> bool:
    """Return whether the default server is uvicorn: from Python 3.13 on, if requirements.txt brings it."""
    if python and int(python.partition(".")[2]) < 13:
        return False
    return any(
        package.name == "uvicorn" or (package.name == "fastapi" and "standard" in package.extras)
        for package in list_packages(directory)
    )
