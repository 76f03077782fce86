"""Bring an event to a local address, and say in one line what came of it."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from datastore_emulator.errors import UserError
from localcloud.events.event import Request

# The function may be stopped in a debugger.
_PATIENCE_SECONDS = 600
_LONGEST_SHOWN = 200


def read_url(text: str) -> tuple[str, int, str]:
    """Return host, port and path of an address such as "http://localhost:8080" or "localhost:8080".

    Raises UserError for any other text.
    """
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        host, port = None, 0
    if not host or parts.scheme != "http" or parts.username is not None or not text.isascii() or " " in text:
        raise UserError(f'"{text}" is not the address of a local app; write it as in http://localhost:8080')
    return host, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def send(url: str, request: Request, hint: str = "") -> int:
    """POST the request and return the status; raises UserError if nothing answers, or answers with an error.

    `hint` is more advice for a function that fails.
    """
    status, said = exchange(url, request, what="the event", app="function")
    if status >= 300:
        reason = _describe_failure(status, said)
        raise UserError(f"{url}: {reason}{hint if status == http.client.INTERNAL_SERVER_ERROR else ''}")
    return status


def exchange(url: str, request: Request, *, what: str, app: str = "app") -> tuple[int, str]:
    """Send the request, and return the status and the first line of an answer in plain text, ": " before it.

    Raises UserError if nothing answers. `what` and `app` are words for its message.
    """
    host, port, path = read_url(url)
    connection = http.client.HTTPConnection(host, port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request(request.method, path, request.body, dict(request.headers))
        answer = connection.getresponse()
        body = answer.read()
    except ConnectionRefusedError as error:
        raise UserError(f"{url}: nothing listens there; start the {app} with localcloud run") from error
    except (OSError, http.client.HTTPException, UnicodeError) as error:  # UnicodeError: of a host that is no name
        raise UserError(f"{url}: no answer to {what} ({error or type(error).__name__}); see the app's log") from error
    finally:
        connection.close()
    said = ""
    if (answer.getheader("Content-Type") or "").startswith("text/plain"):
        lines = body.decode("utf-8", "replace").splitlines()
        said = f": {lines[0][:_LONGEST_SHOWN]}" if lines else ""
    return answer.status, said


def _describe_failure(status: int, said: str) -> str:
    if status == http.client.INTERNAL_SERVER_ERROR:
        return "answered 500: the function failed; see the log of localcloud run for the reason"
    if status == http.client.METHOD_NOT_ALLOWED:
        return "answered 405: it takes no POST requests, so no events; serve a function that takes events"
    if status == http.client.BAD_REQUEST:
        return "answered 400: the function takes no such event; see the log of localcloud run for the reason"
    return f"answered {status}{said}; Eventarc would send the event again"
