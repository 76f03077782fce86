"""The `modules` service: the services of the app that run, each with one version."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from google.appengine.api import request_info
from google.appengine.api.modules import modules_service_pb2 as pb
from google.appengine.api.modules.modules_stub import ModulesServiceStub

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.request_info import VERSION, CallerInfo
from localcloud.appengine.services.stub_service import Messages, Surroundings
from localcloud.appengine.tickets import Tickets

_ONE_VERSION = "each service has one version and one instance here, and they run"
REFUSED = dict.fromkeys(("GetNumInstances", "SetNumInstances", "StartModule", "StopModule"), _ONE_VERSION)
MESSAGES: Messages = {
    "GetModules": (pb.GetModulesRequest, pb.GetModulesResponse),
    "GetVersions": (pb.GetVersionsRequest, pb.GetVersionsResponse),
    "GetDefaultVersion": (pb.GetDefaultVersionRequest, pb.GetDefaultVersionResponse),
    "GetHostname": (pb.GetHostnameRequest, pb.GetHostnameResponse),
}


def make_stub(caller: Caller, surroundings: Surroundings) -> ModulesServiceStub:
    """Make the stub of an app."""
    return ModulesServiceStub(_ModulesInfo(caller, surroundings.tickets))


class _ModulesInfo(CallerInfo):
    """Facts about the app, for the stub."""

    def __init__(self, caller: Caller, tickets: Tickets) -> None:
        self._dispatcher = _Dispatcher(caller, tickets)

    def get_dispatcher(self) -> _Dispatcher:
        return self._dispatcher


class _Dispatcher(request_info.Dispatcher):  # type: ignore[misc]  # the SDK ships no types
    """The services and versions that there are, in the SDK's terms."""

    def __init__(self, caller: Caller, tickets: Tickets) -> None:
        self._caller = caller
        self._tickets = tickets

    def get_module_names(self) -> Sequence[str]:
        return [peer.service for peer in self._tickets.peers(self._caller)]

    def get_versions(self, module: str) -> Sequence[str]:
        self._check(module)
        return [VERSION]

    def get_default_version(self, module: str) -> str:
        self._check(module)
        return VERSION

    def get_hostname(self, module: str, version: str, instance: str | None = None) -> str:
        found = self._check(module)
        if version != VERSION:
            raise request_info.VersionDoesNotExistError
        if instance:
            raise request_info.InvalidInstanceIdError
        return urlsplit(found.url).netloc

    def _check(self, module: str) -> Caller:
        for peer in self._tickets.peers(self._caller):
            if peer.service == module:
                return peer
        raise request_info.ModuleDoesNotExistError
