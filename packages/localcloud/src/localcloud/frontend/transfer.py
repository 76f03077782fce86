"""One exchange with the app behind a front end: the request goes to it piece by piece, the answer to the visitor."""

from __future__ import annotations

import contextlib

import h11

from datastore_emulator.http.wire import AppError, VisitorError, Wire
from localcloud.frontend import headers


def too_large(limit: int) -> VisitorError:
    """Return the refusal of a longer body than the platform takes."""
    return VisitorError(f"the platform takes at most {limit >> 20} MiB in a request over HTTP/1", 413)


async def upload(wire: Wire, app: Wire, head: h11.Request, limit: int | None) -> None:
    """Pass the visitor's request on to the app, unless its body is longer than the limit."""
    size = 0
    try:
        await app.send(head)
        while isinstance(event := await wire.receive(), h11.Data):
            size += len(event.data)
            if limit and size > limit:
                raise too_large(limit)
            await app.send(h11.Data(data=event.data))
        await app.send(h11.EndOfMessage())
    except AppError:
        pass  # the app stopped reading; `receive_head` picks up its response
    except VisitorError:
        app.hang_up()  # half a body must not look like a whole one
        raise


async def send(app: Wire, head: h11.Request, body: bytes) -> None:
    """Send the app a request that does not come from the visitor as it is."""
    with contextlib.suppress(AppError):  # the app stopped reading; its response says why
        await app.send(head, h11.Data(data=body), h11.EndOfMessage())


async def receive_head(app: Wire) -> h11.Response:
    """Return the head of the app's answer."""
    head = await app.receive()
    while not isinstance(head, h11.Response):  # 1xx responses before it are for the proxy
        head = await app.receive()
    return head


async def download(app: Wire, head: h11.Response, wire: Wire) -> int:
    """Pass the app's answer on to the visitor and return its status."""
    sent = headers.for_visitor(head.headers.raw_items())
    if wire.state.their_state is h11.SEND_BODY:  # the app has answered early, so the rest of the body is not read
        sent.append((b"Connection", b"close"))
    await wire.send(h11.Response(status_code=head.status_code, headers=sent, reason=head.reason))
    while isinstance(event := await app.receive(), h11.Data):
        await wire.send(h11.Data(data=event.data))
    await wire.send(h11.EndOfMessage())
    return head.status_code
