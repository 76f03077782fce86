"""Module 11 by hand: type hints, early returns, a function of one's own for the address, f-strings."""

from tests.codelab.learner.hand import Delete, Replace, Step, Walk, Write

MAIN = Walk(
    "mod11-functions",
    [
        Step(
            "Give the handler its request",
            [
                Write(
                    "requirements.txt",
                    "functions_framework==3.10.2\ngunicorn==27.0.1\nFlask==3.1.3\n"
                    "Werkzeug==3.1.9\ngoogle-cloud-ndb==2.7.1\n",
                ),
                Write(
                    "main.py",
                    """\
\"\"\"VisitMe as a function.\"\"\"

import os

import flask
from google.cloud.ndb import Client, DateTimeProperty, Model, TextProperty
from werkzeug.middleware.proxy_fix import ProxyFix

client = Client()


class Visit(Model):
    \"\"\"Who came, and when.\"\"\"

    visitor = TextProperty()
    timestamp = DateTimeProperty(auto_now_add=True)


def store_visit(remote_addr: str, user_agent: str) -> None:
    Visit(visitor=f"{remote_addr}: {user_agent}").put()


def fetch_visits(limit: int) -> list:
    return Visit.query().order(-Visit.timestamp).fetch(limit)


def visitme(call: flask.Request) -> str:
    with client.context():
        store_visit(call.remote_addr, call.headers.get("User-Agent", ""))
        newest = fetch_visits(10)
    return flask.render_template("index.html", visits=newest)


app = flask.Flask(__name__)
app.wsgi_app = ProxyFix(app.wsgi_app, x_for=int(os.environ.get("PROXY_HOPS", 1)))


@app.get("/")
def serve_on_app_engine():
    return visitme(flask.request)
""",
                ),
            ],
        ),
        Step(
            "Answer one path and two methods",
            [
                Replace(
                    "main.py",
                    "-> str:\n    with client.context():\n        store_visit(call",
                    """\
-> str:
    if call.path.strip() != "/":
        return flask.abort(404)
    if call.method in {"HEAD", "GET"}:
        return answer(call)
    return flask.abort(405, ("GET", "HEAD"))


def answer(call: flask.Request) -> str:
    with client.context():
        store_visit(call""",
                )
            ],
        ),
        Step(
            "Read the visitor's address from the request",
            [
                Replace("main.py", "from werkzeug.middleware.proxy_fix import ProxyFix\n", ""),
                Replace(
                    "main.py",
                    'app.wsgi_app = ProxyFix(app.wsgi_app, x_for=int(os.environ.get("PROXY_HOPS", 1)))\n',
                    "",
                ),
                Replace("main.py", "store_visit(call.remote_addr,", "store_visit(visitor_address(call),"),
                Replace(
                    "main.py",
                    "def visitme(",
                    """\
def visitor_address(call: flask.Request) -> str:
    \"\"\"Return what the last HOPS proxies wrote.\"\"\"
    addresses = call.headers.get("x-forwarded-for", call.remote_addr).split(",")
    return addresses[-min(HOPS, len(addresses))].strip()


def visitme(""",
                ),
                Replace(
                    "main.py", "client = Client()\n", 'client = Client()\nHOPS = int(os.getenv("PROXY_HOPS") or 1)\n'
                ),
            ],
        ),
        Step("Delete app.yaml", [Delete("app.yaml")]),
        Step(
            "Remove the Flask app and what only it needed",
            [
                Write("requirements.txt", "google-cloud-ndb==2.7.1\nFlask==3.1.3\nfunctions-framework==3.10.2\n"),
                Replace(
                    "main.py",
                    """\


app = flask.Flask(__name__)


@app.get("/")
def serve_on_app_engine():
    return visitme(flask.request)
""",
                    "",
                ),
            ],
        ),
    ],
    leads_to="make start MOD=mod12-memcache",
)
