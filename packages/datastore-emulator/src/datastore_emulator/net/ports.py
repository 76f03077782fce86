"""Ports of 127.0.0.1: find a free one, and hold one while no server listens on it."""

from __future__ import annotations

import itertools
import random
import socket

from datastore_emulator.net.listen import bind

_HOST = "127.0.0.1"

# Below the ports that systems choose themselves, for outgoing connections and for servers on port 0: Linux chooses
# from 32768 up, macOS from 49152.
_FIRST, _COUNT = 20000, 12768
# In turn, so that a port is not returned twice soon, and from another start in each process.
_turns = itertools.count(random.randrange(_COUNT))


def free_port() -> int:
    """Return a port of 127.0.0.1 that nothing listens on. It is not reserved, so listen on it soon."""
    for turn in itertools.islice(_turns, _COUNT):
        port = _FIRST + turn % _COUNT
        try:
            hold(port).close()
        except OSError:
            continue
        return port
    raise OSError(f"no port from {_FIRST} to {_FIRST + _COUNT - 1} of {_HOST} is free")


def hold(port: int) -> socket.socket:
    """Bind the port without listening, so that connections are refused; close the socket to release the port.

    Raises OSError if another program has it. While it is held, the system gives it to no program that does not ask for
    this port with SO_REUSEADDR.
    """
    return bind(_HOST, port)
