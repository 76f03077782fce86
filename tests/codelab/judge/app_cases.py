"""Copies whose app decides: the copy, how many steps are done, and words of what is reported."""

from __future__ import annotations

from codelab.compare.scenarios import HOUR
from tests.codelab.judge.right_cases import CACHE, MAIN, MOD13, MODEL, REDIS, RIGHT, YAML, Case, text
from tests.codelab.learner.hand import Edit, Replace, Write

assert HOUR == 3600

FRONT = """\
class Front(MethodView):
    def get(self):
        store_visit(request.remote_addr, request.user_agent.string)
        path = os.path.join(os.path.dirname(__file__), 'index.html')
        return template.render(path, {'visits': fetch_visits(10)})


app.add_url_rule('/', view_func=Front.as_view('front'))
"""
MIDDLEWARE = """\
client = ndb.Client()


class WithContext(object):
    def __init__(self, wsgi_app):
        self.inner = wsgi_app

    def __call__(self, environ, start_response):
        with client.context():
            return self.inner(environ, start_response)


app.wsgi_app = WithContext(app.wsgi_app)
"""
ROUTE = text("mod1-flask", 2)[text("mod1-flask", 2).index("@app.route") :]
OLD_MODEL = MODEL.replace("timeout=10", "").replace("limit, )", "limit)")
MEMCACHE = """\
from google.appengine.api import memcache


def cache_get(key):
    return memcache.get(key)


def cache_set(key, value, seconds):
    memcache.set(key, value, time=seconds)
"""
FALLBACK = """\
import importlib


def fallback(key):
    memcache = importlib.import_module('google.appengine.api.memcache')
    return memcache.get(key)
"""
SET = "    memcache.set('visits', json.dumps(visits), time=HOUR)  # add() keeps the old\n"
WITHOUT_CONTEXT: list[Edit] = [
    Replace(MAIN, "    with client.context():\n        store_visit(", "    store_visit("),
    Replace(MAIN, "        visits = fetch_visits(10)", "    visits = fetch_visits(10)"),
]


def with_client(place: str, steps: int, client: str) -> Case:
    return place, steps, [Replace(MAIN, REDIS, client)]


# Right: so many steps are done, although the text is another. At the end of the track it is finished. There is one of a
# kind: RIGHT and LIKE_OTHERS have more, in which the app would show nothing else.
DONE: dict[str, tuple[Case, int]] = {
    "a function that returns its errors, while an app serves it": (
        (
            "mod11-functions",
            2,
            [
                Replace(MAIN, "Flask, abort, ", "Flask, "),
                Replace(MAIN, "        abort(404)\n", "        return 'Not found', 404\n"),
                Replace(
                    MAIN, "        abort(405, ['GET', 'HEAD'])\n", "        return 'No', 405, {'Allow': 'GET, HEAD'}\n"
                ),
            ],
        ),
        2,
    ),
    "a password for Redis in app.yaml": (
        (MOD13, 4, [Replace(YAML, "env_variables:\n", "env_variables:\n  REDIS_PASSWORD: secret\n")]),
        4,
    ),
    **{
        name: (RIGHT[name], RIGHT[name][1])
        for name in (
            "a main module of another name on Python 2.7",
            "a package in a folder for the source",
            "a script that starts the server",
        )
    },
    "a blueprint": (
        (
            "mod1-flask",
            2,
            [
                Replace(MAIN, "@app.route('/')", "front = Blueprint('front', __name__)\n\n\n@front.route('/')"),
                Replace(MAIN, "import Flask, request\n", "import Blueprint, Flask, request\n"),
                Write("wsgi.py", "from main import app\n"),
                Replace(
                    MAIN,
                    "    return template.render(path, {'visits': visits})\n",
                    "    return template.render(path, {'visits': visits})\n\n\napp.register_blueprint(front)\n",
                ),
            ],
        ),
        2,
    ),
    "a context in a middleware": (
        ("mod2-cloudndb", 4, [*WITHOUT_CONTEXT, Replace(MAIN, "client = ndb.Client()\n", MIDDLEWARE)]),
        4,
    ),
    "a client for each request": (
        (
            "mod2-cloudndb",
            5,
            [
                Replace(MAIN, "client = ndb.Client()\n", ""),
                Replace(MAIN, "with client.context()", "with ndb.Client().context()"),
            ],
        ),
        5,
    ),
    "a client from a URL": (
        with_client(
            MOD13,
            3,
            "cache = redis.from_url('redis://%s:6379' % os.environ['REDIS_HOST'])\n"
            "REDIS_PORT = os.getenv('REDIS_PORT')",
        ),
        3,
    ),
    "a client from a URL of its own": (
        (
            MOD13,
            4,
            [
                Replace(
                    MAIN,
                    REDIS,
                    "REDIS_HOST = 'Redis'\n"
                    "cache = redis.from_url(os.environ['REDIS_URL'], socket_timeout=1, socket_connect_timeout=1)",
                ),
                Replace(YAML, "REDIS_HOST: REDIS_ADDRESS", "REDIS_URL: redis://10.0.0.3:6379"),
                Replace(YAML, "  REDIS_PORT: '6379'\n", ""),
            ],
        ),
        4,
    ),
    "a client of Memcache": (
        ("mod12-memcache", 3, [Replace(MAIN, "memcache.get('visits')", "memcache.Client().get('visits')")]),
        3,
    ),
    "no time-outs": (
        (MOD13, 4, [Replace(MAIN, ",\n                    socket_connect_timeout=1, socket_timeout=1", "")]),
        4,
    ),
    **{
        name: (RIGHT[name], RIGHT[name][1])
        for name in (
            "variables of other names",
            "byte order marks",
            "a byte order mark in Dockerfile",
            "a model in a package",
            "packages found by site",
        )
    },
}

