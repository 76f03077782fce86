"""The front end's addresses: for visitors, and for its connections to the app."""

from __future__ import annotations

import errno
import socket

from datastore_emulator.errors import UserError
from datastore_emulator.net.listen import ListenError, listen
from localcloud.launch.plan import Platform

# The app must be able to distinguish the platform's proxy from a visitor on 127.0.0.1, as in the cloud.
_PROXY_ADDRESS = "127.0.0.254"
_PORT_TRIES = 10


def listen_on_localhost(port: int) -> list[socket.socket]:
    """Return listening sockets on 127.0.0.1 and ::1 with one port number, 0 for any; only the first without IPv6.

    Raises UserError if either address has the port taken: a browser tries both for `localhost`.
    """
    for _ in range(_PORT_TRIES):
        first = listen("127.0.0.1", port, "the app", option="--port")
        try:
            second = listen("::1", first.getsockname()[1], "the app", option="--port")
        except ListenError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):  # no IPv6 on this machine
                return [first]
            first.close()
            if port:
                raise
            continue  # another program has the port on ::1
        return [first, second]
    raise UserError(f"no port is free on both 127.0.0.1 and ::1 after {_PORT_TRIES} tries; choose one with --port")


def find_proxy_address(platform: Platform, upstream_host: str) -> tuple[str, int] | None:
    """Return the address from which to connect to the app, or None for the system's choice, 127.0.0.1.

    App Engine's Python 3 runtimes were seen to connect from 127.0.0.1. Other platforms get an address that no visitor
    has, on Linux, which has the whole of 127.0.0.0/8.
    """
    if platform is Platform.APP_ENGINE or not upstream_host.startswith("127."):
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((_PROXY_ADDRESS, 0))
        except OSError:
            return None
    return (_PROXY_ADDRESS, 0)
