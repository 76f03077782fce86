"""The runtime that runs Python 2.7 apps on a real CPython 2.7: App Engine apps under the legacy SDK's dev_appserver."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from datastore_emulator.net.ports import free_port
from localcloud.deployment.yaml_lines import YamlLines
from localcloud.files.paths import resolve_inside
from localcloud.files.reading import copy_folder
from localcloud.launch.errors import read_text
from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.runtimes.package_sources import copy_sources
from localcloud.runtimes.python3.command import SITE
from localcloud.runtimes.python27_real.interpreter import Python27
from localcloud.runtimes.python27_real.packages import SDK, ensure_legacy_sdk, ensure_packages
from localcloud.runtimes.python27_real.vendored import find_vendor_folder, list_replaced, read_distributions
from localcloud.runtimes.runtime import Command, Instance, Report, ServiceAddresses
from localcloud.runtimes.variables import app_variables, put_on_path

_LEGACY_SDK = Path(__file__).parent / "legacy_sdk"
_TICKET = "HTTP_X_APPENGINE_API_TICKET"


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
            sdk = ensure_legacy_sdk(self._python27, report)
            return _dev_appserver(self._python27, sdk, plan, services, packages, instance)
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
        return Command(plan.command, put_on_path(variables, _LEGACY_SDK / "site"), plan.directory, (note,))


def _dev_appserver(
    python27: Python27, sdk: Path, plan: LaunchPlan, services: ServiceAddresses, packages: Path, instance: Instance
) -> Command:
    """Return the command that serves a copy of the app's folder with the SDK's dev_appserver."""
    directory = instance.home.parent / "python27"
    shutil.rmtree(directory, ignore_errors=True)  # of the app before a save
    _copy_app(plan, packages, directory)
    # There is no network to connect to, and the SDK refuses names in capitals: those are placeholders.
    app_yaml = directory / plan.source.name
    app_yaml.write_text(YamlLines(read_text(plan.source)).without(["vpc_access_connector"]))
    storage = instance.home / "storage"
    storage.mkdir(exist_ok=True)
    environment = {
        "PATH": os.pathsep.join([os.path.dirname(python27.path), os.defpath]),
        "HOME": str(instance.home),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join([str(_LEGACY_SDK / "first"), str(sdk.parent / "packages")]),
        "LOCALCLOUD_LEGACY_SDK": str(sdk),
        "API_HOST": services.api_server[0],
        "API_PORT": str(services.api_server[1]),
        _TICKET: services.ticket,
    }
    variables = app_variables(plan, services, instance)
    argv = [
        python27.path,
        str(_LEGACY_SDK / "localcloud_dev_appserver.py"),
        "--host=127.0.0.1",
        f"--port={instance.port}",
        f"--admin_port={free_port()}",
        f"--application={services.project}",
        f"--storage_path={storage}",
        "--skip_sdk_update_check=true",
        "--enable_host_checking=false",
        "--automatic_restart=false",
        # Two servers that start an instance at once may choose one port for both, and then never come up.
        "--max_module_instances=1",
        "--dev_appserver_log_level=error",
        "--support_datastore_emulator=true",
        f"--running_datastore_emulator_host={services.datastore}",
        "--datastore_emulator_cmd=/bin/true",  # required, but never run: the emulator above is running
        # Other users of the machine can read a command line.
        *(f"--env_var={name}={value}" for name, value in variables.items() if name != _TICKET),
        str(app_yaml),
    ]
    note = f"{plan.platform.value}: this runs on Python {python27.version} under dev_appserver ({SDK})"
    return Command(tuple(argv), environment, directory, (note,))


def _copy_app(plan: LaunchPlan, packages: Path, target: Path) -> None:
    """Copy the app's folder, and put the packages that requirements.txt names into the copy's vendor folder.

    They take the place of those that pip has put there, perhaps for another Python. What else is there stays.
    """
    vendor = find_vendor_folder(plan.directory)
    installed = [one.name for one in read_distributions(packages)] if plan.requirements else []
    replaced = list_replaced(plan.directory / vendor, installed)
    copy_folder(plan.directory, target, lambda path: path in replaced or _is_python3_environment(path))
    if plan.requirements:
        shutil.copytree(packages, resolve_inside(target, vendor), copy_function=_link_or_copy, dirs_exist_ok=True)


def _is_python3_environment(path: Path) -> bool:
    """Return whether a folder is a virtual environment of Python 3, which is large and of no use to Python 2.7."""
    return (path / "pyvenv.cfg").is_file() and any(path.glob("lib/python3*"))


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copy2(source, target)
