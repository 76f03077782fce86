"""The service that a task is for, among the services of one app."""

from __future__ import annotations

from pathlib import Path

import pytest

from datastore_emulator.engine import Engine
from localcloud.appengine import ApiServer
from localcloud.appengine.callers import Caller
from localcloud.appengine.services.task_targets import TaskTargets
from localcloud.appengine.tickets import Tickets

SERVICES = {"worker": 8081, "default": 8080, "mail": 8082}


@pytest.fixture
def tickets() -> Tickets:
    return Tickets()


@pytest.fixture
def log() -> list[str]:
    return []


@pytest.fixture
def app(tickets: Tickets, log: list[str]) -> dict[str, Caller]:
    """Three services of one app."""
    return {service: connect(tickets, service, port, log) for service, port in SERVICES.items()}


def connect(tickets: Tickets, service: str, port: int, log: list[str]) -> Caller:
    ticket = tickets.ticket("demo", f"{service}{port}")
    tickets.connect(ticket, f"http://localhost:{port}", Path("/app"), log.append, service)
    return tickets.caller(ticket)


def test_services_of_a_project_are_one_app(tickets: Tickets, app: dict[str, Caller]) -> None:
    assert [peer.service for peer in tickets.peers(app["mail"])] == ["default", "mail", "worker"]


def test_second_default_service_is_another_app(tickets: Tickets, app: dict[str, Caller]) -> None:
    other = connect(tickets, "default", 9090, [])
    worker = connect(tickets, "worker", 9091, [])
    assert [peer.url for peer in tickets.peers(other)] == ["http://localhost:9090", "http://localhost:9091"]
    assert other.app == worker.app != app["default"].app
    tickets.disconnect(app["mail"].ticket)
    assert [peer.service for peer in tickets.peers(app["default"])] == ["default", "worker"]


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("localhost:8081", "worker"),
        ("localhost:8080", "default"),
        ("worker.localhost:8082", "worker"),
        ("local.localhost:8082", "mail"),
        ("v2.worker.localhost:8080", "worker"),
        ("v2.localhost:8080", "v2"),
        ("demo.appspot.com", "default"),
        ("0.v2.worker.demo.appspot.com", "worker"),
        ("v2-dot-worker-dot-demo.appspot.com", "worker"),
        ("127.0.0.1:8082", "mail"),
        ("example.com", "mail"),
    ],
)
def test_host_of_a_task_names_its_service(tickets, app, host: str, service: str) -> None:
    assert TaskTargets(tickets).by_host(host, app["mail"]) == service


@pytest.mark.parametrize(
    ("service", "path", "found"),
    [("worker", "/a", "worker"), (None, "/a", "mail"), ("v2", "/a", "default"), ("mail", "/jobs/a", "worker")],
)
def test_rule_for_the_path_beats_the_service(tickets, app, service: str | None, path: str, found: str) -> None:
    tickets.choose_service = lambda host, path: app["worker"].ticket if path.startswith("/jobs/") else None
    assert TaskTargets(tickets).find(service, path, app["mail"]).service == found


def test_service_that_does_not_run_is_in_the_log_once(tickets, app, log: list[str]) -> None:
    targets = TaskTargets(tickets)
    for _ in range(2):
        targets.find("v2", "/a", app["mail"])
    assert log == ['no service "v2" runs, so its tasks go to the service "default", as on App Engine']


def test_queues_end_with_the_last_service_of_their_app(tmp_path: Path) -> None:
    with Engine(":memory:") as engine:
        server = ApiServer(engine)
        default, worker = (server.ticket("demo", service) for service in ("default", "worker"))
        server.connect(default, "http://localhost:8080", tmp_path, print)
        server.connect(worker, "http://localhost:8081", tmp_path, print, "worker")
        stub = server.stub("taskqueue", default)
        assert server.stub("taskqueue", worker) is stub
        server.disconnect(default)
        assert server.stub("taskqueue", worker) is stub
        server.disconnect(worker)
        assert stub._runner._stopped
        server.stop()
