"""`Cloud` and `App`: what add, prepare and start do, and apps behind a load balancer."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import httpx
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import datastore

from datastore_emulator.errors import UserError
from localcloud import Cloud
from localcloud.appengine.tickets import UnknownTicketError
from localcloud.launch.plan import LaunchPlan
from localcloud.runtimes import Command, Instance, Report, ServiceAddresses
from tests.support.deadline import DEADLINE

pytestmark = pytest.mark.app

ROOT = Path(__file__).parents[2]


def test_stopped_app_cannot_be_started() -> None:
    # As when Ctrl-C closes the cloud while a thread is about to start the app's process.
    with Cloud() as cloud:
        app = cloud.add(ROOT / "mod5-buildpacks" / "START")
        app.stop()
        with pytest.raises(UserError, match="mod5-buildpacks/START: stopped before it was started"):
            app.start()
        assert app.returncode is None


def test_closed_cloud_takes_no_app() -> None:
    # As when a page is closed while a check on another thread is about to add its app.
    with Cloud() as cloud:
        app = cloud.add(ROOT / "mod5-buildpacks" / "START")
        cloud.close()
        for change in (lambda: cloud.add(app.folder), lambda: cloud.reload(app)):
            with pytest.raises(UserError, match="mod5-buildpacks/START: the local cloud has been closed"):
                change()
    assert not cloud.apps


def test_request_to_ended_app_fails_at_once(tmp_path: Path) -> None:
    # The server listens, and ends when its worker finds no app.
    (tmp_path / "main.py").write_text("")
    (tmp_path / "requirements.txt").write_text((ROOT / "mod5-buildpacks" / "START" / "requirements.txt").read_text())
    (tmp_path / "app.yaml").write_text("runtime: python314\nentrypoint: gunicorn -b :$PORT main:app\n")
    with Cloud() as cloud:
        app = cloud.add(tmp_path)
        app.start()
        app._front_end._patience = 2 * DEADLINE  # as long as it waits for an app that is starting
        answer = httpx.get(app.url, timeout=DEADLINE)
        assert answer.status_code in (502, 503)  # broken off by the server's end, or after it


SHOWS_ADDRESSES = """
def app(environ, start_response):
    start_response('200 OK', [])
    return [environ['HTTP_X_FORWARDED_FOR'].encode()]
