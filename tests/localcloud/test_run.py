"""`localcloud run` on folders of the course and on apps that nobody here wrote."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from textwrap import dedent
from unittest import mock

import httpx
import psutil
import pytest
from google.cloud import datastore

ROOT = Path(__file__).parents[2]
APP = "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'hello']\n"


@pytest.fixture
def folder(tmp_path: Path):
    """Make a folder from the texts of its files."""

    def make(**files: str) -> Path:
        for name, text in files.items():
            file = tmp_path / "app" / name.replace("__", "/").replace("_", ".", 1)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(dedent(text).lstrip("\n"))
        return tmp_path / "app"

    return make


def test_it_prints_one_address_that_serves_the_app(localcloud):
    command = localcloud("run", ROOT / "mod1-flask" / "FINISH-py3")
    (url,) = command.urls()
    assert "VisitMe Example" in httpx.get(url, timeout=30).text


def test_two_folders_share_one_store(localcloud):
    command = localcloud("run", ROOT / "mod2-cloudndb" / "START", ROOT / "mod2-cloudndb" / "FINISH")
    start, finish = command.urls(2)
    httpx.get(start, headers={"User-Agent": "from START"}, timeout=30)
    page = httpx.get(finish, headers={"User-Agent": "from FINISH"}, timeout=30).text
    assert page.index("from FINISH") < page.index("from START")


def test_visits_are_still_there_after_a_new_start(localcloud):
    folder = ROOT / "mod2-cloudndb" / "FINISH-py3"
    first = localcloud("run", folder, "--data", "visits.sqlite3")
    httpx.get(first.urls()[0], headers={"User-Agent": "yesterday"}, timeout=30)
    first.send(signal.SIGINT)
    assert first.wait() == 0
    second = localcloud("run", folder, "--data", "visits.sqlite3")
    assert "yesterday" in httpx.get(second.urls()[0], timeout=30).text


def test_the_first_line_of_a_python27_log_says_that_it_runs_on_python_3(localcloud):
    command = localcloud("run", ROOT / "mod1-flask" / "START")
    command.wait_for("Starting gunicorn")
    log = command.lines[command.lines.index(command.wait_for("Data: .*")[0]) + 1 :]
    assert "no Python 2.7 here, so this runs on Python 3" in log[0]


def test_a_function_needs_its_name(localcloud):
    command = localcloud("run", ROOT / "mod11-functions" / "FINISH")
    assert command.wait() == 1
    assert command.lines[-1].startswith("localcloud: ")
    assert "--function" in command.lines[-1]
    assert "visitme" in command.lines[-1]


def test_a_declared_redis_host_is_a_real_redis(localcloud, folder):
    app = folder(
        app_yaml="runtime: python314\nenv_variables:\n  REDIS_HOST: '10.0.0.3'\n",
        requirements_txt="redis==8.1.0\n",
        main_py="""
            import os, redis
            def app(environ, start_response):
                client = redis.Redis(os.environ['REDIS_HOST'], int(os.environ['REDIS_PORT']))
                start_response('200 OK', [])
                return [str(client.incr('visits')).encode()]
        """,
    )
    (url,) = localcloud("run", app).urls()
    assert [httpx.get(url, timeout=30).text for _ in range(2)] == ["1", "2"]


def test_ctrl_c_twice_ends_children_of_children(localcloud, folder):
    app = folder(
        Procfile="web: gunicorn -b :$PORT main:app\n",
        requirements_txt="gunicorn==27.0.1\n",
        main_py="""
            import os, subprocess
            # A child that will not hear of TERM, in a session of its own.
            stubborn = 'trap "" TERM HUP INT; while :; do sleep 1; done'
            child = subprocess.Popen(['sh', '-c', stubborn], start_new_session=True)
            def app(environ, start_response):
                start_response('200 OK', [])
                return [str(child.pid).encode()]
        """,
    )
    command = localcloud("run", app)
    stubborn = int(httpx.get(command.urls()[0], timeout=30).text)
    family = [psutil.Process(stubborn), *psutil.Process(command.pid).children(recursive=True)]
    command.send(signal.SIGINT)
    command.send(signal.SIGINT)
    assert command.wait() == 0
    alive = [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert alive == []


def test_the_app_does_not_inherit_the_callers_environment(localcloud, folder):
    app = folder(
        app_yaml="runtime: python314\nenv_variables:\n  COLOUR: blue\n",
        main_py="""
            import json, os
            def app(environ, start_response):
                start_response('200 OK', [])
                return [json.dumps(dict(os.environ)).encode()]
        """,
    )
    command = localcloud("run", app, "--env", "EXTRA=1", SECRET_TOKEN="hush", TZ="Asia/Tokyo")
    seen = httpx.get(command.urls()[0], timeout=30).json()
    assert "SECRET_TOKEN" not in seen
    expected = {"TZ": "UTC", "COLOUR": "blue", "EXTRA": "1", "GAE_ENV": "standard", "GOOGLE_CLOUD_PROJECT": "demo"}
    assert {name: seen.get(name) for name in expected} == expected


def test_the_app_listens_on_the_loopback_interface_only(localcloud):
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


def test_a_port_that_is_taken_is_said_in_one_line(localcloud):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = localcloud("run", ROOT / "mod1-flask" / "FINISH-py3", "--port", port)
        assert command.wait() == 1
    assert str(port) in command.lines[-1]
    assert "Traceback" not in "\n".join(command.lines)


def test_an_app_that_dies_ends_the_command_with_its_reason(localcloud, folder):
    app = folder(app_yaml="runtime: python314\n", main_py="raise RuntimeError('no database configured')\n")
    command = localcloud("run", app)
    assert command.wait() == 1
    assert "exit" in command.lines[-1]
    assert "no database configured" in "\n".join(command.lines)


def test_a_missing_requirement_fails_here_as_it_would_there(localcloud, folder):
    app = folder(Procfile="web: gunicorn -b :$PORT main:app\n", requirements_txt="", main_py=APP)
    command = localcloud("run", app)
    assert command.wait() == 1
    assert "gunicorn" in "\n".join(command.lines)


def test_a_requirement_that_does_not_exist_is_said_in_one_line(localcloud, folder):
    app = folder(app_yaml="runtime: python314\n", requirements_txt="flask==999.0\n", main_py=APP)
    command = localcloud("run", app)
    assert command.wait() == 1
    assert "requirements.txt" in command.lines[-1]
    assert "999.0" in command.lines[-1]


def test_a_cache_that_cannot_be_written_is_said_in_one_line(localcloud, folder, tmp_path):
    app = folder(app_yaml="runtime: python314\n", requirements_txt="", main_py=APP)
    (tmp_path / "a file").touch()
    command = localcloud("run", app, LOCALCLOUD_CACHE=str(tmp_path / "a file" / "cache"))
    assert command.wait() == 1
    assert "LOCALCLOUD_CACHE" in command.lines[-1]


def test_an_old_webapp2_app_is_served_with_its_static_files(localcloud, folder):
    app = folder(
        app_yaml="""
            runtime: python27
            api_version: 1
            threadsafe: true
            handlers:
            - url: /css
              static_dir: css
            - url: /favicon\\.ico
              static_files: favicon.ico
              upload: favicon\\.ico
            - url: /admin/.*
              script: admin.app
              login: admin
            - url: .*
              script: guestbook.application
            libraries:
            - name: webapp2
              version: latest
            - name: jinja2
              version: latest
        """,
        guestbook_py="""
            import os
            import urllib
            import jinja2
            import webapp2
            from google.appengine.ext import db

            JINJA = jinja2.Environment(
                loader=jinja2.FileSystemLoader(os.path.dirname(__file__)), autoescape=True)

            class Greeting(db.Model):
                content = db.StringProperty(multiline=True)
                date = db.DateTimeProperty(auto_now_add=True)

            class MainPage(webapp2.RequestHandler):
                def get(self):
                    greetings = Greeting.all().order('-date').fetch(10)
                    template = JINJA.get_template('page.html')
                    self.response.write(template.render(greetings=greetings))

            class Sign(webapp2.RequestHandler):
                def post(self):
                    Greeting(content=self.request.get('content')).put()
                    self.redirect('/?' + urllib.urlencode({'signed': 1}))

            application = webapp2.WSGIApplication([('/', MainPage), ('/sign', Sign)], debug=True)
        """,
        admin_py="import webapp2\napp = webapp2.WSGIApplication([])\n",
        page_html="{% for greeting in greetings %}<p>{{ greeting.content }}</p>{% endfor %}",
        css__main_css="p { color: blue }\n",
    )
    (url,) = localcloud("run", app).urls()
    with httpx.Client(base_url=url, timeout=30, follow_redirects=True) as browser:
        assert browser.post("/sign", data={"content": "Hello & goodbye"}).url.query == b"signed=1"
        assert "<p>Hello &amp; goodbye</p>" in browser.get("/").text
        assert browser.get("/css/main.css").headers["Content-Type"].startswith("text/css")
        assert browser.get("/favicon.ico").status_code == 404
        assert browser.get("/admin/").status_code == 501


def test_python_2_syntax_is_named_by_file_and_line(localcloud, folder):
    app = folder(
        app_yaml="runtime: python27\nthreadsafe: true\nhandlers:\n- url: .*\n  script: main.app\n",
        main_py="import webapp2\n\nprint 'hello'\napp = webapp2.WSGIApplication([])\n",
    )
    command = localcloud("run", app)
    assert command.wait() == 1
    assert "main.py:3" in command.lines[-1]
    assert "Python 2" in command.lines[-1]


def test_an_old_flask_app_with_vendored_packages_is_served(localcloud, folder):
    app = folder(
        app_yaml="runtime: python27\nthreadsafe: yes\nhandlers:\n- url: /.*\n  script: hello.app\n",
        appengine_config_py="from google.appengine.ext import vendor\nvendor.add('lib')\n",
        requirements_txt="Flask==0.12.2\nrequests==2.18.4  # for later\n",
        hello_py="""
            from flask import Flask, request
            from google.appengine.api import memcache
            app = Flask(__name__)

            @app.route('/count')
            def count():
                return unicode(memcache.incr('count', initial_value=0))
        """,
    )
    (url,) = localcloud("run", app).urls()
    assert [httpx.get(f"{url}/count", timeout=30).text for _ in range(2)] == ["1", "2"]


def test_ctrl_c_while_an_app_is_starting_ends_it(localcloud, folder):
    app = folder(
        Procfile="web: echo up && sleep 60\n",
        requirements_txt="",
        main_py=APP,
    )
    command = localcloud("run", app)
    command.wait_for("up")
    command.send(signal.SIGINT)
    assert command.wait() == 0
    assert "Traceback" not in "\n".join(command.lines)


def test_the_datastore_alone_prints_the_line_to_copy(localcloud):
    command = localcloud("datastore", "--host-port", "127.0.0.1:0", "--data", ":memory:")
    host = command.wait_for(r"export DATASTORE_EMULATOR_HOST=(127\.0\.0\.1:\d+)")[1]
    with mock.patch.dict(os.environ, DATASTORE_EMULATOR_HOST=host):
        client = datastore.Client(project="demo")
    client.put(datastore.Entity(client.key("Visit", 1)))
    assert client.get(client.key("Visit", 1)).key.id == 1
    command.send(signal.SIGINT)
    assert command.wait() == 0
