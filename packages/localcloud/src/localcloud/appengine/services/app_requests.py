"""Requests that App Engine itself sends to an app, such as those of tasks."""

from __future__ import annotations

import http.client
from collections.abc import Iterable
from urllib.parse import urlsplit

from localcloud.appengine.callers import Caller

# The longest that a task may take with automatic scaling: docs/platform-facts.md, "Requests of push tasks".
_SECONDS = 600

_DROPPED = frozenset({"content-length", "host", "connection", "transfer-encoding", "x-appengine-fake-is-admin"})


class NotReachedError(Exception):
    """The app cannot be reached, or has closed the connection without an answer."""


def send_to_app(
    caller: Caller,
    method: str,
    target: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    source: str,
    seconds: float = _SECONDS,
) -> tuple[int, str]:
    """Send a request through the app's front end and return the status with its name; raises NotReachedError.

    `source` is the address that the app sees, as "0.1.0.2" for tasks. After so many `seconds` there is no answer.
    """
    if not caller.url:
        raise NotReachedError("no front end serves the app")
    port = urlsplit(caller.url).port
    own = {"X-Appengine-Api-Ticket": caller.ticket, "X-Appengine-User-Ip": source, "Host": urlsplit(caller.url).netloc}
    sent = [(name, value) for name, value in headers if name.lower() not in _DROPPED]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    try:
        connection.putrequest(method, target or "/", skip_host=True, skip_accept_encoding=True)
        for name, value in [*own.items(), *sent, ("Content-Length", str(len(body)))]:
            connection.putheader(name, value.encode("utf-8"))
        connection.endheaders(body)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotReachedError(str(error) or type(error).__name__) from error
    else:
        return answer.status, answer.reason
    finally:
        connection.close()
