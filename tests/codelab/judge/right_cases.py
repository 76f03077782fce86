"""Copies that are right, each in a way of its own: the track, the steps done by its own diffs, and the edits."""

from __future__ import annotations

from collections.abc import Sequence

from tests.codelab.learner.hand import Delete, Edit, EndLinesAsWindows, Move, Replace, Write, WriteBytes
from tests.codelab.learner.learner import checker_of
from tests.support.course import ROOT

Case = tuple[str, int, Sequence[Edit]]

MAIN = "main.py"
YAML = "app.yaml"
PINS = "requirements.txt"
CONFIG = "appengine_config.py"
CONNECTOR = "vpc_access_connector:\n  name: projects/PROJECT_ID/locations/REGION/connectors/visitme\n"
MOD13, MOD13_3 = "mod13-memorystore", "mod13-memorystore/START-py3"


def text(place: str, steps: int, file: str = MAIN) -> str:
    """Return a file of a track after so many steps."""
    return checker_of(ROOT, place).trees[steps][file]


def with_mark(place: str, steps: int, *files: str) -> Case:
    """Return a copy whose files begin with a byte order mark."""
    return place, steps, [WriteBytes(file, b"\xef\xbb\xbf" + text(place, steps, file).encode()) for file in files]


REDIS = text(MOD13, 4)[text(MOD13, 4).index("REDIS_HOST = ") : text(MOD13, 4).index("\n\n\nclass Visit")]
CACHE = text(MOD13, 4)[text(MOD13, 4).index("def cache_get") : text(MOD13, 4).index("def cached_visits")]
MODEL = text("mod2-cloudndb", 5)[
    text("mod2-cloudndb", 5).index("class Visit(") : text("mod2-cloudndb", 5).index("@app.route")
]
START = text("mod4-cloudrun", 3, "Dockerfile").splitlines()[-1]
LAST = "    return render_template('index.html', visits=visits)\n"

