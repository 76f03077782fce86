"""Apps that listen on 8080, the value of $PORT in the cloud, or on another port than they are told."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from datastore_emulator.errors import UserError
from datastore_emulator.net.ports import free_port
from localcloud import Cloud
from localcloud.runtimes.python3.command import SITE
from tests.support.deadline import DEADLINE

GUNICORN = "gunicorn==27.0.1\n"
FLASK = "Flask==3.1.3\n"
UVLOOP = "uvicorn==0.54.0\nuvloop==0.23.0\n"
GEVENT = "gevent==26.9.0\n"
WSGI = """
def app(environ, start_response):
    start_response('200 OK', [])
    return [b'hello']
"""
FLASK_APP = """
from flask import Flask
app = Flask(__name__)
app.route('/')(lambda: 'hello')
"""
ASGI = """
async def app(scope, receive, send):
    if scope['type'] == 'http':
        await send({'type': 'http.response.start', 'status': 200, 'headers': []})
        await send({'type': 'http.response.body', 'body': b'hello'})
"""
GEVENT_SERVER = f"{WSGI}\nfrom gevent.pywsgi import WSGIServer\nWSGIServer(('0.0.0.0', 8080), app).serve_forever()\n"
DOCKERFILE = "FROM python:3.14-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
SERVER = "web: exec python -m http.server {}\n"


@pytest.mark.app
@pytest.mark.parametrize(
    "files",
    [
        {
            "Dockerfile": f'{DOCKERFILE}CMD ["gunicorn", "-b", "0.0.0.0:8080", "main:app"]\n',
            "requirements.txt": GUNICORN,
            "main.py": WSGI,
        },
        {
            "Dockerfile": f"{DOCKERFILE}ENV FLASK_RUN_PORT=8080 FLASK_APP=main\nCMD flask run -h 0.0.0.0\n",
            "requirements.txt": FLASK,
            "main.py": FLASK_APP,
        },
        {"Procfile": "web: gunicorn -b :8080 main:app\n", "requirements.txt": GUNICORN, "main.py": WSGI},
        {
            "Procfile": "web: uvicorn main:app --host 0.0.0.0 --port 8080\n",
            "requirements.txt": UVLOOP,
            "main.py": ASGI,
        },
        {"Procfile": "web: python main.py\n", "requirements.txt": GEVENT, "main.py": GEVENT_SERVER},
        {"app.yaml": "runtime: python314\nentrypoint: gunicorn -b :8080 main:app\n", "main.py": WSGI}
        | {"requirements.txt": GUNICORN},
    ],
    ids=["gunicorn in a Dockerfile", "FLASK_RUN_PORT", "Procfile", "uvloop", "gevent", "app.yaml"],
)
def test_app_that_listens_on_8080_runs_on_the_port_that_it_was_told(folder, files) -> None:
    with Cloud() as cloud:
        app = cloud.add(folder(files))
        cloud.start()
        assert httpx.get(app.url, timeout=DEADLINE).text == "hello"
        # Not on 8080, which another front end may have.
        assert app._front_end.upstream == app.upstream


@pytest.fixture
def cloud_port(monkeypatch) -> int:
    """A free port in place of 8080, the first that a front end tries."""
    port = free_port()
    monkeypatch.setattr("localcloud.app._CLOUD_PORT", port)
    monkeypatch.setattr("localcloud.app._PORTS", [port, free_port(), free_port()])
    return port


# Without our change of Python's sockets, as a server in another language.
UNCHANGED = "web: exec env -u PYTHONPATH python -m http.server --bind 127.0.0.1 {}\n"


@pytest.mark.app
def test_server_may_keep_port_8080(cloud_port, tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text(UNCHANGED.format(cloud_port))
    (tmp_path / "hello.txt").write_text("hello")
    with Cloud() as cloud:
        app = cloud.add(tmp_path)
        cloud.start()
        assert httpx.get(f"{app.url}/hello.txt", timeout=DEADLINE).text == "hello"


@pytest.mark.app
def test_server_that_needs_port_8080_gets_it_from_another_apps_front_end(cloud_port, tmp_path: Path) -> None:
    lines: list[str] = []
    with Cloud(log=lambda name, line: lines.append(line)) as cloud:
        apps = []
        for name, procfile in (("python", SERVER.format("$PORT")), ("other", UNCHANGED.format(cloud_port))):
            (tmp_path / name).mkdir()
            (tmp_path / name / "Procfile").write_text(procfile)
            (tmp_path / name / "hello.txt").write_text(name)
            apps.append(cloud.add(tmp_path / name, port=None))
        assert apps[0].url.endswith(f":{cloud_port}")
        cloud.start()
        assert [httpx.get(f"{app.url}/hello.txt", timeout=DEADLINE).text for app in apps] == ["python", "other"]
        assert any(line.endswith(f"now visit {apps[0].url}") for line in lines)


@pytest.mark.app
def test_port_that_the_user_has_chosen_stays_with_the_front_end(cloud_port, tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text(UNCHANGED.format(cloud_port))
    with Cloud() as cloud:
        app = cloud.add(tmp_path, port=cloud_port)
        with pytest.raises(UserError, match=r"ddress already in use; .* or port 8080 must be free: --port chooses"):
            cloud.start()
        assert app.url.endswith(f":{cloud_port}")


@pytest.mark.app
def test_app_that_listens_on_another_port_fails_with_that_port(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setattr("localcloud.app._START_SECONDS", 2)
    other = free_port()
    (tmp_path / "Procfile").write_text(SERVER.format(other))
    with Cloud() as cloud:
        app = cloud.add(tmp_path)
        told = app.upstream[1]
        says = rf"listens on port {other}, but not on port {told}, which \$PORT tells it; its server must take its port"
        with pytest.raises(UserError, match=says):
            cloud.start()
        app._front_end._patience = 0
        answer = httpx.get(app.url, timeout=DEADLINE)
        assert answer.status_code == 503
        assert re.search(says, answer.text)


def test_port_cannot_be_set(tmp_path: Path) -> None:
    (tmp_path / "Procfile").write_text(SERVER.format("$PORT"))
    with Cloud() as cloud, pytest.raises(UserError, match="PORT cannot be set"):
        cloud.add(tmp_path, environment={"PORT": "9000"})


@pytest.mark.parametrize(
    ("asked", "listens"),
    [
        (("", "told"), ("127.0.0.1", "told")),
        (("0.0.0.0", 8080), ("127.0.0.1", "told")),
        (("localhost", 8080), ("127.0.0.1", "told")),
        (("0.0.0.0", "other"), ("0.0.0.0", "other")),
        (("127.0.0.1", "other"), ("127.0.0.1", "other")),
    ],
)
def test_servers_address_becomes_the_one_that_the_front_end_knows(asked, listens) -> None:
    ports = {"told": free_port(), "other": free_port()}
    host, port = asked[0], ports.get(asked[1], asked[1])
    code = f"import socket; s = socket.socket(); s.bind(({host!r}, {port})); print(*s.getsockname())"
    environment = {**os.environ, "PYTHONPATH": str(SITE), "PORT": str(ports["told"])}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [listens[0], str(ports[listens[1]])]


def test_datagrams_keep_their_address() -> None:
    port = str(free_port())  # where a server for streams would get another host
    code = f"import socket\ns = socket.socket(type=2)\ns.bind(('0.0.0.0', {port}))\nprint(*s.getsockname())"
    environment = {**os.environ, "PYTHONPATH": str(SITE), "PORT": port}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0.0.0.0", port]
