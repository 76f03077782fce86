"""Plans the run of one function by Cloud Run functions."""

from __future__ import annotations

from pathlib import Path

from localcloud.launch.buildpacks import asked_python
from localcloud.launch.errors import mistake
from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.launch.python_source import read_source
from localcloud.launch.requirements import package_names, requirements_files


def takes_events(name: str) -> str:
    """Return why a function of this name is refused, as the second half of a message."""
    return f"{name} takes events, which localcloud does not deliver; serve one that takes a request"


def read_function(directory: Path, name: str) -> LaunchPlan:
    """Return the plan that serves the function `name` of the folder's main.py.

    Like the platform, it adds functions-framework to requirements that do not name it. Raises UserError if
    main.py or the function is missing.
    """
    source = directory / "main.py"
    if not source.is_file():
        raise mistake(source, None, f"expected the source of function {name}, found no such file")
    module = read_source(source)
    if not name.isidentifier() or (module and name not in module.names):
        found = ", ".join(module.functions) if module else ""
        raise mistake(
            source,
            None,
            f'expected a function named "{name}", found {found or "no function that takes a request"}; '
            "name one with --function NAME",
        )
    if module and name in module.event_functions:
        raise mistake(source, None, takes_events(name))
    return LaunchPlan(
        source=source,
        platform=Platform.FUNCTIONS,
        directory=directory,
        command=("/bin/sh", "-c", f"exec functions-framework --target {name} --port $PORT"),
        python=asked_python(directory),
        environment={"FUNCTION_TARGET": name, "FUNCTION_SIGNATURE_TYPE": "http"},
        requirements=requirements_files(directory),
        packages=() if "functions-framework" in package_names(directory) else ("functions-framework",),
        function=name,
    )
