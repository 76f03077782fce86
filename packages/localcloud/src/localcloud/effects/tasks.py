"""Tasks as a person reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from localcloud.effects.effects import TaskAdded
from localcloud.effects.pickles import describe_call
from localcloud.effects.values import describe_bytes

if TYPE_CHECKING:
    from localcloud.appengine.services import AddedTask

# TaskQueueMode.PULL of google.appengine.api.taskqueue.taskqueue_service_pb2.
_PULL = 1
_FORM = "application/x-www-form-urlencoded"
# The name that Google's stub chooses if the app gives none.
_CHOSEN_NAME = re.compile(r"task\d+")


def read_task(added: AddedTask, service: str) -> TaskAdded:
    """Return a task that a queue has got; `service` is the name of the app's own service."""
    request = added.request
    pull = request.mode == _PULL
    name = _decode(request.task_name)
    return TaskAdded(
        _decode(request.queue_name),
        "PULL" if pull else request.RequestMethod.Name(request.method),
        "" if pull else _decode(request.url),
        _read_body(request),
        round(added.delay),
        "" if added.service == service else added.service,
        "" if _CHOSEN_NAME.fullmatch(name) else name,
        _decode(request.tag),
    )


def _read_body(request: Any) -> str:
    body = request.body
    if not body:
        return ""
    kinds = [header.value for header in request.header if header.key.lower() == b"content-type"]
    text = _read_text(body)
    if text is not None and kinds and kinds[0].decode("latin-1").split(";")[0].strip().lower() == _FORM:
        return _read_form(text)
    return describe_call(body) or (f"bytes ({describe_bytes(body)})" if text is None else text)


def _read_form(text: str) -> str:
    """Return the parameters by name, since a dict of Python 2 has an order of its own."""
    pairs = parse_qsl(text, keep_blank_values=True)
    return "\n".join(f"{name}={value}" for name, value in sorted(pairs, key=lambda pair: pair[0])) or text


def _read_text(body: bytes) -> str | None:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _decode(data: bytes) -> str:
    return data.decode("utf-8", "backslashreplace")
