"""Plan the run of one function by Cloud Run functions."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from localcloud.launch.buildpacks import find_python_version
from localcloud.launch.errors import FileError
from localcloud.launch.packages import find_local_packages, find_requirements, names_package
from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.launch.python_source import read_source


def refuse_events(file: Path, name: str) -> NoReturn:
    """Raise the error for a function that takes events."""
    raise FileError(
        file, None, f"{name} takes events, which localcloud does not deliver; serve a function that takes a request"
    )


def plan_function(directory: Path, name: str) -> LaunchPlan:
    """Return the plan that serves the function `name` of the folder's main.py.

    Like the platform, it adds functions-framework to requirements that do not name it. Raises UserError if there is no
    main.py or no such function in it.
    """
    source = directory / "main.py"
    if not source.is_file():
        raise FileError(source, None, f"there is no such file; write the function {name} into it")
    module = read_source(source)
    if not name.isidentifier() or (module and name not in module.names):
        found = ", ".join(module.functions) if module else ""
        raise FileError(
            source,
            None,
            f'there is no function "{name}" in it, only {found}; name one with --function NAME'
            if found
            else f'there is no function "{name}" in it, nor another one that takes a request; write one',
        )
    if module and name in module.event_functions:
        refuse_events(source, name)
    return LaunchPlan(
        source=source,
        platform=Platform.FUNCTIONS,
        directory=directory,
        command=("/bin/sh", "-c", f"exec functions-framework --target {name} --port $PORT"),
        python=find_python_version(directory),
        environment={"FUNCTION_TARGET": name, "FUNCTION_SIGNATURE_TYPE": "http"},
        requirements=find_requirements(directory),
        local_packages=find_local_packages(directory),
        packages=() if names_package(directory, "functions-framework") else ("functions-framework",),
        function=name,
    )
