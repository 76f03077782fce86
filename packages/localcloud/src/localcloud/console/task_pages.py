"""The panel about task queues: their tasks, which can be run now and deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from google.appengine.api.taskqueue.taskqueue_stub import QUEUE_MODE
from werkzeug.wrappers import Response

from localcloud.app import App
from localcloud.cloud import Cloud
from localcloud.console.form_text import clip, decode_text, show_bytes
from localcloud.console.panels import Panel, bundled_apps

_MOST = 100
_LONGEST_BODY = 1000


@dataclass(frozen=True)
class Queue:
    """A queue of an app with its first tasks. `rate` is as in queue.yaml, "" for a pull queue."""

    name: str
    pull: bool
    rate: str
    count: int
    tasks: list[Task]


@dataclass(frozen=True)
class Task:
    """A task that waits or is being run. `status` is that of the last try, None before it."""

    name: str
    method: str
    url: str
    due: str
    tries: int
    status: int | None
    body: str


def make_panel(cloud: Cloud) -> Panel:
    """Make the panel."""
    routes = Blueprint("tasks", __name__)

    def find_app() -> App:
        name = request.form.get("app", "")
        app = next((app for app in bundled_apps(cloud) if app.name == name), None)
        if app is None:
            abort(404, f"there is no app {name} with task queues")
        return app

    def find_stub() -> Any:
        return cloud.api_server.stub("taskqueue", find_app().ticket)

    @routes.get("/")
    def index() -> str:
        queues = {app.name: _read_queues(cloud.api_server.stub("taskqueue", app.ticket)) for app in bundled_apps(cloud)}
        return render_template("tasks.html", apps=queues, most=_MOST)

    @routes.post("/run")
    def run() -> Response:
        name = request.form.get("task", "")
        find_stub().run_now(request.form.get("queue", ""), name)
        flash(f"{name} is to run now.")
        return redirect(url_for("tasks.index"), 303)

    @routes.post("/delete")
    def delete() -> Response:
        name = request.form.get("task", "")
        find_stub().DeleteTask(request.form.get("queue", ""), name)
        flash(f"{name} is deleted.")
        return redirect(url_for("tasks.index"), 303)

    @routes.post("/purge")
    def purge() -> Response:
        name = request.form.get("queue", "")
        find_stub().FlushQueue(name.encode())
        flash(f"The queue {name} is empty.")
        return redirect(url_for("tasks.index"), 303)

    return Panel("Tasks", routes)


def _read_queues(stub: Any) -> list[Queue]:
    return [_read_queue(name, queue) for name, queue in stub.list_queues()]


def _read_queue(name: str, queue: Any) -> Queue:
    pull = queue.queue_mode == QUEUE_MODE.PULL
    tasks = [_read_task(task) for task in queue.Lookup(_MOST, eta=0)]
    rate = "" if pull else str(queue.user_specified_rate or f"{queue.bucket_refill_per_second:g}/s")
    return Queue(name, pull, rate, queue.Count(), tasks)


def _read_task(task: Any) -> Task:
    due = datetime.fromtimestamp(task.eta_usec / 1_000_000, timezone.utc)
    return Task(
        task.task_name.decode("utf-8", "backslashreplace"),
        task.RequestMethod.Name(task.method) if task.HasField("method") else "",
        task.url.decode("utf-8", "backslashreplace"),
        f"{due:%Y-%m-%d %H:%M:%S} UTC" if task.eta_usec else "now",
        task.retry_count,
        task.runlog.response_code if task.HasField("runlog") else None,
        _show_body(task.body),
    )


def _show_body(body: bytes) -> str:
    text = decode_text(body)
    return show_bytes(body) if text is None else clip(text, _LONGEST_BODY)
