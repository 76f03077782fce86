"""The local cloud: the services of one project, and the apps that share them.

- `cloud`: `Cloud`, which adds, starts, reloads and ends apps.
- `services`: the services of a project, and their addresses for an app.
- `routing`: from the rules of dispatch.yaml to the app of a request.
"""

from localcloud.cloud.cloud import Cloud

__all__ = ["Cloud"]
