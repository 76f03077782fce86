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

    def read_stub(app: App) -> Any:
        return cloud.api_server.stub("taskqueue", app.ticket)

    def find_queue() -> tuple[Any, str]:
        """Return the stub that the form of this request is about, and the name of its queue."""
        url, queue = request.form.get("app", ""), request.form.get("queue", "")
        app = next((app for app in bundled_apps(cloud) if app.url == url), None)
        if app is None:
            abort(404, f"there is no app {url} with task queues")
        stub = read_stub(app)
        if queue not in dict(stub.list_queues()):
            abort(404, f"there is no queue {queue}")
        return stub, queue

    def show_tasks(note: str) -> Response:
        flash(note)
        return redirect(url_for("tasks.index"), 303)

    @routes.get("/")
    def index() -> str:
        apps = [(app, _read_queues(read_stub(app))) for app in bundled_apps(cloud)]
        return render_template("tasks.html", apps=apps, most=_MOST)

    @routes.post("/run")
    def run() -> Response:
        stub, queue = find_queue()
        task = request.form.get("task", "")
        if stub.run_now(queue, task):
            return show_tasks(f"{task} runs now.")
        return show_tasks(f"{task} is not there any more.")

    @routes.post("/delete")
    def delete() -> Response:
        stub, queue = find_queue()
        task = request.form.get("task", "")
        stub.DeleteTask(queue, task)
        return show_tasks(f"{task} is deleted.")

    @routes.post("/purge")
    def purge() -> Response:
        stub, queue = find_queue()
        stub.FlushQueue(queue)
        return show_tasks(f"The queue {queue} is empty.")

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
