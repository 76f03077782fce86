"""The command that serves an App Engine app with the legacy SDK's dev_appserver."""

from __future__ import annotations

import os
from pathlib import Path

from datastore_emulator.net.ports import free_port
from localcloud.launch.plan import LaunchPlan
from localcloud.runtimes.python27_real.app_copy import copy_app
from localcloud.runtimes.python27_real.interpreter import Python27
from localcloud.runtimes.python27_real.libraries import ensure_libraries
from localcloud.runtimes.python27_real.packages import SDK, ensure_legacy_sdk
from localcloud.runtimes.runtime import Command, Instance, Report, ServiceAddresses
from localcloud.runtimes.variables import app_variables

LEGACY_SDK = Path(__file__).parent / "legacy_sdk"
_TICKET = "HTTP_X_APPENGINE_API_TICKET"


def make_dev_appserver(
    python27: Python27,
    plan: LaunchPlan,
    services: ServiceAddresses,
    packages: Path,
    instance: Instance,
    report: Report,
) -> Command:
    """Install the SDK and return the command that serves a copy of the app's folder with its dev_appserver."""
    sdk = ensure_legacy_sdk(python27, report)
    notes = ensure_libraries(python27, sdk, plan.libraries, report)
    app = copy_app(plan, packages, instance.home.parent / "python27")
    storage = instance.home / "storage"
    storage.mkdir(exist_ok=True)
    environment = {
        "PATH": os.pathsep.join([os.path.dirname(python27.path), os.defpath]),
        "HOME": str(instance.home),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join([str(LEGACY_SDK / "first"), str(sdk.parent / "packages")]),
        "LOCALCLOUD_LEGACY_SDK": str(sdk),
        "LOCALCLOUD_URL": instance.url,
        "API_HOST": services.api_server[0],
        "API_PORT": str(services.api_server[1]),
        _TICKET: services.ticket,
    }
    variables = app_variables(plan, services, instance)
    argv = [
        python27.path,
        str(LEGACY_SDK / "localcloud_dev_appserver.py"),
        "--host=127.0.0.1",
        f"--port={instance.port}",
        f"--admin_port={free_port()}",
        f"--application={services.project}",
        f"--storage_path={storage}",
        f"--default_gcs_bucket_name={services.project}.appspot.com",
        f"--python_startup_script={LEGACY_SDK / 'localcloud_instance.py'}",
        "--skip_sdk_update_check=true",
        "--enable_host_checking=false",
        "--automatic_restart=false",
        # Two servers that start an instance at once may choose one port for both, and then never come up.
        *([f"--max_module_instances={plan.service}:1"] if app.one_instance else []),
        "--dev_appserver_log_level=error",
        "--support_datastore_emulator=false",
        # Other users of the machine can read a command line.
        *(f"--env_var={name}={value}" for name, value in variables.items() if name != _TICKET),
        *map(str, app.configurations),
    ]
    note = f"{plan.platform.value}: this runs on Python {python27.version} under dev_appserver ({SDK})"
    return Command(tuple(argv), environment, app.directory, (note, *notes), has_own_ports=True)
