"""Plan the run of a Python 2 folder under App Engine's legacy SDK.

The SDK reads app.yaml itself and runs all that it describes: CGI scripts, builtins, included files, Endpoints. So
little is refused here. The front end serves static files before the SDK, as production does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from localcloud.deployment.yaml_lines import YamlLines
from localcloud.launch.errors import FileError
from localcloud.launch.flexible import is_flexible
from localcloud.launch.handlers import read_handlers
from localcloud.launch.packages import find_local_packages, find_requirements
from localcloud.launch.plan import Handler, LaunchPlan, Platform
from localcloud.launch.services import DEFAULT

# `python` is the name of the first runtime, Python 2.5. The SDK runs such apps on 2.7.
_RUNTIMES = frozenset({"python", "python27"})
_VERSION = re.compile(r"[a-z0-9][a-z0-9-]{0,99}")
# Today's parser knows fewer of these: not Django 1.2, for example.
_READ_HERE = ("libraries",)
# The SDK has pages of its own here, and decides itself who may see the app's.
_OWN_PAGES = Handler(url="/_ah/.*", script="auto")
# Some builtins have other paths.
_REST = Handler(url="/.*", script="auto")


def is_for_legacy_sdk(yaml: YamlLines) -> bool:
    """Return whether an app.yaml describes an app for Python 2."""
    return yaml.keys.get("runtime") in _RUNTIMES and not is_flexible(yaml)


def list_replaced_keys(yaml: YamlLines) -> list[str]:
    """Return the keys whose values are not used: the app's id, and a version that App Engine would refuse.

    Many published apps have a placeholder in them.
    """
    version = yaml.keys.get("version")
    return ["application", *([] if version is None or _VERSION.fullmatch(str(version)) else ["version"])]


def plan_legacy_sdk(file: Path, yaml: YamlLines, parse: Callable[[Path, YamlLines], Any]) -> LaunchPlan:
    """Return the plan of a service; `parse` is App Engine's own parser. Raises UserError for what that refuses."""
    directory = file.parent
    info = parse(file, YamlLines(yaml.without(_READ_HERE)))
    if not info.handlers and not info.includes and not info.builtins:
        raise FileError(
            file,
            yaml.line("runtime"),
            'python27 needs `handlers` that name the app\'s code; add one with "url: .*" and "script: main.app"',
        )
    return LaunchPlan(
        source=file,
        platform=Platform.APP_ENGINE_PYTHON27,
        directory=directory,
        python="2.7",
        environment={str(name): str(value) for name, value in (info.env_variables or {}).items()},
        requirements=find_requirements(directory),
        local_packages=find_local_packages(directory),
        libraries=_libraries(yaml),
        handlers=() if info.includes else tuple(_handlers(file, yaml, info)),
        bundled_services=True,
        service=str(info.service or info.module or DEFAULT),
    )


def _libraries(yaml: YamlLines) -> dict[str, str]:
    entries = yaml.keys.get("libraries")
    found = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return {str(entry.get("name")): str(entry.get("version")) for entry in found}


def _handlers(file: Path, yaml: YamlLines, info: Any) -> Iterator[Handler]:
    """Yield what the front end serves or passes on, in the SDK's order. What localcloud lacks, the SDK may have."""
    yield _OWN_PAGES
    for handler in read_handlers(file, yaml, info):
        yield replace(handler, script="auto", refused=None) if handler.refused else handler
    if info.builtins:
        yield _REST
