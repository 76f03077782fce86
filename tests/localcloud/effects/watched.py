"""A cloud with an app that is one static file, and the watch over both."""

from __future__ import annotations

import urllib.request
from pathlib import Path
from typing import Any

from google.appengine.ext.remote_api.remote_api_bytes_pb2 import Request, Response

from localcloud.app import App
from localcloud.cloud import Cloud
from localcloud.effects import EffectsWatch
from tests.support.deadline import DEADLINE

PAGE = "/static/page.html"

_APP_YAML = """\
runtime: python312
app_engine_apis: true
handlers:
- url: /static
  static_dir: static
"""
_QUEUE_YAML = """\
queue:
- name: default
  rate: 500/s
- name: pulled
  mode: pull
- name: patient
  rate: 500/s
  retry_parameters:
    min_backoff_seconds: 30
- name: of-worker
  rate: 500/s
  target: worker
"""


class Watched:
    """The cloud, its app and the watch. The tests make the calls of the app."""

    def __init__(self, cloud: Cloud, app: App) -> None:
        self.cloud = cloud
        self.app = app
        self.watch = EffectsWatch(cloud, app)

    def call(self, service: str, method: str, request: Any, response: Any = None) -> Any:
        """Make a call to a bundled service as the app's SDK would, and return the response."""
        call = Request(service_name=service, method=method, request=request.SerializeToString())
        server = self.cloud.api_server
        posted = urllib.request.Request(
            f"http://{server.host}:{server.port}/rpc_http",
            call.SerializeToString(),
            {"Content-Type": "application/octet-stream", "X-Appengine-Api-Ticket": self.app.ticket},
        )
        with urllib.request.urlopen(posted, timeout=DEADLINE) as answered:
            answer = Response.FromString(answered.read())
        assert not answer.HasField("rpc_error"), answer
        assert not answer.HasField("application_error"), answer
        if response is not None:
            response.ParseFromString(answer.response)
        return response


def fill_folder(folder: Path) -> Path:
    """Make the app in an empty folder."""
    (folder / "static").mkdir()
    (folder / "static" / "page.html").write_text("Hello")
    (folder / "app.yaml").write_text(_APP_YAML)
    (folder / "queue.yaml").write_text(_QUEUE_YAML)
    return folder
