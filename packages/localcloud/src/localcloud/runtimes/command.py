"""From a launch plan to the process that runs it: its environment of packages, its variables and its command line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.runtimes.environments import environment
from localcloud.runtimes.interpreters import find_interpreter
from localcloud.runtimes.python2_requirements import names_in
from localcloud.runtimes.python2_source import check_source

_HERE = Path(__file__).parent
_PYTHON27 = _HERE / "python27"
# The stand-in's own need: it matches the handlers of app.yaml.
_ENGINE = "google-re2"
# What the python27 runtime has built in, whatever the app asks for.
_PYTHON27_PACKAGES = ("appengine-python-standard", "Django", "gunicorn", "Jinja2", "setuptools", "webapp2", _ENGINE)


@dataclass(frozen=True)
class Services:
    """What an app is told: addresses, and its ticket for the API server; `redis` is None when nobody started one."""

    project: str
    datastore: str
    api_server: tuple[str, int]
    ticket: str
    redis: tuple[str, int] | None = None
    redis_variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Command:
    """A process ready to start. `notes` are the lines its log begins with."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    directory: Path
    notes: tuple[str, ...]


def command_for(
    plan: LaunchPlan,
    services: Services,
    *,
    service: str,
    port: int,
    home: Path,
    overrides: Mapping[str, str] | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> Command:
    """Return the command that runs the plan on this port, after making its environment of packages.

    `home` becomes the process's home directory. `overrides` beat every other variable; `report` hears of slow work.
    """
    interpreter = find_interpreter(plan.python)
    if plan.python == "2.7":
        check_source(plan)
        names = [name for file in plan.requirements for name in names_in(file)]
        built_in = _PYTHON27_PACKAGES if plan.platform is Platform.APP_ENGINE_PYTHON27 else ()
        packages = tuple(sorted({*names, *plan.packages, *built_in}))
        place = environment(interpreter, (), packages, _PYTHON27 / "constraints.txt", report=report)
    else:
        place = environment(
            interpreter,
            plan.requirements,
            plan.packages,
            image_packages=_image_packages(plan.python),
            report=report,
        )

    variables = {**_base_variables(place, home), **variables_for(plan, services, service, port)}
    argv = plan.command
    if plan.platform is Platform.APP_ENGINE_PYTHON27:
        variables["PYTHONPATH"] = os.pathsep.join([str(_HERE / "site"), str(_PYTHON27)])
        variables["LOCALCLOUD_HANDLERS"] = json.dumps(
            [(handler.url, handler.script) for handler in plan.handlers if handler.script]
        )
        argv = ("gunicorn", "-b", f"127.0.0.1:{port}", "--threads", "8", "localcloud_python27:application")
    return Command(argv, {**variables, **(overrides or {})}, plan.directory, _notes(plan, interpreter.version))


def variables_for(plan: LaunchPlan, services: Services, service: str, port: int) -> dict[str, str]:
    """Return what an app finds in its environment, whatever Python runs it: the deployment file's word beats the
    platform's, and that of the services' true places beats both."""
    return {
        **_platform_variables(plan, services, service),
        **plan.environment,
        "PORT": str(port),
        **_service_variables(plan, services),
    }


def _image_packages(python: str | None) -> tuple[str, ...]:
    """Return what the platforms' images of this Python have installed, and old packages use without asking for it."""
    if python and int(python.partition(".")[2]) < 12:
        return ("setuptools==79.0.1",)  # with pkg_resources, which gunicorn 20 imports and setuptools 82 dropped
    return ()


def _notes(plan: LaunchPlan, version: str) -> tuple[str, ...]:
    if plan.python == "2.7":
        return (
            f"{plan.platform.value}: this runs on Python {version}, unchanged, with the same packages by name at "
            "versions Python 3 can install; `localcloud run DIR --python27` takes a Python 2.7 of yours",
        )
    if plan.python not in (None, version):
        return (f"{plan.platform.value}: the app asks for Python {plan.python}; this runs on Python {version}",)
    return ()


def _base_variables(place: Path, home: Path) -> dict[str, str]:
    # Not the caller's own environment: an app sees what the cloud would give it, and in UTC.
    kept = {name: os.environ[name] for name in ("TMPDIR", "SYSTEMROOT") if name in os.environ}
    return {
        **kept,
        "PATH": os.pathsep.join([str(place / "bin"), os.defpath]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        # The learner's folders stay as they are: no __pycache__ between START and FINISH.
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(_HERE / "site"),
        "PYTHONUNBUFFERED": "1",
    }


def _platform_variables(plan: LaunchPlan, services: Services, service: str) -> dict[str, str]:
    if plan.platform in (Platform.CLOUD_RUN, Platform.FUNCTIONS):
        return {"K_SERVICE": service, "K_REVISION": f"{service}-00001-local", "K_CONFIGURATION": service}
    variables = {
        "GAE_APPLICATION": f"s~{services.project}",
        "GAE_DEPLOYMENT_ID": "1",
        "GAE_ENV": "standard",
        "GAE_INSTANCE": "local",
        "GAE_MEMORY_MB": "256",
        "GAE_RUNTIME": "python" + (plan.python or "3").replace(".", ""),
        "GAE_SERVICE": "default",
        "GAE_VERSION": "local",
    }
    if plan.platform is Platform.APP_ENGINE_PYTHON27:
        variables |= {
            "APPENGINE_RUNTIME": "python27",
            "APPLICATION_ID": f"s~{services.project}",
        }
    return variables


def _service_variables(plan: LaunchPlan, services: Services) -> dict[str, str]:
    variables = {
        "DATASTORE_EMULATOR_HOST": services.datastore,
        "GOOGLE_CLOUD_PROJECT": services.project,
        # Google's libraries would look for a metadata server, and wait.
        "NO_GCE_CHECK": "true",
    }
    if plan.bundled_services:
        host, port = services.api_server
        variables |= {
            "API_HOST": host,
            "API_PORT": str(port),
            # The ticket of calls made outside a request; the front end sends the same one with each request.
            "HTTP_X_APPENGINE_API_TICKET": services.ticket,
        }
    if services.redis:
        variables |= {"REDIS_HOST": services.redis[0], "REDIS_PORT": str(services.redis[1]), **services.redis_variables}
    return variables
