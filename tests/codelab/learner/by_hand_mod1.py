"""Module 1 by hand: whole modules imported, other names, YAML in braces, another name in the template's loop."""

from tests.codelab.learner.hand import Delete, Move, Replace, Step, Walk, Write

MAIN = Walk(
    "mod1-flask",
    [
        Step(
            "Bring Flask into the app",
            [
                Write("requirements.txt", "# The web framework\nflask == 1.1.4\n"),
                Write(
                    "appengine_config.py",
                    '"""Tells App Engine where pip has put the packages."""\n'
                    "import google.appengine.ext.vendor as where\n\n"
                    'where.add("lib")\n',
                ),
            ],
        ),
        Step(
            "Replace the handler class by a route",
            [
                Write(
                    "main.py",
                    """\
# -*- coding: utf-8 -*-
import flask
from google.appengine.ext import ndb
from google.appengine.ext.webapp import template
from os import path


class Visit(ndb.Model):
    visitor = ndb.TextProperty()
    timestamp = ndb.DateTimeProperty(auto_now_add=True)


def store_visit(remote_addr, user_agent):
    Visit(visitor="{}: {}".format(remote_addr, user_agent)).put()


def fetch_visits(limit):
    newest_first = Visit.query().order(-Visit.timestamp)
    return newest_first.fetch(limit)


app = flask.Flask("main")


@app.route("/", methods=["GET"])
def show_visits():
    agent = flask.request.headers.get("User-Agent", "")
    store_visit(flask.request.remote_addr, agent)
    page = path.join(path.dirname(__file__), "index.html")
    return template.render(page, dict(visits=fetch_visits(10)))
""",
                )
            ],
        ),
        Step(
            "Move the template to Jinja2",
            [
                Move("index.html", "templates/index.html"),
                Replace("templates/index.html", "{% for visit in visits %}", "{% for one in visits -%}"),
                Replace(
                    "templates/index.html",
                    "{{ visit.timestamp.ctime }} from {{ visit.visitor }}",
                    "{{one.timestamp.ctime()}} from {{one.visitor}}",
                ),
                Replace("main.py", "from google.appengine.ext.webapp import template\nfrom os import path\n", ""),
                Replace(
                    "main.py",
                    """\
    page = path.join(path.dirname(__file__), "index.html")
    return template.render(page, dict(visits=fetch_visits(10)))
""",
                    """\
    values = {"visits": fetch_visits(10)}
    return flask.render_template("index.html", **values)
""",
                ),
            ],
        ),
        Step(
            "Drop webapp2 from app.yaml",
            [
                Write(
                    "app.yaml",
                    """\
# The whole app
threadsafe: yes
runtime: "python27"
api_version: 1
handlers:
  - {script: main.app, url: "/.*"}
""",
                )
            ],
        ),
    ],
    leads_to="make start MOD=mod1-flask/FINISH",
)

PORT = Walk(
    "mod1-flask/FINISH",
    [
        Step(
            "Pin packages for Python 3",
            [Write("requirements.txt", "gunicorn==27.0.1\nappengine-python-standard==3.1.0\nFlask==3.1.3\n")],
            works=False,
        ),
        Step(
            "Ask for the Python 3 runtime",
            [
                Write(
                    "app.yaml",
                    "app_engine_apis: True\nentrypoint: gunicorn --bind=:$PORT --threads=8 main:app\n\n"
                    "# The newest one\nruntime: 'python314'\n",
                ),
                Delete("appengine_config.py"),
            ],
            works=False,
        ),
        Step(
            "Wrap the app",
            [
                Write(
                    "main.py",
                    """\
\"\"\"VisitMe, with App Engine's bundled services.\"\"\"

from __future__ import annotations

import google.appengine.api
from flask import (
    Flask,
    render_template,
    request,
)
from google.appengine.ext import ndb


class Visit(ndb.Model):
    visitor = ndb.TextProperty()
    timestamp = ndb.DateTimeProperty(auto_now_add=True)


def store_visit(remote_addr: str | None, user_agent: str) -> None:
    Visit(visitor=f"{remote_addr}: {user_agent}").put()


def fetch_visits(limit: int) -> list[Visit]:
    return Visit.query().order(-Visit.timestamp).fetch(limit)


app: Flask = Flask(__name__)
app.wsgi_app = google.appengine.api.wrap_wsgi_app(app.wsgi_app)


@app.get("/")
def home() -> str:
    store_visit(request.remote_addr, request.headers.get("User-Agent", ""))
    return render_template("index.html", visits=fetch_visits(10))
""",
                )
            ],
        ),
    ],
    leads_to="make start MOD=mod2-cloudndb",
)
