"""Keep an app's server on the loopback interface.

A cloud entrypoint listens on every interface (`gunicorn -b :$PORT`), which is right in the cloud and unsafe on a
laptop. Python imports this file at start-up, in the app's process; it changes the address of that one port. Python 2.7
reads it, too.
"""

import os
import socket

_WILDCARDS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::ffff:127.0.0.1"}


def _bind(self, address, _bind=socket.socket.bind):
    if (
        self.family in (socket.AF_INET, socket.AF_INET6)
        and address[0] in _WILDCARDS
        and str(address[1]) == os.environ.get("PORT")
    ):
        host = "127.0.0.1" if self.family == socket.AF_INET else _WILDCARDS[address[0]]
        address = (host,) + address[1:]  # noqa: RUF005 - as Python 2.7 spells it
    return _bind(self, address)


socket.socket.bind = _bind
