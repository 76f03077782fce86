"""The taskqueue service: tasks reach the address of the app, as App Engine would send them."""

import http.server
import queue
import threading
from dataclasses import dataclass
from email.message import Message
from time import time as now

import pytest

from datastore_emulator.engine import Engine
from localcloud.appengine import ApiServer
from localcloud.services.clock import Clock
from tests.localcloud.appengine.bundled_app import Visit, deferred, memcache, ndb, store, taskqueue
from tests.support.deadline import DEADLINE

QUEUES = """
queue:
- name: default
  rate: 500/s
- name: slow
  rate: 1/m
  bucket_size: 1
- name: once
  rate: 500/s
  retry_parameters:
    task_retry_limit: 0
- name: pulled
  mode: pull
- name: of-worker
  rate: 500/s
  target: worker
"""


@dataclass
class Received:
    line: str
    headers: Message
    body: bytes


class FrontEnd(http.server.BaseHTTPRequestHandler):
    """Stands for the app's front end: keeps what it receives, and answers the statuses that a test asks for."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.received.put(Received(f"{self.command} {self.path}", self.headers, body))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_PUT = do_POST  # noqa: N815  # the names that http.server calls

    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def served():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), FrontEnd) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def front_end(served):
    served.received, served.statuses = queue.Queue(), []
    served.next = lambda: served.received.get(timeout=DEADLINE)
    return served


@pytest.fixture(scope="module")
def time():
    return Clock()


@pytest.fixture(scope="module")
def api(time):
    with Engine(":memory:") as engine:
        server = ApiServer(engine, clock=time.now)
        server.start()
        yield server
        server.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="module")
def log_lines():
    return []


@pytest.fixture
def lines(log_lines):
    log_lines.clear()
    return log_lines


@pytest.fixture(scope="module")
def queues_app(api, served, start_app, folder, log_lines):
    """An app with an API server, queues and a front end of its own."""
    api.connect(api.ticket("demo"), f"http://localhost:{served.server_port}", folder, log_lines.append)
    return start_app("s~demo", api)


@pytest.fixture
def app(queues_app, folder, front_end):
    (folder / "queue.yaml").write_text(QUEUES)
    yield queues_app

    def purge():
        for name in ("default", "slow", "once", "pulled", "of-worker"):
            taskqueue.Queue(name).purge()

    (folder / "queue.yaml").write_text(QUEUES)
    queues_app.run(purge)


@pytest.fixture
def hour(time):
    """The countdown of an hour: apps have the machine's clock, and the API server's may be ahead of it."""
    return time.now() - now() + 3600


def test_push_task_has_the_headers_of_the_cloud(app, front_end):
    def add():
        own = {"X-AppEngine-FailFast": "true", "X-AppEngine-TaskRetryCount": "9", "X-Mine": "mine"}
        taskqueue.add(url="/work", params={"visits": 10}, name="count", headers=own)

    app.run(add)
    task = front_end.next()
    headers = {name: task.headers[name] for name in task.headers}
    assert (task.line, task.body) == ("POST /work", b"visits=10")
    assert float(headers.pop("X-AppEngine-TaskETA")) > 1e9
    assert headers.pop("X-Appengine-Api-Ticket")
    assert headers == {
        "Host": f"localhost:{front_end.server_port}",
        "User-Agent": "AppEngine-Google; (+http://code.google.com/appengine)",
        "X-Appengine-User-Ip": "0.1.0.2",
        "X-AppEngine-QueueName": "default",
        "X-AppEngine-TaskName": "count",
        "X-AppEngine-TaskRetryCount": "0",
        "X-AppEngine-TaskExecutionCount": "0",
        "x-appengine-failfast": "true",
        "x-mine": "mine",
        "x-appengine-current-namespace": "",
        "content-type": "application/x-www-form-urlencoded",
        "Content-Length": "9",
    }


def test_failed_task_is_tried_again_and_the_log_says_so(app, front_end, lines):
    def add():
        taskqueue.add(url="/work", name="flaky")

    front_end.statuses[:] = [500, 404]
    app.run(add)
    tries = [front_end.next() for _ in range(3)]
    names = ("X-AppEngine-TaskRetryCount", "X-AppEngine-TaskPreviousResponse")
    assert [tuple(one.headers[name] for name in names) for one in tries] == [("0", None), ("1", "500"), ("2", "404")]
    assert lines[0] == (
        "the task flaky of the queue default (/work) has failed with status 500; the next try is in 0.1 seconds"
    )


def test_task_is_not_tried_again_beyond_the_limit_of_queue_yaml(app, front_end, lines):
    def add(queue):
        taskqueue.add(url="/work", queue_name=queue)

    front_end.statuses[:] = [500]
    app.run(add, queue="once")
    front_end.next()
    app.run(add, queue="default")
    assert front_end.next().headers["X-AppEngine-QueueName"] == "default"
    assert "that was the last try" in lines[0]


def test_task_waits_for_its_time(app, front_end, time, hour):
    def add(hour):
        taskqueue.add(url="/later", countdown=hour)
        taskqueue.add(url="/now")

    app.run(add, hour=hour)
    assert front_end.next().line == "POST /now"
    time.advance(3601)
    assert front_end.next().line == "POST /later"


def test_rate_of_queue_yaml_is_kept(app, front_end, time):
    def add():
        taskqueue.Queue("slow").add([taskqueue.Task(url=f"/{number}") for number in range(2)])
        taskqueue.add(url="/other")

    time.advance(60)
    app.run(add)
    assert {front_end.next().line for _ in range(2)} & {"POST /other"}
    assert front_end.received.empty()
    time.advance(60)
    assert front_end.next().headers["X-AppEngine-QueueName"] == "slow"


def test_get_task_has_its_parameters_in_the_address(app, front_end):
    def add():
        taskqueue.add(url="/work", method="GET", params={"a": 1})

    app.run(add)
    assert front_end.next().line == "GET /work?a=1"


@pytest.mark.parametrize(
    ("name", "queue_name", "kind"),
    [("twice", "default", "TaskAlreadyExistsError"), (None, "missing", "UnknownQueueError")],
)
def test_task_that_cannot_be_added_is_an_error(app, app_error, hour, name, queue_name, kind):
    def add(name, queue_name, hour):
        for _ in range(2):
            taskqueue.add(url="/work", countdown=hour, name=name, queue_name=queue_name)

    with pytest.raises(app_error) as raised:
        app.run(add, name=name, queue_name=queue_name, hour=hour)
    assert raised.value.kind == kind


def test_task_of_a_transaction_is_added_with_its_commit(app, front_end):
    def visit(fail):
        def work():
            Visit(visitor="Ada").put()
            taskqueue.add(url="/failed" if fail else "/committed", transactional=True)
            if fail:
                raise ndb.Rollback

        ndb.transaction(work)

    app.run(visit, fail=True)
    app.run(visit, fail=False)
    assert front_end.next().line == "POST /committed"
    assert front_end.received.empty()


def test_deferred_function_is_called_by_its_task(app, front_end):
    def defer():
        deferred.defer(store, "deferred", "done")

    def recall():
        return memcache.get("deferred")

    app.run(defer)
    task = front_end.next()
    app.post("/_ah/queue/deferred", task.body, dict(task.headers))
    assert (task.line, app.run(recall)) == ("POST /_ah/queue/deferred", "done")


def test_pull_task_is_leased_and_deleted(app):
    def lease():
        pulled = taskqueue.Queue("pulled")
        pulled.add(taskqueue.Task(payload="work", method="PULL", tag="a"))
        first, second = pulled.lease_tasks(60, 10), pulled.lease_tasks(60, 10)
        pulled.delete_tasks(first)
        return [task.payload for task in first], second, pulled.fetch_statistics().tasks

    assert app.run(lease) == ([b"work"], [], 0)


def test_lease_ends_with_its_time(app, time):
    def add_and_lease():
        pulled = taskqueue.Queue("pulled")
        pulled.add(taskqueue.Task(payload="work", method="PULL"))
        return len(pulled.lease_tasks(60, 10))

    def lease():
        return len(taskqueue.Queue("pulled").lease_tasks(60, 10))

    assert app.run(add_and_lease) == 1
    assert app.run(lease) == 0
    time.advance(61)
    assert app.run(lease) == 1


@pytest.fixture
def worker(api, start_app, folder, tmp_path_factory):
    """A second service of the app, with a front end of its own, in a folder without a queue.yaml."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), FrontEnd) as server:
        server.received, server.statuses = queue.Queue(), []
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        ticket = api.ticket("demo", "worker")
        url = f"http://localhost:{server.server_port}"
        api.connect(ticket, url, tmp_path_factory.mktemp("worker"), print, "worker")
        yield start_app("s~demo", api, instance="worker"), server
        api.disconnect(ticket)
        server.shutdown()


