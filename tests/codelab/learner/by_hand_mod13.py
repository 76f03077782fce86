"""Module 13 by hand: names imported one by one, a class for the cache, the expiry by position, YAML in other quotes."""

from tests.codelab.learner.hand import Delete, Replace, Step, Walk, Write

OLD_CALLS = """\
        store_visit(remote_addr, user_agent)
        visits = fetch_visits(10)
"""

FOR_CLOUD_RUN = Step(
    "Say the same for Cloud Run",
    [
        Write("Procfile", "web: gunicorn --timeout=0 --threads=8 --bind=:$PORT main:app\n"),
        Write(".python-version", "3.14"),
    ],
)

MAIN = Walk(
    "mod13-memorystore",
    [
        Step(
            "Move Datastore to Cloud NDB",
            [
                Write("requirements.txt", "google-cloud-ndb==1.11.2\nsix==1.16.0\nWerkzeug==1.0.1\nFlask==1.1.4\n"),
                Replace(
                    "app.yaml",
                    "handlers:\n",
                    "libraries: [{name: grpcio, version: '1.0.0'}, {name: setuptools, version: '36.6.0'}]\nhandlers:\n",
                ),
                Write(
                    "appengine_config.py",
                    """\
from google.appengine.ext.vendor import add
import pkg_resources as installed

add("lib")
installed.working_set.add_entry("lib")
""",
                ),
                Replace("main.py", "from google.appengine.ext import ndb\n", "from google.cloud import ndb\n"),
                Replace("main.py", "HOUR = 3600\n", "HOUR = 60 * 60\ndb = ndb.Client()\n"),
                Replace(
                    "main.py",
                    OLD_CALLS,
                    """\
        with db.context():
            store_visit(remote_addr, user_agent)
            visits = fetch_visits(10)
""",
                ),
            ],
        ),
        Step(
            "Count the proxies",
            [
                Replace("app.yaml", "api_version: 1\n", 'api_version: 1\nenv_variables:\n  PROXY_HOPS: "0"\n'),
                Replace(
                    "main.py",
                    "app = Flask(__name__)\n",
                    """\
app = Flask(__name__)
app.wsgi_app = ProxyFix(
    app.wsgi_app,
    x_for=int(os.environ["PROXY_HOPS"] if "PROXY_HOPS" in os.environ else 1),
)
""",
                ),
                Replace("main.py", "import json\n", "import json, os\n"),
                Replace(
                    "main.py",
                    "from google.cloud import ndb\n",
                    "from werkzeug.middleware.proxy_fix import ProxyFix\nfrom google.cloud import ndb\n",
                ),
            ],
        ),
        Step(
            "Add a Redis client and the way to the server",
            [
                Replace("requirements.txt", "six==1.16.0\n", "redis==3.5.3\nsix==1.16.0\n"),
                Replace(
                    "app.yaml",
                    '  PROXY_HOPS: "0"\n',
                    """\
  PROXY_HOPS: "0"
  REDIS_PORT: 6379
  REDIS_HOST: 10.1.2.3  # mine
vpc_access_connector: {name: projects/mine/locations/europe-west1/connectors/mine}
""",
                ),
                Replace(
                    "main.py",
                    "from google.cloud import ndb\n",
                    "from google.cloud import ndb\nfrom redis import Redis\n",
                ),
                Replace(
                    "main.py",
                    "db = ndb.Client()\n",
                    """\
db = ndb.Client()
redis_client = Redis(
    socket_timeout=1,
    socket_connect_timeout=1,
    port=int(os.getenv("REDIS_PORT", "6379")),
    host=os.getenv("REDIS_HOST", "localhost"),
    ssl_ca_certs=os.getenv("REDIS_TLS"),
    ssl_check_hostname=os.getenv("REDIS_HOST", "localhost")[-1].isalpha(),
    ssl=os.getenv("REDIS_TLS", "") != "",
    password=os.getenv("REDIS_PASSWORD"),
)
""",
                ),
            ],
        ),
        Step(
            "Exchange Memcache for Redis",
            [
                Replace("main.py", "from google.appengine.api import memcache\n", ""),
                Replace("main.py", "from redis import Redis\n", "from redis import Redis, RedisError\n"),
                Replace("main.py", "memcache.get('visits')", "Cache.read()"),
                Replace(
                    "main.py",
                    "memcache.set('visits', json.dumps(visits), time=HOUR)  # add() keeps the old",
                    "Cache.write(json.dumps(visits))",
                ),
                Replace(
                    "main.py",
                    "@app.route('/')\n",
                    """\
class Cache(object):
    KEY = "visitme:newest"

    @classmethod
    def read(cls):
        try:
            return redis_client.get(cls.KEY)
        except RedisError:
            app.logger.warning("no cache to read", exc_info=True)
            return None

    @classmethod
    def write(cls, text):
        try:
            redis_client.set(cls.KEY, text, HOUR)
        except RedisError:
            app.logger.warning("no cache to write", exc_info=True)


@app.route('/')
""",
                ),
            ],
        ),
    ],
    leads_to="make start MOD=mod13-memorystore/FINISH",
)

