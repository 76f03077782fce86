"""The bundled services that Google's own stubs answer.

- `stub_service`: `StubService`, a service with one stub for each app. `request_info`: what stubs ask about a request.
- `task_runner`: runs the tasks of push queues. `app_requests`: the requests that App Engine itself sends to an app.
  `task_targets`: the services that tasks are for.
- `blob_storage`: the bytes of blobs. `stub_datastore`: entities for stubs that keep some.
- The other modules define one service each.
"""

from __future__ import annotations

from collections.abc import Callable

from localcloud.appengine.services.stub_service import AddedTask, StubService, Surroundings

# The name that calls have, and the module here.
SERVICES = {
    "app_identity_service": "app_identity",
    "blobstore": "blobstore",
    "capability_service": "capabilities",
    "images": "images",
    "mail": "mail",
    "modules": "modules",
    "search": "search",
    "system": "system",
    "taskqueue": "taskqueue",
    "urlfetch": "urlfetch",
    "user": "users",
}


def make_services(surroundings: Surroundings, observe: Callable[[str], None]) -> dict[str, StubService]:
    """Return the services by name. Before each call, `observe` gets it, as in "mail Send"."""
    return {name: StubService(name, module, surroundings, observe) for name, module in SERVICES.items()}


__all__ = ["SERVICES", "AddedTask", "StubService", "Surroundings", "make_services"]
