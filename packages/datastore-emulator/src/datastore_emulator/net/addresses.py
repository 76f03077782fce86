"""HOST:PORT, as a user writes it after an option."""

from __future__ import annotations

import ipaddress
import socket

from datastore_emulator.errors import UserError

_PATIENCE_SECONDS = 3.0


def read_address(text: str, option: str) -> tuple[str, int]:
    """Return the host and the port; raises UserError, which names the option, for any other text."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UserError(f'{option}: "{text}" is not HOST:PORT, as in 127.0.0.1:8081')
    return host, int(port)


def refuse_exposure(host: str, option: str) -> None:
    """Raise UserError if other machines can reach `host`, or if it is a name that cannot be looked up."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UserError(f"{option}: cannot look up {host}: {error.strerror}; use 127.0.0.1 or localhost") from error
    if not all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback for *_, address in found):
        raise UserError(
            f"{option}: refusing to listen on {host}: other machines could reach it and the Datastore has no "
            "authentication; use 127.0.0.1, or pass --allow-remote-clients to allow it"
        )


def read_server(text: str, option: str) -> tuple[str, int]:
    """Return the address of a server that listens; raises UserError if none does.

    Clients of Datastore and Redis retry for a long time before they fail, so this is checked before they start.
    """
    address = read_address(text, option)
    try:
        socket.create_connection(address, timeout=_PATIENCE_SECONDS).close()
    except OSError as error:
        raise UserError(
            f"{option}: no server answers on {text} ({error.strerror or error}); "
            "start it first, or leave the option out to use the one that is included"
        ) from error
    return address
