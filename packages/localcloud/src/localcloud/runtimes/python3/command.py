"""The runtime that runs Python 3 apps on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from datastore_emulator.errors import UserError
from localcloud.launch.plan import LaunchPlan
from localcloud.runtimes.install_errors import InstallError
from localcloud.runtimes.package_sources import copy_sources
from localcloud.runtimes.python3.environments import ensure_environment
from localcloud.runtimes.python3.interpreters import find_interpreter
from localcloud.runtimes.runtime import Command, Instance, Report, ServiceAddresses
from localcloud.runtimes.variables import app_variables, put_on_path

SITE = Path(__file__).parent / "site"
"""Put on an app's PYTHONPATH, it keeps the app's server on the loopback interface."""


class Python3Runtime:
    """Runs a plan in an environment of its own requirements, on the Python 3 it asks for or the nearest here."""

    def supports(self, plan: LaunchPlan) -> bool:
        """Return whether the plan is for Python 3."""
        return plan.python != "2.7"

    def prepare(self, plan: LaunchPlan, services: ServiceAddresses, instance: Instance, report: Report) -> Command:
        """Make the environment of the plan's requirements and return the plan's own command in it."""
        if not plan.command:  # static files alone, which the front end has
            return Command((), {}, plan.directory, ())
        interpreter = find_interpreter(plan.python)
        caveat = _caveat(plan, interpreter.version)
        try:
            environment = ensure_environment(
                interpreter,
                plan.requirements,
                plan.packages,
                image_packages=_image_packages(plan.python),
                report=report,
                sources=copy_sources(plan, instance.home.parent),
            )
        except InstallError as error:
            raise UserError(f"{error}{caveat}") from error
        variables = {**base_variables(environment, instance.home), **app_variables(plan, services, instance)}
        variables = put_on_path(variables, SITE)
        notes = (*plan.notes, *_notes(plan, interpreter.version))
        return Command(plan.command, variables, plan.directory, notes, caveat)


def base_variables(environment: Path, home: Path) -> dict[str, str]:
    """Return the variables of every process in an environment of packages: not the caller's own, and in UTC."""
    kept = {name: os.environ[name] for name in ("TMPDIR", "SYSTEMROOT") if name in os.environ}
    return {
        **kept,
        "PATH": os.pathsep.join([str(environment / "bin"), os.defpath]),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        # Leave no __pycache__ in the user's folders.
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _image_packages(python: str | None) -> tuple[str, ...]:
    """Return the packages that the platforms' images of this Python hold, and that old apps use undeclared."""
    if python and int(python.partition(".")[2]) < 12:
        # With pkg_resources, which gunicorn 20 imports and setuptools 82 dropped. The newest ones need Python 3.9.
        return ("setuptools<80",)
    return ()


def _notes(plan: LaunchPlan, version: str) -> tuple[str, ...]:
    if plan.python not in (None, version):
        return (f"{plan.platform.value}: the app asks for Python {plan.python}; this runs on Python {version}",)
    return ()


def _caveat(plan: LaunchPlan, version: str) -> str:
    """Return what may be behind an error: that another Python runs the app than it asks for."""
    if plan.python in (None, version):
        return ""
    return (
        f"; the app asks for Python {plan.python}, and this is Python {version}: if that is the reason, install the "
        f"other by pyenv or uv (uv python install {plan.python})"
    )
