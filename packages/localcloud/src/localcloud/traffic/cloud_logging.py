"""Entries of Cloud Logging, as `gcloud logging read --format=json` prints them: requests to App Engine and Cloud Run.

docs/platform-facts.md, "Requests in Cloud Logging", has the fields.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from localcloud.traffic.logged import Logged, collect
from localcloud.traffic.recording import Recording

_FIELDS = frozenset({"logName", "insertId", "httpRequest", "protoPayload"})
_REQUEST_LOG = "google.appengine.logging.v1.RequestLog"
# App Engine's own addresses: docs/platform-facts.md, "App Engine's own requests".
_OWN_ADDRESSES = "0.1.0."


def is_log_entry(entry: Any) -> bool:
    """Return whether a JSON value is an entry of Cloud Logging."""
    return isinstance(entry, dict) and not _FIELDS.isdisjoint(entry)


def read_entries(path: Path, entries: Sequence[dict[str, Any]]) -> Recording:
    """Return the requests among entries, the oldest first; lines that an app logged are none of them."""
    found: dict[tuple[str, ...], tuple[str, Logged]] = {}
    left_out: Counter[str] = Counter()
    services = {_service(entry) for entry in entries} - {""}
    for entry in entries:
        request = _read_first_generation(entry) or _read_http_request(entry)
        if request is None:
            left_out["entries that are no requests"] += 1
            continue
        if len(services) > 1:
            request = request._replace(app=_service(entry))
        # A load balancer, the platform and a line that the app logged may all tell of the same request.
        trace = str(entry.get("trace") or "")
        key = (trace, request.method, request.target) if trace else (str(len(found)),)
        found.setdefault(key, (_time(entry), request))
    ordered = sorted(found.values(), key=lambda pair: pair[0])
    return collect(path, [request for _, request in ordered], left_out)


def _read_first_generation(entry: dict[str, Any]) -> Logged | None:
    log = entry.get("protoPayload")
    if not isinstance(log, dict) or not str(log.get("@type", "")).endswith(_REQUEST_LOG) or "resource" not in log:
        return None
    agent, address = str(log.get("userAgent", "")), str(log.get("ip", ""))
    own = "taskQueueName" in log or address.startswith(_OWN_ADDRESSES)
    return Logged(str(log.get("method", "GET")), str(log["resource"]), f"{address} {agent}", agent, own=own)


def _read_http_request(entry: dict[str, Any]) -> Logged | None:
    log = entry.get("httpRequest")
    if not isinstance(log, dict) or not log.get("requestUrl"):
        return None
    agent, address = str(log.get("userAgent", "")), str(log.get("remoteIp", ""))
    own = address.startswith(_OWN_ADDRESSES)
    url = str(log["requestUrl"])
    return Logged(str(log.get("requestMethod", "GET")), _path(url), f"{address} {agent}", agent, own=own)


def _path(url: str) -> str:
    """Return a URL without its host, which one log has and another has not."""
    scheme, mark, rest = url.partition("://")
    return "/" + rest.partition("/")[2] if mark and scheme in ("http", "https") else url


def _service(entry: dict[str, Any]) -> str:
    resource = entry.get("resource")
    labels = resource.get("labels") if isinstance(resource, dict) else None
    labels = labels if isinstance(labels, dict) else {}
    return str(labels.get("module_id") or labels.get("service_name") or labels.get("function_name") or "")


def _time(entry: dict[str, Any]) -> str:
    log = entry.get("protoPayload")
    began = log.get("startTime") if isinstance(log, dict) else None
    # RFC 3339 in UTC: its order is that of the text, but for the digits of fractions, which may differ in number.
    return str(began or entry.get("timestamp") or "").replace("Z", "")
