"""Plans the run of a folder that Google Cloud's Buildpacks would build: no Dockerfile, an entrypoint somewhere.

The order of entrypoints and what the default is are those of the buildpacks' source
(github.com/GoogleCloudPlatform/buildpacks, cmd/config/entrypoint and cmd/python/missing_entrypoint).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from localcloud.launch.errors import mistake, read_text
from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.launch.procfile import read_web_command
from localcloud.launch.requirements import package_names, requirements_files

_VERSION = re.compile(r"(?:python-?)?(?P<minor>\d{1,3}\.\d{1,3})(?:\.[\dx*]+)?")
# The builder writes port 8080, Cloud Run's default for $PORT. Here every app has a port of its own, so the default
# reads $PORT: the same server at the same place.
_GUNICORN = "exec gunicorn -b :$PORT {module}:app"
_UVICORN = "exec uvicorn {module}:app --port $PORT --host 0.0.0.0"


def read_buildpacks(directory: Path, environ: Mapping[str, str] = os.environ) -> LaunchPlan:
    """Return the plan for $GOOGLE_ENTRYPOINT, else the Procfile, else app.yaml's entrypoint, else the default.

    Raises UserError if none of them is there.
    """
    packages: tuple[str, ...] = ()
    python = asked_python(directory, environ)
    procfile, app_yaml = directory / "Procfile", directory / "app.yaml"
    if entrypoint := environ.get("GOOGLE_ENTRYPOINT"):
        source, command = directory, entrypoint
    elif procfile.is_file():
        source, command = procfile, read_web_command(procfile)
    elif app_yaml.is_file() and (written := _app_yaml_entrypoint(app_yaml)):
        source, command = app_yaml, written
    else:
        source, command, packages = _default(directory, python)
    return LaunchPlan(
        source=source,
        platform=Platform.CLOUD_RUN,
        directory=directory,
        command=("/bin/sh", "-c", command),
        python=python,
        requirements=requirements_files(directory),
        packages=packages,
    )


def asked_python(directory: Path, environ: Mapping[str, str] = os.environ) -> str | None:
    """Return the version, as "3.14", that $GOOGLE_PYTHON_VERSION, .python-version or runtime.txt asks for."""
    if asked := environ.get("GOOGLE_PYTHON_VERSION"):
        return _minor(asked, "GOOGLE_PYTHON_VERSION", None)
    for file in (directory / ".python-version", directory / "runtime.txt"):
        if file.is_file():
            for number, line in enumerate(read_text(file).splitlines(), start=1):
                if asked := line.partition("#")[0].strip():
                    return _minor(asked, file, number)
    return None


def _minor(asked: str, source: Path | str, line: int | None) -> str | None:
    if asked in ("3", "3.x", "3.*", "*"):
        return None
    version = _VERSION.fullmatch(asked)
    if version is None:
        raise mistake(source, line, f'expected a Python version such as "3.14", found "{asked}"')
    if version["minor"].startswith("2."):
        raise mistake(source, line, f"Buildpacks build Python 3 only, found {asked}; a Dockerfile can bring Python 2")
    return version["minor"]


def _app_yaml_entrypoint(file: Path) -> str | None:
    # Reading YAML costs a tenth of a second, which a folder without app.yaml need not pay.
    from localcloud.launch.app_yaml import read_entrypoint

    return read_entrypoint(file)


def _default(directory: Path, python: str | None) -> tuple[Path, str, tuple[str, ...]]:
    """Return the source, command and added packages of a folder that says nothing of how to start."""
    for module in ("main", "app"):
        source = directory / f"{module}.py"
        if source.is_file():
            break
    else:
        raise mistake(
            directory,
            None,
            'expected a main.py for Buildpacks to serve, found none; add it, or a Procfile with "web: command"',
        )
    names = package_names(directory)
    if "gunicorn" not in names and _prefers_uvicorn(directory, python):
        return source, _UVICORN.format(module=module), ()
    return source, _GUNICORN.format(module=module), () if "gunicorn" in names else ("gunicorn",)


def _prefers_uvicorn(directory: Path, python: str | None) -> bool:
    """Tell whether the default server is uvicorn: from Python 3.13 on, if requirements.txt brings it."""
    if python and int(python.partition(".")[2]) < 13:
        return False
    text = "".join(read_text(file) for file in requirements_files(directory))
    return bool(re.search(r"^\s*(uvicorn\b|fastapi\[standard\])", text, re.MULTILINE | re.IGNORECASE))
