"""The runtime that runs Python 2.7 apps on a real CPython 2.7: App Engine apps under the legacy SDK's dev_appserver."""

from __future__ import annotations

import os

from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.runtimes.package_sources import copy_sources
from localcloud.runtimes.python3.command import SITE
from localcloud.runtimes.python27_real.dev_appserver import LEGACY_SDK, make_dev_appserver
from localcloud.runtimes.python27_real.interpreter import Python27
from localcloud.runtimes.python27_real.packages import ensure_packages
from localcloud.runtimes.runtime import Command, Instance, Report, ServiceAddresses
from localcloud.runtimes.variables import app_variables, put_on_path


class Python27RealRuntime:
    """Runs a plan for Python 2.7 on this CPython 2.7."""

    def __init__(self, python27: Python27) -> None:
        self._python27 = python27

    def supports(self, plan: LaunchPlan) -> bool:
        """Return whether the plan is for Python 2.7."""
        return plan.python == "2.7"

    def prepare(self, plan: LaunchPlan, services: ServiceAddresses, instance: Instance, report: Report) -> Command:
        """Install the plan's packages and return its own command, or dev_appserver's for an App Engine app."""
        sources = copy_sources(plan, instance.home.parent)
        packages = ensure_packages(self._python27, plan.requirements, plan.packages, report, sources)
        if plan.platform is Platform.APP_ENGINE_PYTHON27:
            return make_dev_appserver(self._python27, plan, services, packages, instance, report)
        variables = {
            "PATH": os.pathsep.join([str(packages / "bin"), os.path.dirname(self._python27.path), os.defpath]),
            "HOME": str(instance.home),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
            **app_variables(plan, services, instance),
            "LOCALCLOUD_PACKAGES": str(packages),
            "LOCALCLOUD_LOOPBACK": str(SITE / "sitecustomize.py"),
        }
        note = f"this runs on Python {self._python27.version}"
        return Command(plan.command, put_on_path(variables, LEGACY_SDK / "site"), plan.directory, (note,))
