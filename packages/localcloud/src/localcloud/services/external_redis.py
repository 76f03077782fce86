"""A Redis server that localcloud did not start."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import NoReturn

from datastore_emulator.errors import UserError
from datastore_emulator.net.addresses import read_server


class ExternalRedis:
    """The Redis at HOST:PORT, which apps use and localcloud leaves alone.

    Raises UserError if nothing listens there.
    """

    variables: Mapping[str, str] = {}

    def __init__(self, address: str) -> None:
        self.host, self.port = read_server(address, "--redis")

    def calls(self) -> Counter[str]:
        """Return nothing: other programs may call that server, too."""
        return Counter()

    def flush(self) -> None:
        """Raise UserError: the data is not localcloud's."""
        self._refuse("empty")

    def overwrite(self, value: bytes, flags: int) -> int:
        """Raise UserError: the data is not localcloud's."""
        self._refuse("change")

    def advance(self, seconds: float) -> None:
        """Raise UserError: the data is not localcloud's."""
        self._refuse("move the expiry times of")

    def outage(self) -> AbstractContextManager[None]:
        """Raise UserError: the server is not localcloud's."""
        self._refuse("stop")

    def _refuse(self, verb: str) -> NoReturn:
        raise UserError(
            f"--redis {self.host}:{self.port}: localcloud does not {verb} a Redis that it did not start; "
            "leave the option out to use one of its own"
        )