# Right, as those of DONE: the files leave them to the app, and the app would show what one of DONE shows.
LIKE_OTHERS: dict[str, tuple[Case, int]] = {
    "a class of Flask": (
        (
            "mod1-flask",
            2,
            [
                Replace(MAIN, ROUTE, FRONT),
                Replace(MAIN, "import Flask, request\n", "import Flask, request\nfrom flask.views import MethodView\n"),
            ],
        ),
        2,
    ),
    "a context around each function": (
        (
            "mod2-cloudndb",
            4,
            [
                *WITHOUT_CONTEXT,
                Replace(MAIN, "    Visit(visitor", "    with client.context():\n        Visit(visitor"),
                Replace(MAIN, "    return Visit.query", "    with client.context():\n        return Visit.query"),
            ],
        ),
        4,
    ),
    "a client without TLS": (
        with_client(
            MOD13,
            3,
            "cache = redis.StrictRedis(os.environ['REDIS_HOST'], os.environ['REDIS_PORT'], socket_timeout=2,\n"
            "                          socket_connect_timeout=2)",
        ),
        3,
    ),
}

# Wrong, and the files say so.
NOT_DONE_BY_FILES: dict[str, tuple[Case, int, str]] = {
    "the old Datastore in a module": (
        (
            "mod2-cloudndb",
            5,
            [
                Write("models.py", f"from google.appengine.ext import ndb\n\n\n{OLD_MODEL}"),
                Replace(MAIN, MODEL, ""),
                Replace(MAIN, "app = Flask", "from models import fetch_visits, store_visit\n\napp = Flask"),
            ],
        ),
        2,
        "models.py:1",
    ),
    "Memcache in a module": (
        (
            MOD13,
            4,
            [
                Write("kv.py", MEMCACHE),
                Replace(MAIN, CACHE, ""),
                Replace(MAIN, "HOUR = 3600", "from kv import cache_get, cache_set\n\nHOUR = 3600"),
            ],
        ),
        3,
        "kv.py:1",
    ),
    "only the import of Redis": (with_client(MOD13, 3, "REDIS_HOST = os.environ['REDIS_HOST']"), 2, "is missing"),
}

# Wrong: so many steps are done, and these words are among what is reported. tests/pairs has more of what pages show.
NOT_DONE: dict[str, tuple[Case, int, str]] = {
    "another namespace": (
        ("mod2-cloudndb", 5, [Replace(MAIN, "client.context()", "client.context(namespace='shop')")]),
        4,
        'namespace "shop", where START uses the default one',
    ),
    "the old Datastore by importlib": (
        (
            "mod2-cloudndb",
            5,
            [
                Write(
                    "models.py",
                    "import importlib\nndb = importlib.import_module('google.appengine.ext.ndb')\n\n\n" + OLD_MODEL,
                ),
                Replace(MAIN, MODEL, ""),
                Replace(MAIN, "app = Flask", "from models import fetch_visits, store_visit\n\napp = Flask"),
            ],
        ),
        2,
        "it still calls Datastore through App Engine's bundled services",
    ),
    "Memcache in an outage of Redis": (
        (
            MOD13,
            4,
            [
                Write("kv.py", FALLBACK),
                Replace(
                    MAIN,
                    "at %s: %s', REDIS_HOST, error)\n        return None",
                    "at %s: %s', REDIS_HOST, error)\n        return fallback(key)",
                ),
                Replace(MAIN, "HOUR = 3600", "from kv import fallback\n\nHOUR = 3600"),
            ],
        ),
        3,
        "it still calls App Engine's Memcache",
    ),
    "Memcache in a function that nobody calls": (
        (
            "mod12-memcache",
            2,
            [
                Replace(MAIN, SET, ""),
                Replace(MAIN, "@app.route", f"def remember(visits):\n{SET}\n\n@app.route"),
            ],
        ),
        1,
        "it never calls App Engine's Memcache",
    ),
    "an expiry of a minute": (
        (MOD13, 4, [Replace(MAIN, "HOUR = 3600", "HOUR = 60")]),
        3,
        "59 minutes passed, less than an hour; the same visitor came again",
    ),
    "no expiry": (
        (MOD13, 4, [Replace(MAIN, "cache.set(key, value, ex=seconds)", "cache.set(key, value)")]),
        3,
        "an hour passed; the list should have been fetched anew",
    ),
}

# What cannot be decided on this machine: words of the reason. Nothing says that these are wrong.
UNDECIDED: dict[str, tuple[Case, str]] = {
    "a project that is named in the code": (
        ("mod3-datastore", 4, [Replace(MAIN, "datastore.Client()", "datastore.Client(project='acme-7')")]),
        'project "acme-7", where START uses "demo"',
    ),
    "a package of the system": (
        ("mod4-cloudrun", 3, [Replace("Dockerfile", "WORKDIR", "RUN apt-get update\nWORKDIR")]),
        "RUN apt-get update",
    ),
    "an image of two stages": (
        ("mod4-cloudrun", 3, [Replace("Dockerfile", "FROM", "FROM python:3.14-slim AS build\nFROM")]),
        "multi-stage",
    ),
    "an image of another maker": (
        ("mod4-cloudrun", 3, [Replace("Dockerfile", "FROM python:3.14-slim", "FROM example.com/python:1")]),
        "Python's own images only",
    ),
}
