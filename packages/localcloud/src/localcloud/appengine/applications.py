"""How App Engine names an app: an application id is a project id, often with a partition before it ("s~demo")."""

from __future__ import annotations

from localcloud.appengine.errors import bad_request


def project_of(app_id: str) -> str:
    """Return the project id in `app_id`: "demo", "s~demo" and "dev~demo" are one project."""
    if isinstance(app_id, bytes):
        # What the protocol buffers make of text that is none.
        raise bad_request(f"the app id {app_id!r} is not UTF-8")
    return app_id.rpartition("~")[2]


def partition_of(app_id: str) -> str:
    """Return what stands before the project id in `app_id`, tilde included; "" if nothing does."""
    head, tilde, _ = app_id.rpartition("~")
    return head + tilde
