"""Application ids of App Engine: a project id, often with a partition before it ("s~demo")."""

from __future__ import annotations

from localcloud.appengine.error_codes import bad_request


def read_project(app_id: str) -> str:
    """Return the project id in `app_id`: "demo", "s~demo" and "dev~demo" are one project."""
    if isinstance(app_id, bytes):
        # The protocol buffers give bytes for text that is not UTF-8.
        raise bad_request(f"the app id {app_id!r} is not UTF-8")
    return app_id.rpartition("~")[2]


def read_partition(app_id: str) -> str:
    """Return the partition before the project id, tilde included; "" if there is none."""
    head, tilde, _ = app_id.rpartition("~")
    return head + tilde