"""


def test_app_behind_load_balancer_receives_its_address_last(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(SHOWS_ADDRESSES)
    (tmp_path / "requirements.txt").write_text("gunicorn==27.0.1\n")
    (tmp_path / "Procfile").write_text("web: gunicorn -b :$PORT main:app\n")
    with Cloud() as cloud:
        app = cloud.add(tmp_path, behind_load_balancer=True)
        app.start()
        answer = httpx.get(app.url.replace("localhost", "127.0.0.1"), timeout=DEADLINE)
        assert answer.text == "127.0.0.1, 127.0.0.253"


@pytest.mark.parametrize(
    ("folder", "platform"),
    [("mod2-cloudndb/START", "App Engine (python27)"), ("mod2-cloudndb/FINISH-py3", "App Engine")],
)
def test_app_engine_behind_load_balancer_is_refused(folder: str, platform: str) -> None:
    with Cloud() as cloud, pytest.raises(UserError) as refusal:
        cloud.add(ROOT / folder, behind_load_balancer=True)
    assert str(refusal.value) == (
        f"{folder}: --behind-load-balancer works for Cloud Run and Cloud Run functions only; there is no record of "
        f"what {platform} sends an app behind one; leave the option out"
    )


class RecordingRuntime:
    """A runtime that prepares nothing, and records what it was asked for."""

    def __init__(self) -> None:
        self.prepared: list[str] = []

    def supports(self, plan: LaunchPlan) -> bool:
        """Return whether the plan is for Python 3, so that other plans go to the built-in runtimes."""
        return plan.python != "2.7"

    def prepare(self, plan: LaunchPlan, services: ServiceAddresses, instance: Instance, report: Report) -> Command:
        """Report one line and return a server that answers nothing."""
        report("preparing")
        self.prepared.append(instance.service)
        server = f"python3 -c 'import socket; socket.create_server((\"\", {instance.port})).accept()'"
        return Command(("/bin/sh", "-c", server), {"PATH": os.defpath}, plan.directory, ())


def test_add_listens_and_start_prepares() -> None:
    runtime, log = RecordingRuntime(), []
    with Cloud(runtimes=[runtime], log=lambda name, line: log.append((name, line))) as cloud:
        app = cloud.add(ROOT / "mod5-buildpacks" / "START")
        socket.create_connection(("127.0.0.1", int(app.url.rpartition(":")[2])), timeout=DEADLINE).close()
        assert runtime.prepared == []
        app.start()
    assert runtime.prepared == ["mod5-buildpacks-start"]
    assert ("mod5-buildpacks/START", "preparing") in log


def test_prepared_app_is_not_prepared_again_by_start() -> None:
    runtime = RecordingRuntime()
    with Cloud(runtimes=[runtime]) as cloud:
        app = cloud.add(ROOT / "mod5-buildpacks" / "START")
        app.prepare()
        app.prepare()
        cloud.start()
    assert runtime.prepared == ["mod5-buildpacks-start"]


def test_taken_port_is_refused_before_anything_is_prepared() -> None:
    runtime = RecordingRuntime()
    with socket.create_server(("127.0.0.1", 0)) as taken, Cloud(runtimes=[runtime]) as cloud:
        with pytest.raises(UserError, match="another program"):
            cloud.add(ROOT / "mod5-buildpacks" / "START", port=taken.getsockname()[1])
        assert runtime.prepared == []


def test_plan_that_no_given_runtime_supports_gets_a_built_in_one() -> None:
    runtime = RecordingRuntime()
    with Cloud(runtimes=[runtime]) as cloud:
        cloud.add(ROOT / "mod1-flask" / "START").prepare()
    assert runtime.prepared == []


def test_datastore_of_apps_takes_rest_and_reset_and_no_shutdown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATASTORE_EMULATOR_HOST", raising=False)
    with Cloud() as cloud:
        address = f"http://{cloud.datastore.address}"
        client = datastore.Client(project="demo", credentials=AnonymousCredentials(), _use_grpc=False)
        client.base_url = address
        client.put(datastore.Entity(client.key("Visit", 1)))
        assert len(list(client.query().fetch())) == 1
        assert httpx.post(f"{address}/reset", timeout=DEADLINE).text == "Resetting...\n"
        assert list(client.query().fetch()) == []
        assert httpx.post(f"{address}/shutdown", timeout=DEADLINE).status_code == 501


STATIC = "runtime: python314\nservice: {}\nhandlers:\n- url: /\n  static_dir: static\n"


def test_bundled_services_know_the_service_that_a_save_has_renamed(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(STATIC.format("first"))
    with Cloud() as cloud:
        app = cloud.add(tmp_path)
        app.start()
        stub = cloud.api_server.stub("modules", app.ticket)
        assert stub.request_data.get_dispatcher().get_module_names() == ["first"]
        (tmp_path / "app.yaml").write_text(STATIC.format("second"))
        cloud.reload(app)
        assert stub.request_data.get_dispatcher().get_module_names() == ["second"]


def test_nothing_is_kept_of_a_removed_app(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text(STATIC.format("default"))
    with Cloud() as cloud:
        app = cloud.add(tmp_path)
        queues = cloud.api_server.stub("taskqueue", app.ticket)
        cloud.remove(app)
        assert queues._runner._stopped
        with pytest.raises(UnknownTicketError):
            cloud.api_server.stub("taskqueue", app.ticket)


REMEMBERS = """
seen = []

def app(environ, start_response):
    seen.append(environ['PATH_INFO'] + ' ' + environ['HTTP_X_APPENGINE_USER_IP'])
    start_response('500 Broken', [])
    return [repr(seen[0]).encode()]
"""


def test_new_instance_gets_a_warmup_request_before_its_visitors(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(REMEMBERS)
    (tmp_path / "requirements.txt").write_text("gunicorn==27.0.1\n")
    (tmp_path / "app.yaml").write_text(
        "runtime: python314\nentrypoint: gunicorn -b :$PORT main:app\ninbound_services:\n- warmup\n"
        "handlers:\n- url: /_ah/.*\n  script: auto\n  login: admin\n- url: .*\n  script: auto\n"
    )
    log: list[str] = []
    with Cloud(log=lambda name, line: log.append(line)) as cloud:
        app = cloud.add(tmp_path)
        app.start()
        assert httpx.get(app.url, timeout=DEADLINE).text == "'/_ah/warmup 0.1.0.3'"
        app.restart()
        assert httpx.get(app.url, timeout=DEADLINE).text == "'/_ah/warmup 0.1.0.3'"
    assert log.count("the warmup request was answered 500") == 2