RIGHT: dict[str, Case] = {
    "a range of versions for Python 2.7": (MOD13, 4, [Replace(PINS, "redis==3.5.3", "redis>=3.4,<4")]),
    "a package below 2": (MOD13, 4, [Replace(PINS, "Flask==1.1.4", "Flask<2")]),
    "compatible versions": ("mod5-buildpacks", 3, [Replace(PINS, "Flask==3.1.3", "Flask~=3.0")]),
    "an older version": ("mod5-buildpacks", 3, [Replace(PINS, "Flask==3.1.3", "flask == 3.0.3")]),
    "packages for both Pythons": (
        MOD13,
        4,
        [Replace(PINS, "Flask==1.1.4", "Flask==3.1.3; python_version >= '3.8'\nFlask==1.1.4; python_version < '3'")],
    ),
    "variables of other names": (
        MOD13,
        4,
        [
            *(Replace(MAIN, f"get('REDIS_{part}'", f"get('CACHE_{part}'") for part in ("HOST", "PORT")),
            *(Replace(YAML, f"REDIS_{part}:", f"CACHE_{part}:") for part in ("HOST", "PORT")),
        ],
    ),
    "variables by getenv": (
        MOD13,
        4,
        [
            Replace(
                MAIN, "REDIS_HOST = os.environ.get('REDIS_HOST', 'localhost')", "REDIS_HOST = getenv('REDIS_HOST')"
            ),
            Replace(MAIN, "import os\n", "import os\nfrom os import getenv\n"),
        ],
    ),
    "variables of the learner's own": (
        MOD13,
        4,
        [
            Replace(MAIN, "HOUR = 3600", "HOUR = int(os.environ.get('CACHE_SECONDS', 3600))"),
            Replace(YAML, "env_variables:\n", "env_variables:\n  LOG_LEVEL: info\n"),
        ],
    ),
    "placeholders filled in": (
        MOD13,
        4,
        [
            Replace(YAML, "REDIS_ADDRESS", "10.11.12.13"),
            Replace(YAML, "PROJECT_ID/locations/REGION", "acme-shop-7/locations/europe-west4"),
        ],
    ),
    "a connector of another name": (MOD13, 4, [Replace(YAML, "connectors/visitme", "connectors/shop")]),
    "Direct VPC egress": (
        MOD13_3,
        5,
        [Replace(YAML, CONNECTOR, "vpc_access:\n  network_interface:\n    network: default\n    subnetwork: apps\n")],
    ),
    "an older runtime": ("mod2-cloudndb/FINISH", 3, [Replace(YAML, "python314", "python312")]),
    "an older Python for Buildpacks": ("mod5-buildpacks", 3, [Write(".python-version", "3.12\n")]),
    "another runtime, in the middle": ("mod2-cloudndb/FINISH", 2, [Replace(YAML, "python314", "'python313'")]),
    "static files in app.yaml": (
        "mod2-cloudndb/FINISH",
        3,
        [
            Replace(
                YAML,
                "env_variables:",
                "handlers:\n- url: /css\n  static_dir: css\n- url: /.*\n  script: auto\n  secure: always\n\n"
                "env_variables:",
            ),
            Write("css/a.css", "a {}\n"),
        ],
    ),
    "static files on Python 2.7": (
        "mod2-cloudndb",
        5,
        [
            Replace(YAML, "handlers:\n", "handlers:\n- url: /css\n  static_dir: css\n"),
            Write("css/a.css", "a {}\n"),
        ],
    ),
    "a secure handler on Python 2.7": (
        "mod2-cloudndb",
        5,
        [Replace(YAML, "  script: main.app\n", "  script: main.app\n  secure: always\n")],
    ),
    "byte order marks": with_mark("mod2-cloudndb", 5, MAIN, YAML, PINS, CONFIG, "templates/index.html"),
    "a byte order mark in Procfile": with_mark("mod5-buildpacks", 3, "Procfile", ".python-version"),
    "a byte order mark in Dockerfile": with_mark("mod4-cloudrun", 3, "Dockerfile"),
    "Windows line ends": ("mod13-memorystore", 4, [EndLinesAsWindows()]),
    "packages found by site": (
        "mod2-cloudndb",
        5,
        [
            Write(
                CONFIG,
                "import os\nimport site\n\nsite.addsitedir(os.path.join(os.path.dirname(__file__), 'lib'))\n"
                "import pkg_resources\npkg_resources.working_set.add_entry('lib')\n",
            )
        ],
    ),
    "packages found by another name of vendor": (
        "mod1-flask",
        4,
        [Write(CONFIG, "from google.appengine.ext.vendor import add as use\n\nuse('lib')\n")],
    ),
    "an import that both Pythons have in their way": (
        "mod2-cloudndb",
        5,
        [
            Replace(
                MAIN,
                "import os\n",
                "import os\ntry:\n    from urllib.parse import quote\n"
                "except ImportError:\n    from urllib import quote\n",
            )
        ],
    ),
    "print with a file after the future import": (
        "mod2-cloudndb",
        5,
        [
            Replace(MAIN, "import os\n", "from __future__ import print_function\nimport os\nimport sys\n"),
            Replace(
                MAIN, "    with client.context():", "    print('visit', file=sys.stderr)\n    with client.context():"
            ),
        ],
    ),
    "letters beyond ASCII with a coding comment": (
        "mod2-cloudndb",
        5,
        [Write(MAIN, "# -*- coding: utf-8 -*-\n# Für alle\n" + text("mod2-cloudndb", 5))],
    ),
    "a server for python main.py": (
        "mod2-cloudndb",
        5,
        [Replace(MAIN, LAST, f"{LAST}\n\nif __name__ == '__main__':\n    app.run(host='127.0.0.1', debug=True)\n")],
    ),
    "certificates checked if there is TLS": (
        MOD13,
        4,
        [
            Replace(
                MAIN,
                "ssl_ca_certs=REDIS_TLS,",
                "ssl_cert_reqs='required' if REDIS_TLS else None, ssl_ca_certs=REDIS_TLS,",
            )
        ],
    ),
    "App Engine's header on App Engine": (
        "mod1-flask",
        4,
        [Replace(MAIN, "request.remote_addr", "request.headers.get('X-Appengine-User-Ip', request.remote_addr)")],
    ),
    "a variable in the Dockerfile": (
        "mod4-cloudrun",
        3,
        [Replace("Dockerfile", "ENV PYTHONUNBUFFERED=1\n", "ENV PYTHONUNBUFFERED=1 PROXY_HOPS=1\n")],
    ),
    "a number of proxies in the code": (
        "mod5-buildpacks",
        3,
        [Replace(MAIN, "x_for=int(os.environ.get('PROXY_HOPS', 1))", "x_for=1")],
    ),
    "a model in a module": (
        "mod2-cloudndb",
        5,
        [
            Write("models.py", f"from google.cloud import ndb\n\n\n{MODEL}"),
            Replace(MAIN, MODEL, ""),
            Replace(MAIN, "app = Flask", "from models import fetch_visits, store_visit\n\napp = Flask"),
        ],
    ),
    "a model in a package": (
        "mod2-cloudndb",
        5,
        [
            Write("shop/__init__.py", "from .visits import fetch_visits, store_visit\n"),
            Write("shop/visits.py", f"import google.cloud.ndb as ndb\n\n\n{MODEL}"),
            Replace(MAIN, MODEL, ""),
            Replace(MAIN, "app = Flask", "from shop import fetch_visits, store_visit\n\napp = Flask"),
        ],
    ),
    "a cache in a module": (
        MOD13,
        4,
        [
            Write(
                "kv.py",
                f"import logging\nimport os\n\nimport redis\n\n{REDIS}\n\n\n{CACHE}".replace("app.logger", "logging"),
            ),
            Replace(MAIN, f"{REDIS}\n", ""),
            Replace(MAIN, CACHE, ""),
            Replace(MAIN, "import redis\n", "from kv import cache_get, cache_set\n"),
        ],
    ),
    "a list of what is uploaded": (
        "mod5-buildpacks",
        3,
        [
            Write(
                ".gcloudignore", "*\n!*.py\n!templates\n!templates/**\n!Procfile\n!.python-version\n!requirements.txt\n"
            )
        ],
    ),
    "a private key that is not uploaded": (
        "mod5-buildpacks",
        3,
        [Write("dev/key.pem", "-----BEGIN PRIVATE KEY-----\nMII\n"), Write(".gcloudignore", "**/*.pem\n")],
    ),
    "a module of a newer Python if there is one": (
        "mod2-cloudndb",
        5,
        [Replace(MAIN, "import os\n", "import os\nimport time\nnow = getattr(time, 'monotonic', time.time)\n")],
    ),
    "open of Python 3 on Python 2.7": (
        "mod2-cloudndb",
        5,
        [Replace(MAIN, "import os\n", "import os\nfrom io import open\nopen(__file__, encoding='utf-8').close()\n")],
    ),
    "a module that the runtime lacks, from a package": (
        "mod5-buildpacks",
        3,
        [
            Replace(MAIN, "import os\n", "import os\nimport cgi\n"),
            Replace(PINS, "Flask==3.1.3", "Flask==3.1.3\nlegacy-cgi==2.6.4"),
        ],
    ),
    "a main module of another name on Python 2.7": (
        "mod1-flask",
        4,
        [Move(MAIN, "server.py"), Replace(YAML, "main.app", "server.app")],
    ),
    "a main module of another name in an image": (
        "mod4-cloudrun",
        3,
        [Move(MAIN, "app.py"), Replace("Dockerfile", "main:app", "app:app")],
    ),
    "a folder for the source": (
        "mod4-cloudrun",
        3,
        [
            Move(MAIN, "src/main.py"),
            Move("templates/index.html", "src/templates/index.html"),
            Replace("Dockerfile", "COPY . ./", "COPY src/ ./"),
        ],
    ),
    "a package in a folder for the source": (
        "mod5-buildpacks",
        3,
        [
            Move(MAIN, "src/shop/web.py"),
            Write("src/shop/__init__.py", ""),
            Move("templates/index.html", "src/shop/templates/index.html"),
            Replace("Procfile", "main:app", "--chdir src shop.web:app"),
        ],
    ),
    "a template in a folder that the code names": (
        "mod1-flask",
        3,
        [
            Move("templates/index.html", "pages/index.html"),
            Replace(MAIN, "Flask(__name__)", "Flask(__name__, template_folder='pages')"),
        ],
    ),
    "gunicorn that reads PORT itself": ("mod4-cloudrun", 3, [Replace("Dockerfile", "-b :$PORT ", "")]),
    "gunicorn that reads PORT itself, from a Procfile": (
        "mod5-buildpacks",
        3,
        [Replace("Procfile", "-b :$PORT ", "")],
    ),
    "a default for the port": ("mod5-buildpacks", 3, [Replace("Procfile", "$PORT", "${PORT:-8080}")]),
    "gunicorn's settings in its file": (
        "mod2-cloudndb/FINISH",
        3,
        [
            Replace(YAML, "-b :$PORT --threads 8", "-c gunicorn.conf.py"),
            Write("gunicorn.conf.py", "import os\n\nbind = ':' + os.environ['PORT']\nthreads = 8\n"),
        ],
    ),
    "a script that starts the server": (
        "mod4-cloudrun",
        3,
        [
            Write("run.sh", "exec gunicorn -b :$PORT main:app\n"),
            Replace("Dockerfile", START, 'CMD ["sh", "run.sh"]'),
        ],
    ),
    "another server": (
        "mod2-cloudndb/FINISH",
        3,
        [
            Replace(
                YAML,
                "gunicorn -b :$PORT --threads 8",
                "waitress-serve --listen=*:$PORT --no-clear-untrusted-proxy-headers",
            ),
            Replace(PINS, "gunicorn==27.0.1", "waitress==3.0.2"),
        ],
    ),
    "requirements in an included file": (
        "mod1-flask",
        4,
        [Move(PINS, "requirements/base.txt"), Write(PINS, "-r requirements/base.txt\n")],
    ),
    "a Python version in project.toml": (
        "mod5-buildpacks",
        3,
        [
            Delete(".python-version"),
            Write("project.toml", '[[build.env]]\nname = "GOOGLE_PYTHON_VERSION"\nvalue = "3.13.x"\n'),
        ],
    ),
    "an ignore file that lists what the image has": (
        "mod4-cloudrun",
        3,
        [Write(".dockerignore", "*\n!main.py\n!requirements.txt\n!templates/\n")],
    ),
    "another way to replace what is cached": (
        "mod12-memcache",
        2,
        [
            Replace(
                MAIN,
                "    memcache.set('visits', json.dumps(visits), time=HOUR)  # add() keeps the old\n",
                "    memcache.delete('visits')\n    memcache.add('visits', json.dumps(visits), time=HOUR)\n",
            )
        ],
    ),
    "other calls of the same service in the middle": (
        "mod3-datastore",
        2,
        [
            Replace(MAIN, "datastore.Entity(client.key('Visit'), ", "client.entity(client.key('Visit'), "),
            Replace(MAIN, "client.put(visit, timeout=10)", "client.put_multi([visit], timeout=10)"),
        ],
    ),
    "a query whose order is set afterwards": (
        "mod3-datastore",
        3,
        [
            Replace(
                MAIN, "query(kind='Visit', order=['-timestamp'])", "query(kind='Visit')\n    query.order = '-timestamp'"
            ),
            Replace(MAIN, "fetch(limit, timeout=10)", "fetch(limit=limit)"),
        ],
    ),
    "an exact version of Python": ("mod5-buildpacks", 3, [Write(".python-version", "3.13.2\n")]),
    "names in a project that begin with my": (
        MOD13,
        4,
        [Replace(YAML, "PROJECT_ID/locations/REGION", "my-shop-prod/locations/europe-west1")],
    ),
}
