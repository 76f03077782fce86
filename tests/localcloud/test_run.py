"""`localcloud run` on folders of the course and on apps made for these tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from textwrap import dedent
from unittest import mock

import httpx
import psutil
import pytest
from google.cloud import datastore

from tests.support.course import ROOT
from tests.support.deadline import DEADLINE

pytestmark = pytest.mark.app

APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'hello']\n"
# Answers with its process id, the visitor's address and the Datastore.
SERVER = """
    import http.server, os
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            known = [os.getpid(), self.headers["X-Forwarded-For"], os.environ["DATASTORE_EMULATOR_HOST"]]
            self.wfile.write(" ".join(map(str, known)).encode())
    http.server.HTTPServer(('', int(os.environ['PORT'])), Handler).serve_forever()
"""


def test_two_folders_share_one_datastore(localcloud, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Procfile").write_text("web: exec python server.py\n")
        (tmp_path / name / "server.py").write_text(dedent(SERVER))
    command = localcloud("run", tmp_path / "one", tmp_path / "two", "--data", ":memory:")
    one, two = (httpx.get(url, timeout=DEADLINE).text.split() for url in command.urls(2))
    assert one[0] != two[0]
    assert one[-1] == two[-1]


def test_visits_are_kept_after_a_restart(localcloud, tmp_path):
    command = localcloud("run", ROOT / "mod2-cloudndb" / "FINISH-py3", "--data", "visits.sqlite3")
    assert "VisitMe Example" in httpx.get(command.urls()[0], headers={"User-Agent": "ann"}, timeout=DEADLINE).text
    command.send(signal.SIGINT)
    assert command.wait() == 0
    again = localcloud("datastore", "--data", "visits.sqlite3", "--host-port", "127.0.0.1:0")
    (visit,) = client_of(again).query(kind="Visit").fetch()
    assert visit["visitor"].endswith("ann")


def client_of(command):
    host = command.wait_for(r"export DATASTORE_EMULATOR_HOST=(127\.0\.0\.1:\d+)")[1]
    with mock.patch.dict(os.environ, DATASTORE_EMULATOR_HOST=host):
        return datastore.Client(project="demo")


def test_python27_log_begins_with_a_note_on_python_3(localcloud):
    command = localcloud("run", ROOT / "mod1-flask" / "START")
    # Making the environment, the first time, is said before the addresses.
    assert "this runs on Python 3" in command.wait_for(r"Data: .*\n(.*)")[1]


def test_load_balancer_address_comes_after_the_visitors(localcloud, folder):
    app = folder({"Procfile": "web: exec python server.py\n", "server.py": SERVER})
    (url,) = localcloud("run", app, "--behind-load-balancer").urls()
    answer = httpx.get(url.replace("localhost", "127.0.0.1"), timeout=DEADLINE).text
    assert " 127.0.0.1, 127.0.0.253 " in answer


def test_redis_host_in_app_yaml_starts_a_redis(localcloud, folder):
    app = folder(
        {
            "app.yaml": "runtime: python314\nenv_variables:\n  REDIS_HOST: '10.0.0.3'\n",
            "requirements.txt": "redis==8.1.0\n",
            "main.py": """
            import os, redis
            def app(environ, start_response):
                client = redis.Redis(os.environ['REDIS_HOST'], int(os.environ['REDIS_PORT']))
                start_response('200 OK', [])
                return [str(client.incr('visits')).encode()]
        """,
        }
    )
    (url,) = localcloud("run", app).urls()
    assert [httpx.get(url, timeout=DEADLINE).text for _ in range(2)] == ["1", "2"]


def test_ctrl_c_twice_ends_grandchildren(localcloud, folder):
    app = folder(
        {
            "Procfile": "web: gunicorn -b :$PORT main:app\n",
            "requirements.txt": "gunicorn==27.0.1\n",
            "main.py": """
            import os, subprocess
            # A child that ignores TERM, in a session of its own.
            stubborn = 'trap "" TERM HUP INT; while :; do sleep 1; done'
            child = subprocess.Popen(['sh', '-c', stubborn], start_new_session=True)
            def app(environ, start_response):
                start_response('200 OK', [])
                return [str(child.pid).encode()]
        """,
        }
    )
    command = localcloud("run", app)
    stubborn = int(httpx.get(command.urls()[0], timeout=DEADLINE).text)
    family = [psutil.Process(stubborn), *psutil.Process(command.pid).children(recursive=True)]
    command.send(signal.SIGINT)
    command.send(signal.SIGINT)
    assert command.wait() == 0
    alive = [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert alive == []


def test_app_does_not_inherit_the_callers_environment(localcloud, folder):
    app = folder(
        {
            "app.yaml": "runtime: python314\nenv_variables:\n  COLOUR: blue\n",
            "main.py": """
            import json, os
            def app(environ, start_response):
                start_response('200 OK', [])
                return [json.dumps(dict(os.environ)).encode()]
        """,
        }
    )
    command = localcloud("run", app, "--env", "EXTRA=1", SECRET_TOKEN="hush", TZ="Asia/Tokyo")
    seen = httpx.get(command.urls()[0], timeout=DEADLINE).json()
    assert "SECRET_TOKEN" not in seen
    expected = {
        "TZ": "UTC",
        "COLOUR": "blue",
        "EXTRA": "1",
        "GAE_ENV": "standard",
        "GOOGLE_CLOUD_PROJECT": "demo",
    }
    assert {name: seen.get(name) for name in expected} == expected


def test_app_listens_on_the_loopback_interface_only(localcloud):
    command = localcloud("run", ROOT / "mod5-buildpacks" / "FINISH")
    command.urls()
    tree = [psutil.Process(command.pid), *psutil.Process(command.pid).children(recursive=True)]
    listening = {
        connection.laddr.ip
        for process in tree
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def test_datastore_listens_on_public_address_with_option(localcloud):
    arguments = ("--host-port", "0.0.0.0:0", "--data", ":memory:", "--allow-remote-clients")
    localcloud("datastore", *arguments).wait_for(r"Datastore on 0\.0\.0\.0:\d+")


def test_killed_app_ends_the_command_and_names_the_signal(localcloud, folder):
    command = localcloud("run", folder({"Procfile": "web: exec python server.py\n", "server.py": SERVER}))
    pid, *_ = httpx.get(command.urls()[0], timeout=DEADLINE).text.split()
    os.kill(int(pid), signal.SIGKILL)
    assert command.wait() == 1
    assert "was ended by SIGKILL" in command.lines[-1]


def test_app_for_old_python_has_setuptools(localcloud, folder):
    app = folder({"app.yaml": "runtime: python311\n", "main.py": f"import pkg_resources\n{APP}"})
    assert httpx.get(localcloud("run", app).urls()[0], timeout=DEADLINE).text == "hello"


def test_app_that_fails_ends_the_command_with_its_error(localcloud, folder):
    app = folder({"app.yaml": "runtime: python314\n", "main.py": "raise RuntimeError('no database configured')\n"})
    command = localcloud("run", app)
    assert command.wait() == 1
    assert "exit" in command.lines[-1]
    assert "no database configured" in "\n".join(command.lines)


def test_missing_requirement_fails_as_in_the_cloud(localcloud, folder):
    app = folder({"Procfile": "web: gunicorn -b :$PORT main:app\n", "requirements.txt": "", "main.py": APP})
    command = localcloud("run", app)
    assert command.wait() == 1
    assert "gunicorn" in "\n".join(command.lines)


def test_run_ends_silently_when_its_output_is_closed(tmp_path):
    arguments = [sys.executable, "-m", "localcloud", "run", ROOT / "mod5-buildpacks" / "FINISH", "--data", ":memory:"]
    pipeline = ["sh", "-c", '{ "$@"; echo "exit code $?" >&2; } | head -n 1', "sh", *map(str, arguments)]
    done = subprocess.run(pipeline, capture_output=True, text=True, cwd=tmp_path, timeout=DEADLINE, check=False)
    assert done.stderr == "exit code 0\n"


def test_ctrl_c_while_an_app_is_starting_ends_it(localcloud, folder):
    app = folder(
        {
            "Procfile": "web: echo up && sleep 60\n",
            "requirements.txt": "",
            "main.py": APP,
        }
    )
    command = localcloud("run", app)
    command.wait_for("up")
    command.send(signal.SIGINT)
    assert command.wait() == 0
    assert "Traceback" not in "\n".join(command.lines)


def test_the_datastore_alone_prints_the_line_to_copy(localcloud):
    command = localcloud("datastore", "--host-port", "127.0.0.1:0", "--data", ":memory:")
    client = client_of(command)
    client.put(datastore.Entity(client.key("Visit", 1)))
    assert client.get(client.key("Visit", 1)).key.id == 1
    command.send(signal.SIGINT)
    assert command.wait() == 0
