"""The environment variables that an app receives on every runtime."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from localcloud.launch.plan import LaunchPlan, Platform
from localcloud.runtimes.runtime import Instance, ServiceAddresses

_REDIS_HOST = {"REDIS_HOST": "REDIS_PORT", "REDISHOST": "REDISPORT"}
_REDIS_URLS = ("REDIS_URL", "REDIS_CACHE_URL")
_REDIS = frozenset({*_REDIS_HOST, *_REDIS_HOST.values(), *_REDIS_URLS})
_KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
_REDIS_PASSWORDS = ("REDIS_PASSWORD", "REDISPASSWORD", "REDIS_AUTH")


def names_redis(variables: Mapping[str, str]) -> bool:
    """Return whether an app with these variables asks for a Redis.

    REDIS_HOST is the codelabs' name, REDISHOST that of Google's samples, REDIS_CACHE_URL that of Cloud NDB, and
    REDIS_URL that of many other libraries.
    """
    return not variables.keys().isdisjoint({*_REDIS_HOST, *_REDIS_URLS})


def app_variables(plan: LaunchPlan, services: ServiceAddresses, instance: Instance) -> dict[str, str]:
    """Return the variables of an app, whatever Python runs it.

    The deployment file beats the platform, the addresses of the services beat both, and the overrides beat all. If only
    the overrides ask for a Redis, they ask for the address, too.
    """
    own, overrides = dict(plan.environment), dict(instance.overrides)
    if services.made_up_credentials:
        own.pop(_KEY_FILE, None)  # a real key would beat the made-up credentials, and reach Google
    redis = _redis_variables({**own, **overrides}, services)
    if redis and not names_redis(own):
        overrides = {name: value for name, value in overrides.items() if name not in _REDIS}
    return {
        **_platform_variables(plan, services, instance.service),
        **own,
        "PORT": str(instance.port),
        **_service_variables(plan, services),
        **redis,
        **overrides,
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
        # The first two for what a library asks of the metadata server, the third to find out whether there is one.
        "GCE_METADATA_HOST": services.metadata,
        "GCE_METADATA_ROOT": services.metadata,  # its name in older versions
        "GCE_METADATA_IP": services.metadata,
    }
    if not services.made_up_credentials:
        # Google's clients ask no metadata server for credentials, and say at once that there are none.
        variables["NO_GCE_CHECK"] = "true"
    if plan.bundled_services:
        host, port = services.api_server
        variables |= {
            "API_HOST": host,
            "API_PORT": str(port),
            # The ticket of calls made outside a request; the front end sends the same one with each request.
            "HTTP_X_APPENGINE_API_TICKET": services.ticket,
        }
    return variables


def _redis_variables(asked: Mapping[str, str], services: ServiceAddresses) -> dict[str, str]:
    """Return the address of the Redis, if there is one, under each name that the app has a variable of."""
    if services.redis is None:
        return {}
    host, port = services.redis
    # The file's password is that of the Redis in the cloud. The server here has none, and refuses to hear one.
    variables = {name: "" for name in _REDIS_PASSWORDS if name in asked} | dict(services.redis_variables)
    for host_name, port_name in _REDIS_HOST.items():
        if host_name in asked:
            variables |= {host_name: host, port_name: str(port)}
    for name in _REDIS_URLS:
        if name in asked:
            # The path is the number of a database: there are several in one Redis.
            _, _, database = asked[name].partition("://")[2].partition("/")
            variables[name] = f"redis://{host}:{port}" + (f"/{database}" if database else "")
    return variables
