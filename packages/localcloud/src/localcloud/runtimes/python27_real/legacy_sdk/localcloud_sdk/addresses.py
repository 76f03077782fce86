"""The addresses that visitors see: dev_appserver knows only its own, behind the front end."""

import os
import urlparse

from google.appengine.api import request_info
from google.appengine.api.modules import modules_service_pb
from google.appengine.api.modules import modules_stub
from google.appengine.runtime import apiproxy_errors
from google.appengine.tools.devappserver2 import dispatcher
from google.appengine.tools.devappserver2 import module
from google.appengine.tools.devappserver2 import request_rewriter

from localcloud_sdk.remote_stub import RemoteStub

HOST = urlparse.urlsplit(os.environ["LOCALCLOUD_URL"]).netloc

_rewriter = request_rewriter.frontend_rewriter_middleware


def _rewriter_with_address(app):
    """Give the app's environment the host and the port of the address that the visitor asked for."""
    handle = _rewriter(app)

    def handle_with_address(environ, start_response):
        name, _, port = environ.get("HTTP_HOST", HOST).rpartition(":")
        environ["SERVER_PORT"] = port if name and port.isdigit() else "80"
        environ["DEFAULT_VERSION_HOSTNAME"] = HOST
        return handle(environ, start_response)

    return handle_with_address


request_rewriter.frontend_rewriter_middleware = _rewriter_with_address


def _balanced_address(self):
    """Return the front end's address. A backend has none: its own is the only one."""
    if self._balanced_port == self._default_version_port:
        return HOST
    return "%s:%d" % (self._host, self.balanced_port)


module.Module.balanced_address = property(_balanced_address)


def _find_next_available_port(self, starting_port, service_name):
    """Let the kernel choose a backend's port: the number after that of the app may be taken."""
    return 0 if self._port_registry.has(starting_port) else starting_port


dispatcher.Dispatcher._find_next_available_port = _find_next_available_port

_resolve_target = dispatcher.Dispatcher._resolve_target


def _resolve_target_of_visitor(self, hostname, path):
    """Give a request that the SDK itself makes to the app that serves the visitor's host, as one of Endpoints."""
    try:
        return _resolve_target(self, hostname, path)
    except (request_info.ModuleDoesNotExistError, ValueError):  # ValueError: an address of IPv6
        return self._module_for_request(path), None


dispatcher.Dispatcher._resolve_target = _resolve_target_of_visitor

_own_modules = modules_stub.ModulesServiceStub._Dynamic_GetModules
_own_hostname = modules_stub.ModulesServiceStub._Dynamic_GetHostname


def _get_modules(self, request, response, request_id):
    """List the services that run elsewhere in the local cloud, too."""
    _own_modules(self, request, response, request_id)
    all_modules = modules_service_pb.GetModulesResponse()
    RemoteStub("modules").MakeSyncCall("modules", "GetModules", request, all_modules)
    for name in all_modules.module_list():
        if name not in response.module_list():
            response.add_module(name)


def _get_hostname(self, request, response, request_id):
    """Find a service elsewhere in the local cloud. One that does not run has a name, so that a task for it is added."""
    try:
        _own_hostname(self, request, response, request_id)
    except apiproxy_errors.ApplicationError as error:
        if error.application_error != modules_service_pb.ModulesServiceError.INVALID_MODULE:
            raise
        try:
            RemoteStub("modules").MakeSyncCall("modules", "GetHostname", request, response)
        except apiproxy_errors.ApplicationError:
            response.set_hostname("%s.%s" % (request.module(), HOST))


modules_stub.ModulesServiceStub._Dynamic_GetModules = _get_modules
modules_stub.ModulesServiceStub._Dynamic_GetHostname = _get_hostname
