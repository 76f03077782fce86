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

_get_hostname = modules_stub.ModulesServiceStub._Dynamic_GetHostname


def _get_hostname_of_any_service(self, request, response, request_id):
    """Return a name for a service that runs elsewhere or not at all: a task for it is added, as on Python 3."""
    try:
        _get_hostname(self, request, response, request_id)
    except apiproxy_errors.ApplicationError as error:
        if error.application_error != modules_service_pb.ModulesServiceError.INVALID_MODULE:
            raise
        response.set_hostname("%s.%s" % (request.module(), HOST))


modules_stub.ModulesServiceStub._Dynamic_GetHostname = _get_hostname_of_any_service