PYTHON_3 = Walk(
    "mod13-memorystore/START-py3",
    [
        Step(
            "Move Datastore to Cloud NDB",
            [
                Write(
                    "requirements.txt",
                    "appengine-python-standard==3.1.0\ngunicorn==27.0.1\ngoogle-cloud-ndb==2.7.1\nFlask==3.1.3\n",
                ),
                Replace("main.py", "from google.appengine.ext import ndb\n", "from google.cloud import ndb\n"),
                Replace("main.py", "HOUR = 3600\n", "HOUR = 3600\nclient: ndb.Client = ndb.Client(project=None)\n"),
                Replace(
                    "main.py",
                    OLD_CALLS,
                    """\
        with client.context() as context:
            assert context
            store_visit(remote_addr, user_agent)
            visits = fetch_visits(10)
""",
                ),
            ],
        ),
        Step(
            "Add a Redis client and the way to the server",
            [
                Replace("requirements.txt", "Flask==3.1.3\n", "Flask==3.1.3\nredis==8.1.0\n"),
                Write(
                    "app.yaml",
                    """\
runtime: python314
vpc_access_connector:
    name: "projects/mine/locations/europe-west1/connectors/mine"
env_variables:
    REDIS_PORT: "6379"
    REDIS_HOST: "10.1.2.3"
entrypoint: gunicorn --threads=8 --bind=:$PORT main:app
app_engine_apis: true
""",
                ),
                Replace("main.py", "import json\n", "import json\nfrom os import environ\n"),
                Replace(
                    "main.py",
                    "from google.cloud import ndb\n",
                    "import redis as r\nfrom google.cloud import ndb\nimport redis.backoff as pauses, redis.retry\n",
                ),
                Replace(
                    "main.py",
                    "HOUR = 3600\n",
                    """\
HOUR = 3600
server = {"host": environ.get("REDIS_HOST", "localhost"), "port": int(environ.get("REDIS_PORT", 6379))}
safety = {"ssl": bool(environ.get("REDIS_TLS")), "ssl_ca_certs": environ.get("REDIS_TLS"), "ssl_check_hostname": False}
once = redis.retry.Retry(pauses.NoBackoff(), retries=1, supported_errors=(r.ConnectionError,))
cache = r.Redis(
    **server,
    **safety,
    password=environ.get("REDIS_PASSWORD"),
    retry=once,
    socket_timeout=1,
    socket_connect_timeout=1,
)
""",
                ),
            ],
        ),
        Step(
            "Exchange Memcache for Redis",
            [
                Replace("main.py", "import memcache, wrap_wsgi_app", "import wrap_wsgi_app"),
                Replace(
                    "main.py",
                    "        visits = json.loads(memcache.get('visits') or '[]')\n",
                    """\
        cached = "[]"
        with suppress(r.RedisError):
            cached = cache.get("visitme:visits") or cached
        visits = json.loads(cached)
""",
                ),
                Replace(
                    "main.py",
                    "        memcache.set('visits', json.dumps(visits), time=HOUR)  # add() keeps the old\n",
                    """\
        with suppress(r.RedisError):
            cache.set(name="visitme:visits", ex=HOUR, value=json.dumps(visits))
""",
                ),
                Replace("main.py", "import json\n", "import json\nfrom contextlib import suppress\n"),
            ],
        ),
        Step(
            "Leave the bundled services",
            [
                Write(
                    "requirements.txt",
                    "Flask==3.1.3\nWerkzeug==3.1.9\ngoogle-cloud-ndb==2.7.1\nredis==8.1.0\ngunicorn==27.0.1\n",
                ),
                Replace("app.yaml", "app_engine_apis: true\n", ""),
                Replace("app.yaml", "env_variables:\n", "env_variables:\n    PROXY_HOPS: 2\n"),
                Replace(
                    "main.py",
                    "from google.appengine.api import wrap_wsgi_app\n",
                    "from werkzeug.middleware.proxy_fix import ProxyFix as Behind\n",
                ),
                Replace(
                    "main.py",
                    "wrap_wsgi_app(app.wsgi_app)",
                    'Behind(app=app.wsgi_app, x_for=int(environ.get("PROXY_HOPS", "1")))',
                ),
            ],
        ),
        FOR_CLOUD_RUN,
    ],
    leads_to="make start MOD=mod4-cloudrun",
)

PORT = Walk(
    "mod13-memorystore/FINISH",
    [
        Step(
            "Change the runtime and the packages",
            [
                Write(
                    "app.yaml",
                    """\
runtime: python314
entrypoint: "gunicorn -b :${PORT} --threads=8 main:app"
vpc_access_connector: {"name": "projects/mine/locations/europe-west1/connectors/mine"}
env_variables: {"REDIS_HOST": "10.1.2.3", "REDIS_PORT": "6379", "PROXY_HOPS": "2"}
""",
                ),
                Write(
                    "requirements.txt",
                    "redis==8.1.0\nFlask==3.1.3\nWerkzeug==3.1.9\ngoogle-cloud-ndb==2.7.1\ngunicorn==27.0.1\n",
                ),
            ],
        ),
        Step("Delete appengine_config.py", [Delete("appengine_config.py")]),
        Step(
            "Try again once, at once",
            [
                Replace("main.py", "import redis\n", "import redis, redis.backoff, redis.retry\n"),
                Replace(
                    "main.py",
                    "cache = redis.Redis(host",
                    "retry = redis.retry.Retry(redis.backoff.NoBackoff(), 1, (redis.ConnectionError,))\n"
                    "cache = redis.Redis(retry=retry, host",
                ),
            ],
        ),
        FOR_CLOUD_RUN,
    ],
    leads_to="make start MOD=mod4-cloudrun",
)
