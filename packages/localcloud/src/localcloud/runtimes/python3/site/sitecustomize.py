"""Keep an app's server on the loopback interface, and its questions about metadata on this machine.

A cloud entrypoint listens on every interface (`gunicorn -b :$PORT`), which is right in the cloud and unsafe on a
laptop. Many entrypoints name port 8080, which is $PORT in the cloud and belongs to the front end here. Python imports
this file at start-up, in the app's process; it changes the address of that one server. Python 2.7 reads it, too.

Much code asks the metadata server by its name in the cloud. On a machine of Google's cloud, such as Cloud Shell, that
is a real server with real tokens.
"""

import os
import socket
import sys

_WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::ffff:127.0.0.1"}
# The value of $PORT in the cloud, unless a deployment changes it.
_CLOUD_PORT = 8080
_METADATA = ("metadata.google.internal", "metadata", "169.254.169.254")


def _here(family, address):
    """Return the address to listen on instead of this one; any other address of an app stays as it is."""
    told = os.environ.get("PORT", "")
    if family not in (socket.AF_INET, socket.AF_INET6) or str(address[1]) not in (told, str(_CLOUD_PORT)):
        return address
    if not told.isdigit():
        return address
    host = address[0]
    if host in _WILDCARDS:
        host = "127.0.0.1" if family == socket.AF_INET else _WILDCARDS[host]
    return (host, int(told)) + address[2:]  # noqa: RUF005 - as Python 2.7 spells it


def _bind(self, address, _bind=socket.socket.bind):
    here = _here(self.family, address) if self.type == socket.SOCK_STREAM else address
    if here != address and self.family == socket.AF_INET6 and self.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
        # Such a socket takes no address of IPv4. The server has another one for these.
        here = ("::1",) + here[1:]  # noqa: RUF005 - as Python 2.7 spells it
    return _bind(self, here)


socket.socket.bind = _bind
_getaddrinfo = socket.getaddrinfo


def _find_host(host, port, *rest, **options):
    """Return the addresses of a host; the local cloud's metadata server has those of the cloud's."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
    here = os.environ.get("GCE_METADATA_HOST", "").rpartition(":")
    if here[0] and name and name.lower().rstrip(".") in _METADATA and port in (80, "80", "http"):
        host, port = here[0], int(here[2])
    return _getaddrinfo(host, port, *rest, **options)


socket.getaddrinfo = _find_host


def _change_uvloop(uvloop):
    """Change the address of uvloop's servers, which it opens without Python's sockets."""
    create_server = uvloop.Loop.create_server

    def create_server_here(self, protocol_factory, host=None, port=None, **options):
        if port is not None:
            host, port = _here(socket.AF_INET, ("" if host in (None, "::") else host, port))
        return create_server(self, protocol_factory, host, port, **options)

    uvloop.Loop.create_server = create_server_here


def _change_gevent(gevent_socket):
    """Change the address of gevent's servers: its sockets are not Python's."""
    bind = gevent_socket.socket.bind

    def bind_here(self, address):
        return bind(self, _here(self.family, address) if self.type == socket.SOCK_STREAM else address)

    gevent_socket.socket.bind = bind_here


def _change_grpc(grpc):
    """Refuse the calls to Google of an app with made-up credentials."""
    import localcloud_no_google

    localcloud_no_google.change_grpc(grpc)


class _Changes(object):  # noqa: UP004 - as Python 2.7 spells it
    """A finder that changes a module when it is imported."""

    def __init__(self):
        self._changes = {"uvloop": _change_uvloop, "gevent._socket3": _change_gevent}
        if os.environ.get("GCE_METADATA_HOST") and os.environ.get("NO_GCE_CHECK") != "true":  # made-up credentials
            self._changes["grpc"] = _change_grpc

    def find_spec(self, name, path=None, target=None):
        """Return the spec that the other finders have, with a loader that changes the module."""
        change = self._changes.get(name)
        others = [finder for finder in sys.meta_path if finder is not self] if change else []
        found = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in found if spec is not None and spec.loader is not None), None)
        if spec is not None:
            load = spec.loader.exec_module

            def load_and_change(module):
                load(module)
                if self._changes.pop(name, None):  # not before: some only look for a module
                    change(module)

            spec.loader.exec_module = load_and_change
        return spec


if sys.version_info[0] > 2:  # noqa: UP036 - Python 2.7 reads it, too
    sys.meta_path.insert(0, _Changes())
