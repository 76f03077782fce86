"""The environment variables that an app receives on every runtime."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.runtimes.runtime import Instance, ServiceAddresses


def app_variables(plan: LaunchPlan, services: ServiceAddresses, instance: Instance) -> dict[str, str]:
    """Return the variables of an app, whatever Python runs it.

    The deployment file beats the platform, the addresses of the services beat both, and the overrides beat all.
    """
    return {
        **_platform_variables(plan, services, instance.service),
        **plan.environment,
        "PORT": str(instance.port),
        **_service_variables(plan, services),
        **instance.overrides,
    }


def put_on_path(variables: Mapping[str, str], *places: Path) -> dict[str, str]:
    """Return the variables with these places at the start of the app's own PYTHONPATH."""
    own = variables.get("PYTHONPATH")
    return {**variables, "PYTHONPATH": os.pathsep.join([*map(str, places), *([own] if own else [])])}


def _platform_variables(plan: LaunchPlan, services: ServiceAddresses, service: str) -> dict[str, str]:
    if plan.platform in (Platform.CLOUD_RUN, Platform.FUNCTIONS):
        return {"K_SERVICE": service, "K_REVISION": f"{service}-00001-local", "K_CONFIGURATION": service}
    variables = {
        "GAE_APPLICATION": f"s~{services.project}",
        "GAE_DEPLOYMENT_ID": "1",
        "GAE_ENV": "standard",
        "GAE_INSTANCE": "local",
        "GAE_MEMORY_MB": "256",
        "GAE_RUNTIME": "python" + (plan.python or "3").replace(".", ""),
        "GAE_SERVICE": plan.service or "default",
        "GAE_VERSION": "local",
    }
    if plan.platform is Platform.APP_ENGINE_PYTHON27:
        variables |= {
            "APPENGINE_RUNTIME": "python27",
            "APPLICATION_ID": f"s~{services.project}",
        }
    return variables


def _service_variables(plan: LaunchPlan, services: ServiceAddresses) -> dict[str, str]:
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