def test_services_of_an_app_share_its_queues(app, worker, front_end, hour):
    def add(hour):
        taskqueue.add(url="/of-worker", queue_name="of-worker")
        taskqueue.add(url="/target", target="worker")
        taskqueue.Queue("pulled").add(taskqueue.Task(payload="work", method="PULL"))
        taskqueue.add(url="/later", name="one", countdown=hour)

    def add_at_worker():
        names = [task.payload for task in taskqueue.Queue("pulled").lease_tasks(60, 10)]
        taskqueue.add(url="/own")
        taskqueue.add(url="/back", target="default")
        try:
            taskqueue.add(url="/again", name="one")
        except taskqueue.TaskAlreadyExistsError:
            names.append("there")
        return names

    def visited(server):
        return {"X-Appengine-Default-Version-Hostname": f"localhost:{server.server_port}"}

    worker_app, worker_front_end = worker
    app.run(add, headers=visited(front_end), hour=hour)
    lines = {worker_front_end.received.get(timeout=DEADLINE).line for _ in range(2)}
    assert lines == {"POST /of-worker", "POST /target"}
    assert worker_app.run(add_at_worker, headers=visited(worker_front_end)) == [b"work", "there"]
    assert worker_front_end.received.get(timeout=DEADLINE).line == "POST /own"
    assert front_end.next().line == "POST /back"


def test_purged_tasks_are_gone(app, front_end, time, hour):
    def purge(hour):
        taskqueue.add(url="/purged", countdown=hour)
        taskqueue.Queue().purge()
        taskqueue.add(url="/kept", countdown=hour)

    app.run(purge, hour=hour)
    time.advance(3601)
    assert front_end.next().line == "POST /kept"


def test_broken_queue_yaml_is_in_the_log(app, lines, folder, app_error):
    def add():
        taskqueue.add(url="/work", queue_name="slow")

    (folder / "queue.yaml").write_text("queue:\n- name: slow\n  rate: fast\n")
    with pytest.raises(app_error, match="UnknownQueue"):
        app.run(add)
    assert "queue.yaml cannot be read" in lines[0]
