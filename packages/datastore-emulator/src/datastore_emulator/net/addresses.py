"""HOST:PORT, as a user writes it after an option."""

from __future__ import annotations

import ipaddress
import socket

from datastore_emulator.errors import UserError

_PATIENCE_SECONDS = 3.0
_DATASTORE_PORT = 8081


def read_address(text: str, option: str) -> tuple[str, int]:
    """Return the host and the port; raises UserError, which names the option, for any other text."""
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise UserError(f'{option}: "{text}" is not HOST:PORT, as in 127.0.0.1:8081')
    return host, int(port)


def read_listener(text: str, option: str) -> tuple[str, int]:
    """Return the host and the port to listen on, of which gcloud lets you leave out one.

    The defaults are 127.0.0.1 and 8081. An IPv6 address may stand in brackets, and is returned without them. Raises
    UserError, which names the option, for any other text.
    """
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, str(_DATASTORE_PORT)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    if not text or host.isdecimal() or not port.isdecimal() or int(port) > 65535 or not _is_host(host):
        raise UserError(f'{option}: "{text}" is not HOST:PORT, as in 127.0.0.1:8081')
    return host or "127.0.0.1", int(port)


def _is_host(host: str) -> bool:
    """Return whether a host is a name or an address; only an IPv6 address has colons."""
    if ":" not in host:
        return True
    try:
        ipaddress.IPv6Address(host)
    except ValueError:
        return False
    return True


def write_address(host: str, port: int) -> str:
    """Return HOST:PORT as clients take it: an IPv6 address stands in brackets."""
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"


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
