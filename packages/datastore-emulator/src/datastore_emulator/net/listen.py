"""Listening on a port of this machine: the sockets of every server here, and one text for what may be wrong."""

from __future__ import annotations

import errno
import os
import socket

from datastore_emulator.errors import UserError
from datastore_emulator.net.addresses import write_address

_BACKLOG = 128
# The reason of each error, and what to do about it.
_REASONS = {
    errno.EADDRINUSE: ("another program uses the port", "stop that program or choose another port"),
    errno.EACCES: ("this user may not use the port", "choose another port"),
    errno.EADDRNOTAVAIL: ("this machine does not have the address", "choose another address"),
}


class ListenError(UserError):
    """A port that cannot be listened on; `errno` is the system's number for the reason."""

    def __init__(self, message: str, number: int | None) -> None:
        super().__init__(message)
        self.errno = number


def bind(host: str, port: int) -> socket.socket:
    """Return a socket on an address of this machine that does not listen yet; raises OSError if it cannot."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Else a server could not come back to its port while the system remembers its last connections.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host.strip("[]"), port))
    except OSError:
        bound.close()
        raise
    return bound


def listen(host: str, port: int, what: str, *, option: str = "") -> socket.socket:
    """Return a non-blocking socket that listens, on any free port if `port` is 0.

    Raises ListenError, which names `what` should listen there ("the Datastore") and the `option` that chooses another.
    """
    try:
        listener = bind(host, port)
        try:
            listener.listen(_BACKLOG)
            listener.setblocking(False)
        except OSError:
            listener.close()
            raise
    except OSError as error:
        code = error.errno or 0
        reason, advice = _REASONS.get(code, (_words(error), "choose another port"))
        where = write_address(host, port)
        advice += f" with {option}" if option else ""
        raise ListenError(f"cannot listen on {where} for {what}: {reason}; {advice}", error.errno) from error
    return listener


def _words(error: OSError) -> str:
    """Return the system's own words for an error that is not in the table."""
    return os.strerror(error.errno) if error.errno else str(error)
