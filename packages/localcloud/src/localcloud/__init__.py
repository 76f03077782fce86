"""A small Google Cloud for one machine: it runs folders made for App Engine, Cloud Run and Cloud Run functions.

    from localcloud import Cloud

    with Cloud() as cloud:
        app = cloud.add(Path("mod1-flask/FINISH"))
        cloud.start()
        print(app.url)

- `cli`: the `localcloud` command, and `doctor`, which looks for the tools it can use.
- `console`: pages that show and change what a cloud holds; `pages` is the base that they share with other local pages.
- `reloading`: restarts an app when a file of it is saved.
- `cloud`: composes the services and the apps; `app` is one of those.
- `services`: Datastore, Memcache and Redis, each with its outages.
- `appengine`: the API server of App Engine's bundled services.
- `launch`: reads a folder's deployment files into a plan; `files` reads from the folder and nowhere else.
- `runtimes`: turn a plan into a process that is ready to start; `processes` start and end it.
- `frontend`: the reverse proxy in front of an app, as each platform has one.
- `platforms`: records of what apps receive on each platform.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datastore_emulator.errors import UserError
    from localcloud.app import App
    from localcloud.cloud import Cloud
    from localcloud.launch.plan import Platform

__all__ = ["App", "Cloud", "Platform", "UserError"]

_MODULES = {
    "App": "localcloud.app",
    "Cloud": "localcloud.cloud",
    "Platform": "localcloud.launch.plan",
    "UserError": "datastore_emulator.errors",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: `localcloud --help` must not load gRPC and Google's SDK."""
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
