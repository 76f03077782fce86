"""Tasks: those that queues have got, as text, and the wait until they have run."""

from __future__ import annotations

import json
import pickle
import time
from itertools import pairwise
from typing import Any

import pytest
from google.appengine.api.taskqueue import taskqueue_service_bytes_pb2 as pb
from google.appengine.datastore import datastore_pb as v3

from localcloud.effects import TaskAdded
from tests.localcloud.effects.watched import PAGE, Watched


def make_task(url: str = PAGE, queue: str = "default", method: str = "GET", **fields: Any) -> Any:
    headers = fields.pop("headers", {})
    countdown = fields.pop("countdown", 0)
    if "body" in fields:
        fields["body"] = fields["body"] if isinstance(fields["body"], bytes) else fields["body"].encode()
    task = pb.TaskQueueAddRequest(
        queue_name=queue.encode(),
        task_name=fields.pop("name", "").encode(),
        eta_usec=int((time.time() + countdown) * 1_000_000),
        method=pb.TaskQueueAddRequest.RequestMethod.Value(method),
        url=url.encode(),
        **fields,
    )
    for name, value in headers.items():
        task.header.add(key=name.encode(), value=value.encode())
    return task


def add(watched: Watched, *tasks: Any) -> None:
    response = pb.TaskQueueBulkAddResponse()
    watched.call("taskqueue", "BulkAdd", pb.TaskQueueBulkAddRequest(add_request=tasks), response)
    assert [result.result for result in response.taskresult] == [0] * len(tasks)


def read_bodies(watched: Watched) -> list[str]:
    return [task.body for task in watched.watch.read().tasks]


def test_tasks_are_those_that_queues_have_got(watched: Watched) -> None:
    port = watched.app.url.rpartition(":")[2]
    worker = {"host": f"worker.localhost:{port}"}
    add(watched, make_task(name="mine", countdown=90), make_task(countdown=60, headers=worker))
    add(watched, make_task(queue="of-worker", countdown=60))
    pulled = make_task("", "pulled", body="x", mode=pb.TaskQueueMode.PULL, tag=b"red", countdown=0)
    add(watched, pulled)
    effects = watched.watch.read()
    assert effects.tasks == (
        TaskAdded("default", "GET", PAGE, "", 90, name="mine"),
        TaskAdded("default", "GET", PAGE, "", 60, service="worker"),
        TaskAdded("of-worker", "GET", PAGE, "", 60, service="worker"),
        TaskAdded("pulled", "PULL", "", "x", tag="red"),
    )
    assert effects.calls == {"taskqueue BulkAdd": 3}
    assert watched.watch.read().tasks == ()


@pytest.mark.parametrize(
    ("body", "kind", "text"),
    [
        ("b=2+3&a=%C3%A9&b=1&empty=", "application/x-www-form-urlencoded", "a=é\nb=2 3\nb=1\nempty="),
        ('{"b": 1, "a": [2]}', "application/json", '{"b": 1, "a": [2]}'),
        (pickle.dumps((json.dumps, ("x",), {"indent": 2})), "application/octet-stream", 'json.dumps("x", indent=2)'),
        (b"\x00\xff", "application/octet-stream", "bytes (2 bytes, sha256 06eb7d6a69ee19e5)"),
        (b"\xff", "application/x-www-form-urlencoded", "bytes (1 byte, sha256 a8100ae6aa1940d0)"),
    ],
    ids=["form", "JSON", "deferred", "bytes", "broken form"],
)
def test_payload_is_text(watched: Watched, body: str | bytes, kind: str, text: str) -> None:
    add(watched, make_task("/", method="POST", countdown=60, body=body, headers={"content-type": kind}))
    assert read_bodies(watched) == [text]


def begin_transaction(watched: Watched) -> Any:
    return watched.call("datastore_v3", "BeginTransaction", v3.BeginTransactionRequest(app="s~demo"), v3.Transaction())


def add_in(watched: Watched, transaction: Any, body: str) -> None:
    task = make_task(countdown=60, body=body)
    task.transaction.CopyFrom(transaction)
    add(watched, task)


def test_task_of_a_transaction_is_added_at_its_commit(watched: Watched) -> None:
    committed, undone = begin_transaction(watched), begin_transaction(watched)
    add_in(watched, committed, "committed")
    add_in(watched, undone, "undone")
    assert read_bodies(watched) == []
    watched.call("datastore_v3", "Commit", committed)
    watched.call("datastore_v3", "Rollback", undone)
    assert read_bodies(watched) == ["committed"]


def test_tasks_that_are_due_have_run_when_they_are_read(watched: Watched) -> None:
    add(watched, *(make_task(countdown=number / 100) for number in range(20)))
    assert len(watched.watch.read().tasks) == 20
    ran = [request.status for request in watched.cloud.requests.newest()]
    assert ran == [200] * 20


def test_task_that_fails_again_and_again_is_told_once_and_held(watched: Watched) -> None:
    add(watched, make_task("/static/missing", "patient", name="broken"))
    assert watched.watch.read().unfinished == (
        "the task broken of the queue patient (/static/missing, tried once) has failed"
    )
    assert watched.watch.read().unfinished == ""


def test_task_of_later_runs_once_the_clock_is_moved(watched: Watched) -> None:
    add(watched, make_task(countdown=3600))
    assert watched.watch.read().unfinished == ""
    assert watched.cloud.requests.newest() == []
    watched.cloud.advance(3700)
    assert watched.watch.read().unfinished == ""
    assert [request.target for request in watched.cloud.requests.newest()] == [PAGE]
    add(watched, make_task(countdown=60))
    assert [task.delay for task in watched.watch.read().tasks] == [60]


def test_task_of_later_does_not_run_among_later_requests(watched: Watched) -> None:
    add(watched, make_task(countdown=60))
    watched.watch.read()
    (queues,) = watched.cloud.api_server.task_queues()
    assert queues.list_unfinished(3600) == []


def test_patience_ends_the_wait_for_a_task(watched: Watched) -> None:
    add(watched, make_task(name="soon", countdown=0.9))
    began = time.monotonic()
    assert watched.watch.read(patience=0).unfinished == f"the task soon of the queue default ({PAGE}) has not ended"
    assert time.monotonic() - began < 0.9


def test_tasks_run_one_by_one_in_the_order_of_their_time(watched: Watched) -> None:
    urls = [f"{PAGE}?{number}" for number in range(9)]
    queues = ["of-worker", "default", "patient"] * 3
    for place, (url, queue) in enumerate(zip(urls, queues, strict=True)):
        add(watched, make_task(url, queue, countdown=60 + place))
    watched.watch.read()
    watched.cloud.advance(100)
    watched.watch.read()
    ran = watched.cloud.requests.newest()[::-1]
    assert [request.target for request in ran] == urls
    assert all(before.ended and before.ended <= after.began for before, after in pairwise(ran))


def test_emptied_queue_takes_a_name_again(watched: Watched) -> None:
    for _ in range(2):
        add(watched, make_task(name="mine", countdown=60))
        watched.watch.read()
        watched.cloud.empty_queues()
    watched.cloud.advance(100)
    watched.watch.read()
    assert watched.cloud.requests.newest() == []
