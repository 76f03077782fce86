"""What a bundled service is to the dispatcher, and the table of methods its implementations share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from google.appengine.runtime import apiproxy_errors
from google.protobuf.message import DecodeError, Message

# The request class of a method, and what answers it; Any because the SDK's messages carry no type information.
Method = tuple[Any, Callable[[Any], Message]]


class Service(Protocol):
    """One bundled service, such as `memcache`: bytes in, bytes out.

    Refusals are raised as `google.appengine.runtime.apiproxy_errors`, the very classes the app's SDK raises.
    """

    def call(self, method: str, payload: bytes, app: str) -> bytes:
        """Answer one call of `app`, a project id."""
        ...


def call_method(service: str, methods: Mapping[str, Method], method: str, payload: bytes) -> bytes:
    """Decode `payload`, run the method and encode its answer; an unknown method is refused by name."""
    if method not in methods:
        served = ", ".join(sorted(methods))
        raise apiproxy_errors.CallNotFoundError(f"localcloud's {service} does not serve {method}(); it serves {served}")
    request_class, answer = methods[method]
    try:
        request = request_class.FromString(payload)
        # FromString() looks at the outermost message's required fields only.
        if not request.IsInitialized():
            raise DecodeError(f"missing required fields: {', '.join(request.FindInitializationErrors())}")
        return answer(request).SerializeToString()
    except (DecodeError, UnicodeDecodeError) as error:
        # The old protocol buffers let any bytes pass for text until somebody reads them.
        raise apiproxy_errors.ArgumentError(f"{service}.{method}(): {error}") from error
