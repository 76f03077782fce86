"""Read app.yaml's `inbound_services`: messages from outside that App Engine delivers as requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from localcloud.deployment.yaml_lines import YamlLines
from localcloud.launch.errors import FileError
from localcloud.launch.plan import Handler

KEY = "inbound_services"

# The paths of the requests, of those that localcloud does not deliver: docs/platform-facts.md has the source.
_UNDELIVERED = {
    "channel_presence": r"/_ah/channel/(dis)?connected/",
    "mail_bounce": "/_ah/bounce",
    "xmpp_error": "/_ah/xmpp/error/",
    "xmpp_message": "/_ah/xmpp/message/chat/",
    "xmpp_presence": "/_ah/xmpp/presence/.*",
    "xmpp_subscribe": "/_ah/xmpp/subscription/.*",
}
# App Engine does not promise a warmup request. `rest` is accepted and does nothing.
_OTHERS = ("mail", "rest", "warmup")


def refuse_inbound(file: Path, yaml: YamlLines) -> Iterator[Handler]:
    """Yield a refused handler for each service whose messages localcloud does not deliver: the app runs without.

    Raises UserError, with the line, for a service that App Engine does not know.
    """
    services = yaml.keys.get(KEY)
    for index, service in enumerate(services if isinstance(services, list) else []):
        line = yaml.line(KEY, index)
        if service in _UNDELIVERED:
            reason = f'localcloud does not deliver messages of the inbound service "{service}" ({file}:{line})'
            yield Handler(url=_UNDELIVERED[service], refused=reason)
        elif service not in _OTHERS:
            known = ", ".join(sorted([*_UNDELIVERED, *_OTHERS]))
            raise FileError(file, line, f'App Engine has no inbound service "{service}"; write one of {known}')
