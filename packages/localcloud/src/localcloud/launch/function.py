"""Plan the run of one function by Cloud Run functions."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from localcloud.files.paths import OutsideError, resolve_inside
from localcloud.launch.buildpacks import find_python_version
from localcloud.launch.errors import FileError
from localcloud.launch.packages import find_local_packages, find_requirements, names_package
from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.launch.python_source import Function, read_source

SIGNATURE_TYPES = ("http", "event", "cloudevent", "typed")
"""The signature types of functions-framework; "event" is a background function of the first generation."""

# What the framework calls a function with, for a message.
_CALLED_WITH = {"http": "the request", "cloudevent": "the event", "event": "the event's data and its context"}


def plan_function(
    directory: Path,
    name: str,
    *,
    signature_type: str | None = None,
    source: str | None = None,
    environ: Mapping[str, str] = os.environ,
) -> LaunchPlan:
    """Return the plan that serves the function `name`, of the folder's main.py or of the file `source` in the folder.

    `signature_type` is one of SIGNATURE_TYPES. With None, the function's decorator decides, then what arguments it
    takes. $GOOGLE_FUNCTION_SIGNATURE_TYPE and $GOOGLE_FUNCTION_SOURCE say what the builder would be told.

    Like the platform, it adds functions-framework to requirements that do not name it. Raises UserError if there is no
    such file, no such function in it, or one that cannot be called in the way of its signature type.
    """
    file = find_source(directory, source, environ)
    if not file.is_file():
        raise FileError(file, None, f"there is no such file; write the function {name} into it")
    module = read_source(file)
    if not name.isidentifier() or (module and name not in module.names):
        found = ", ".join(module.functions) if module else ""
        raise FileError(
            file,
            None,
            f'there is no function "{name}" in it, only {found}; name one with --function NAME'
            if found
            else f'there is no function "{name}" in it, nor another one that takes a request; write one',
        )
    function = module.defined.get(name) if module else None
    asked = signature_type or _asked_by_variable(environ)
    environment = {"FUNCTION_TARGET": name, "FUNCTION_SIGNATURE_TYPE": _signature_type(file, name, function, asked)}
    if file != directory / "main.py":
        environment["FUNCTION_SOURCE"] = str(file.relative_to(directory))
    return LaunchPlan(
        source=file,
        platform=Platform.FUNCTIONS,
        directory=directory,
        command=("/bin/sh", "-c", f"exec functions-framework --target {name} --port $PORT"),
        python=find_python_version(directory),
        environment=environment,
        requirements=find_requirements(directory),
        local_packages=find_local_packages(directory),
        packages=() if names_package(directory, "functions-framework") else ("functions-framework",),
        function=name,
    )


def find_source(directory: Path, source: str | None, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the file with the function, which need not exist; raises UserError if it is not inside."""
    name = source or environ.get("GOOGLE_FUNCTION_SOURCE")
    if not name:
        return directory / "main.py"
    try:
        return resolve_inside(directory, name)
    except OutsideError as error:
        raise FileError(directory, None, f"the function's source {error}") from error


def _asked_by_variable(environ: Mapping[str, str]) -> str | None:
    asked = environ.get("GOOGLE_FUNCTION_SIGNATURE_TYPE") or None
    if asked and asked not in SIGNATURE_TYPES:
        raise FileError(
            "GOOGLE_FUNCTION_SIGNATURE_TYPE",
            None,
            f'"{asked}" is no signature type; set one of {", ".join(SIGNATURE_TYPES)}',
        )
    return asked


def _signature_type(file: Path, name: str, function: Function | None, asked: str | None) -> str:
    """Return the signature type of a function, of which None is known if it is imported or made by a call."""
    if function is None:
        return asked or "http"
    if function.mark:
        if asked not in (None, function.mark):
            raise FileError(
                file,
                function.line,
                f"the decorator of {name} makes it a function of the signature type {function.mark}, which beats "
                f"{asked}; leave --signature-type out, or remove the decorator",
            )
        return function.mark
    if asked == "typed":
        raise FileError(
            file, function.line, f"{name} needs the decorator @functions_framework.typed, which says what it takes"
        )
    if function.decorated:
        return asked or _guess(function, function.takes_context)
    chosen = asked or _guess(function, function.accepts(2) and not function.accepts(1))
    if not function.accepts(2 if chosen == "event" else 1):
        advice = "leave --signature-type out, or change the arguments" if asked else "change the arguments"
        raise FileError(
            file,
            function.line,
            f"{name} cannot be called with {_CALLED_WITH[chosen]} alone, as a function of the signature type {chosen} "
            f"is; {advice}",
        )
    return chosen


def _guess(function: Function, takes_two: bool) -> str:
    if takes_two:
        return "event"
    return "cloudevent" if function.takes_cloud_event else "http"
