"""The `modules` service: an app knows its own service only, with one version."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from google.appengine.api import request_info
from google.appengine.api.modules import modules_service_pb2 as pb
from google.appengine.api.modules.modules_stub import ModulesServiceStub

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.request_info import VERSION, CallerInfo
from localcloud.appengine.services.stub_service import Messages, Surroundings

# Without those that start and stop versions: there is one, and it runs.
MESSAGES: Messages = {
    "GetModules": (pb.GetModulesRequest, pb.GetModulesResponse),
    "GetVersions": (pb.GetVersionsRequest, pb.GetVersionsResponse),
    "GetDefaultVersion": (pb.GetDefaultVersionRequest, pb.GetDefaultVersionResponse),
    "GetHostname": (pb.GetHostnameRequest, pb.GetHostnameResponse),
}


def make_stub(caller: Caller, surroundings: Surroundings) -> ModulesServiceStub:
    """Make the stub of an app."""
    return ModulesServiceStub(_ModulesInfo(caller))


class _ModulesInfo(CallerInfo):
    """Facts about the app, for the stub."""

    def __init__(self, caller: Caller) -> None:
        self._dispatcher = _Dispatcher(caller)

    def get_dispatcher(self) -> _Dispatcher:
        return self._dispatcher


class _Dispatcher(request_info.Dispatcher):  # type: ignore[misc]  # the SDK ships no types
    """The services and versions that there are, in the SDK's terms."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def get_module_names(self) -> Sequence[str]:
        return [self._caller.service]

    def get_versions(self, module: str) -> Sequence[str]:
        self._check(module)
        return [VERSION]

    def get_default_version(self, module: str) -> str:
        self._check(module)
        return VERSION

    def get_hostname(self, module: str, version: str, instance: str | None = None) -> str:
        self._check(module)
        if version != VERSION:
            raise request_info.VersionDoesNotExistError
        if instance:
            raise request_info.InvalidInstanceIdError
        return urlsplit(self._caller.url).netloc

    def _check(self, module: str) -> None:
        if module != self._caller.service:
            raise request_info.ModuleDoesNotExistError
