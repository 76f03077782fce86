"""The protocol of a bundled service, and the table of methods that its implementations share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from google.appengine.runtime import apiproxy_errors
from google.protobuf.message import DecodeError, Message

from localcloud.appengine.callers import Caller

# The request class of a method, and the function that answers it; Any because the SDK's messages are not typed.
Method = tuple[Any, Callable[[Any], Message]]


class BundledService(Protocol):
    """One bundled service, such as `memcache`: bytes in, bytes out.

    Refusals are raised as `google.appengine.runtime.apiproxy_errors`, the very classes the app's SDK raises.
    """

    def call(self, method: str, payload: bytes, caller: Caller) -> bytes:
        """Answer one call of an app."""
        ...


def call_method(service: str, methods: Mapping[str, Method], method: str, payload: bytes) -> bytes:
    """Decode `payload`, run the method and encode its answer; an unknown method is refused by name."""
    if method not in methods:
        served = ", ".join(sorted(methods))
        raise apiproxy_errors.CallNotFoundError(f"localcloud's {service} does not serve {method}(); it serves {served}")
    request_class, answer = methods[method]
    try:
        request = request_class.FromString(payload)
        # FromString() checks the required fields of the outermost message only.
        if not request.IsInitialized():
            raise DecodeError(f"missing required fields: {', '.join(request.FindInitializationErrors())}")
        return answer(request).SerializeToString()
    except (DecodeError, UnicodeDecodeError) as error:
        # The old protocol buffers accept any bytes as text until they are read.
        raise apiproxy_errors.ArgumentError(f"{service}.{method}(): {error}") from error
