"""One API server for all tests here, and App Engine apps (real processes, real SDK) that use it."""

import marshal
import os
import pickle
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path

import pytest

from datastore_emulator.engine import Engine
from localcloud.appengine import ApiServer
from localcloud.services.clock import Clock
from tests.support.deadline import DEADLINE


class AppError(Exception):
    """The error that an app's function raised: `kind` is the exception's class name."""

    def __init__(self, kind, message):
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class App:
    """An App Engine app in a process of its own, as the launcher would start it."""

    def __init__(self, server, application_id, instance=""):
        self.project = application_id.rpartition("~")[2]
        environment = os.environ | {
            "API_HOST": server.host,
            "API_PORT": str(server.port),
            "GAE_APPLICATION": application_id,
            "HTTP_X_APPENGINE_API_TICKET": server.ticket(application_id, instance),
        }
        self.process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("bundled_app.py"))],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self.process.stdout.readline())
        self.namespace = ""

    def run(self, function, ndb_cache=False, headers=None, **arguments):
        """Run `function` inside one request of the app and return what it returns, or raise AppError."""
        code = marshal.dumps(function.__code__)
        call = {"code": code, "arguments": arguments, "namespace": self.namespace, "ndb_cache": ndb_cache}
        url = f"http://127.0.0.1:{self.port}/"
        request = urllib.request.Request(url, pickle.dumps(call), headers or {})
        with urllib.request.urlopen(request, timeout=DEADLINE) as response:
            answer = pickle.load(response)
        if "raised" in answer:
            raise AppError(answer["raised"], answer["message"])
        return answer["returned"]

    def post(self, path, body, headers):
        """Send a request as it is."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers)
        urllib.request.urlopen(request, timeout=DEADLINE).close()

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


@pytest.fixture
def app_error():
    """The exception that `App.run` raises, since a conftest cannot be imported."""
    return AppError


@pytest.fixture(scope="session")
def engine():
    with Engine(":memory:") as engine:
        yield engine


@pytest.fixture(scope="session")
def clock():
    return Clock()


@pytest.fixture(scope="session")
def server(engine, clock):
    server = ApiServer(engine, clock=clock.now)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def demo_app(server):
    app = App(server, "s~demo")
    yield app
    app.stop()


@pytest.fixture
def app(demo_app):
    """The app "s~demo", in a namespace of the test's own."""
    demo_app.namespace = f"test-{uuid.uuid4().hex}"
    return demo_app


@pytest.fixture
def log(server, tmp_path):
    """The lines of the app's log that the local cloud writes. The app has the address http://localhost:8080."""
    lines = []
    server.connect(server.ticket("demo"), "http://localhost:8080", tmp_path, lines.append)
    yield lines
    server.connect(server.ticket("demo"), "", tmp_path, print)


@pytest.fixture(scope="session")
def start_app(server):
    """Start a further app: `start_app("s~other")`; `server=` for one that uses another API server.

    `instance=` makes it another service of the project.
    """
    apps = []

    def start(application_id, server=server, instance=""):
        apps.append(App(server, application_id, instance))
        return apps[-1]

    yield start
    for app in apps:
        app.stop()
