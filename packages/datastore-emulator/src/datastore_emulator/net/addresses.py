"""HOST:PORT, as a person writes it behind an option."""

from __future__ import annotations

import ipaddress
import socket

from datastore_emulator.errors import UserError

_PATIENCE_SECONDS = 3.0


def read_address(text: str, option: str) -> tuple[str, int]:
    """Return host and port; raises UserError, naming the option, for anything else."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UserError(f'{option}: expected HOST:PORT, found "{text}"')
    return host, int(port)


def refuse_exposure(host: str, option: str) -> None:
    """Raise UserError unless `host` is this machine's own, as it is reached from nowhere else.

    Raises it too for a name that cannot be looked up.
    """
    try:
        found = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UserError(f"{option}: expected an address of this machine, found {host} ({error.strerror})") from error
    if not all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback for *_, address in found):
        raise UserError(
            f"{option}: expected a loopback address such as 127.0.0.1, found {host}, which others can reach: the "
            "Datastore asks nobody who they are; if that is meant, add --allow-remote-clients"
        )


def read_server(text: str, option: str) -> tuple[str, int]:
    """Return the address of a server that listens; raises UserError if none does.

    Asked at once, because clients of both Datastore and Redis try again for long before they say so.
    """
    address = read_address(text, option)
    try:
        socket.create_connection(address, timeout=_PATIENCE_SECONDS).close()
    except OSError as error:
        raise UserError(
            f"{option}: expected a server on {text}, found none ({error.strerror or error}); "
            "start it first, or leave the option out for one of our own"
        ) from error
    return address
