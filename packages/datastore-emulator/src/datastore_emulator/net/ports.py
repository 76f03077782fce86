"""Ports of 127.0.0.1: finding one that is free, and keeping it while no server listens on it."""

from __future__ import annotations

import itertools
import random
import socket

_HOST = "127.0.0.1"

# Below what systems hand out by themselves, to outgoing connections and to servers that ask for any port: Linux
# does so from 32768 up, macOS from 49152.
_FIRST, _COUNT = 20000, 12768
# In turn, so that a port does not come again soon after it was given, and not from the same one in each process.
_turns = itertools.count(random.randrange(_COUNT))


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on; take it soon, for it is not reserved."""
    for turn in itertools.islice(_turns, _COUNT):
        port = _FIRST + turn % _COUNT
        try:
            hold(port).close()
        except OSError:
            continue
        return port
    raise OSError(f"no port from {_FIRST} to {_FIRST + _COUNT - 1} of {_HOST} is free")


def hold(port: int) -> socket.socket:
    """Keep the port from other programs without listening: who connects is refused. Closing the socket ends that.

    OSError if another program has the port.
    """
    socket_ = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # A port whose last connections have not been forgotten by the system is free all the same.
        socket_.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        socket_.bind((_HOST, port))
    except OSError:
        socket_.close()
        raise
    return socket_
