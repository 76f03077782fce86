"""Plan the run of a service of App Engine's flexible environment: a container, here as Cloud Run would run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from localcloud.deployment.yaml_lines import YamlLines
from localcloud.launch.buildpacks import plan_buildpacks, read_minor
from localcloud.launch.errors import FileError
from localcloud.launch.plan import LaunchPlan

_PYTHON = "python"
_CUSTOM = "custom"


def is_flexible(yaml: YamlLines) -> bool:
    """Return whether an app.yaml is for the flexible environment, also by the name that it had before."""
    return _find_key(yaml) is not None


def plan_flexible(
    file: Path, yaml: YamlLines, staging: Path, *, service: str, environment: Mapping[str, str]
) -> LaunchPlan:
    """Return the plan of a service: `runtime: python` by its entrypoint, `runtime: custom` by its Dockerfile.

    Raises UserError, with the line, for another runtime.
    """
    key = _find_key(yaml)
    runtime = str(yaml.keys.get("runtime", _CUSTOM))
    if runtime == _CUSTOM:
        plan = _plan_custom(file, yaml, staging)
    elif runtime == _PYTHON:
        plan = replace(plan_buildpacks(file.parent, app_yaml=file), source=file, python=_read_version(file, yaml))
    else:
        raise FileError(
            file,
            yaml.line("runtime"),
            f'localcloud runs Python and Dockerfiles of the flexible environment only, not "runtime: {runtime}"; '
            "use that language's own tools",
        )
    note = (
        f"{file}:{yaml.line(key or 'env')}: the flexible environment runs containers; here the app gets the headers "
        "and the K_ variables of a container on Cloud Run"
    )
    variables = {**plan.environment, **environment}
    return replace(plan, environment=variables, service=service, notes=(*plan.notes, note))


def _plan_custom(file: Path, yaml: YamlLines, staging: Path) -> LaunchPlan:
    if not (file.parent / "Dockerfile").is_file():
        raise FileError(file, yaml.line("runtime"), f'"runtime: {_CUSTOM}" needs a Dockerfile beside this file; add it')
    from localcloud.launch.container import plan_container

    return plan_container(file.parent, staging)


def _read_version(file: Path, yaml: YamlLines) -> str | None:
    """Return the Python that `runtime_config` names, as "3.14" or "2.7"; None for any."""
    config: Any = yaml.keys.get("runtime_config")
    for key in ("runtime_version", "python_version"):
        if isinstance(config, dict) and config.get(key) is not None:
            asked = str(config[key])
            if asked.partition(".")[0] == "2":
                return "2.7"
            return read_minor(asked, file, yaml.line("runtime_config", key))
    return None


def _find_key(yaml: YamlLines) -> str | None:
    for key in ("env", "vm"):
        if str(yaml.keys.get(key)).lower() in ("flex", "flexible", "2", "true"):
            return key
    return None
