"""Facts about the app that calls, as Google's stubs ask for them."""

from __future__ import annotations

from google.appengine.api import request_info

from localcloud.appengine.callers import Caller

VERSION = "local"
"""The name of an app's version, as in its environment variables."""


class CallerInfo(request_info.RequestInfo):  # type: ignore[misc]  # the SDK ships no types
    """Answers a stub's questions about a request; its id is the `Caller`. A stub that sends requests needs more."""

    def get_request_url(self, request_id: Caller) -> str:
        """Return the address of the app."""
        return request_id.url

    def get_module(self, request_id: Caller) -> str:
        """Return the name of the service."""
        return request_id.service

    def get_version(self, request_id: Caller) -> str:
        """Return the name of the version."""
        return VERSION
