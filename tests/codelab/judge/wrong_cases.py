"""Copies that would fail where they are deployed; and copies about which a reviewer has something to say."""

from __future__ import annotations

from tests.codelab.judge.right_cases import CONFIG, LAST, MAIN, MOD13, MOD13_3, PINS, YAML, Case, text
from tests.codelab.learner.hand import Delete, Replace, Write

PROXY = "app.wsgi_app = ProxyFix(app.wsgi_app, x_for=int(os.environ.get('PROXY_HOPS', 1)))\n"
ONE_APP = "app = Flask(__name__)\n"
STORE = "    Visit(visitor='%s: %s' % (remote_addr, user_agent))"

# The copy, and words of the fault: its place and its reason.
FAULTS: dict[str, tuple[Case, str, str]] = {
    "Flask 3 on Python 2.7": (
        (MOD13, 4, [Replace(PINS, "Flask==1.1.4", "Flask==3.1.3")]),
        "requirements.txt:1",
        "flask==1.1.4",
    ),
    "redis from 4 on on Python 2.7": (
        (MOD13, 4, [Replace(PINS, "redis==3.5.3", "redis>=4.0")]),
        "requirements.txt:4",
        "redis==3.5.3",
    ),
    "Werkzeug 3 on Python 2.7": (
        ("mod2-cloudndb", 5, [Replace(PINS, "Werkzeug==1.0.1", "werkzeug~=3.0")]),
        "requirements.txt:2",
        "werkzeug==1.0.1",
    ),
    "Cloud NDB 2 on Python 2.7": (
        ("mod2-cloudndb", 5, [Replace(PINS, "google-cloud-ndb==1.11.2", "google_cloud_ndb == 2.3.0")]),
        "requirements.txt:3",
        "google-cloud-ndb==1.11.2",
    ),
    "gunicorn 20 in an image of Python 2.7": (
        ("mod4-cloudrun/START-py2", 3, [Replace(PINS, "gunicorn==19.10.0", "gunicorn==20.1.0")]),
        "requirements.txt:1",
        "gunicorn==19.10.0",
    ),
    "an argument that redis 3.5 lacks": (
        (MOD13, 4, [Replace(MAIN, "socket_timeout=1)", "socket_timeout=1, retry=None)")]),
        "main.py:17",
        '"retry"',
    ),
    "a module that redis 3.5 lacks": (
        (MOD13, 4, [Replace(MAIN, "import redis\n", "import redis\nfrom redis.backoff import NoBackoff\n")]),
        "main.py:7",
        "redis.backoff",
    ),
    "a decorator that Flask 1 lacks": (
        ("mod2-cloudndb", 5, [Replace(MAIN, "@app.route('/')", "@app.get('/')")]),
        "main.py:29",
        "flask.Flask.get",
    ),
    "an f-string on Python 2.7": (
        ("mod2-cloudndb", 5, [Replace(MAIN, "'%s: %s' % (remote_addr, user_agent)", "f'{remote_addr}: {user_agent}'")]),
        "main.py:21",
        "an f-string",
    ),
    "an f-string in a module on Python 2.7": (
        (
            "mod2-cloudndb",
            5,
            [
                Write("words.py", "def join(a, b):\n    return f'{a}: {b}'\n"),
                Replace(MAIN, "import os\n", "import os\nfrom words import join\n"),
            ],
        ),
        "words.py:2",
        "an f-string",
    ),
    "an annotation on Python 2.7": (
        ("mod2-cloudndb", 5, [Replace(MAIN, "def fetch_visits(limit):", "def fetch_visits(limit: int):")]),
        "main.py:24",
        "an annotation",
    ),
    "arguments by name only on Python 2.7": (
        ("mod2-cloudndb", 5, [Replace(MAIN, "def fetch_visits(limit):", "def fetch_visits(limit, *, deadline=10):")]),
        "main.py:24",
        "parameter list",
    ),
    "an assignment in an expression on Python 2.7": (
        ("mod12-memcache", 3, [Replace(MAIN, "if not visits or", "if not (seen := visits) or")]),
        "main.py",
        '":="',
    ),
    "raise from on Python 2.7": (
        (
            "mod2-cloudndb",
            5,
            [
                Replace(
                    MAIN,
                    STORE,
                    "    try:\n        int('1')\n    except ValueError as e:\n        raise TypeError() from e\n"
                    + STORE,
                )
            ],
        ),
        "main.py:24",
        "raise ... from",
    ),
    "print into a file on Python 2.7": (
        ("mod2-cloudndb", 5, [Replace(MAIN, STORE, "    print('x', end='')\n" + STORE)]),
        "main.py:21",
        "print()",
    ),
    "super without arguments on Python 2.7": (
        (
            "mod2-cloudndb",
            5,
            [
                Write("more.py", "class A(object):\n    def f(self):\n        return super().f()\n"),
                Replace(MAIN, "import os\n", "import more\nimport os\n"),
            ],
        ),
        "more.py:3",
        "super()",
    ),
    "pathlib on Python 2.7": (
        ("mod2-cloudndb", 5, [Replace(MAIN, "import os\n", "import os\nfrom pathlib import Path\n")]),
        "main.py:2",
        "pathlib",
    ),
    "a zone of datetime on Python 2.7": (
        ("mod2-cloudndb", 5, [Replace(MAIN, "import os\n", "from datetime import timezone\nimport os\n")]),
        "main.py:1",
        "datetime.timezone",
    ),
    "letters beyond ASCII on Python 2.7": (
        ("mod2-cloudndb", 5, [Replace(MAIN, "# The visitor's address", "# L'adresse reçue")]),
        "main.py",
        "coding",
    ),
    "a variable misspelled where it is read": (
        (MOD13, 4, [Replace(MAIN, "get('REDIS_HOST'", "get('REDIS_HSOT'")]),
        "main.py:14",
        "the name is REDIS_HOST",
    ),
    "a variable misspelled where it is set": (
        (MOD13_3, 5, [Replace(YAML, "REDIS_HOST:", "REDIS_HOTS:")]),
        "app.yaml:6",
        "it sets REDIS_HOTS",
    ),
    "a variable misspelled on Cloud Run": (
        ("mod5-buildpacks", 3, [Replace(MAIN, "'PROXY_HOPS'", "'PROXY_HPOS'")]),
        "main.py:9",
        "the name is PROXY_HOPS",
    ),
    "a variable that nothing sets": (
        (MOD13, 4, [Replace(YAML, "  REDIS_PORT: '6379'\n", "")]),
        "app.yaml",
        "sets no REDIS_PORT",
    ),
    "the variables' own key misspelled": (
        (MOD13, 4, [Replace(YAML, "env_variables:", "env_variable:")]),
        "app.yaml:15",
        "write env_variables",
    ),
    "an address in the code": (
        (MOD13, 3, [Replace(MAIN, "os.environ.get('REDIS_HOST', 'localhost')", "'10.0.0.3'")]),
        "app.yaml:17",
        "never reads it",
    ),
    "a placeholder misspelled": (
        (MOD13, 4, [Replace(YAML, "REDIS_ADDRESS", "REDIS_ADRESS")]),
        "app.yaml:17",
        "neither",
    ),
    "a placeholder in brackets": (
        (MOD13, 4, [Replace(YAML, "REDIS_ADDRESS", "<REDIS_ADDRESS>")]),
        "app.yaml:17",
        "neither",
    ),
    "a part of a path misspelled": (
        (MOD13, 4, [Replace(YAML, "connectors/visitme", "connector/visitme")]),
        "app.yaml:21",
        "neither",
    ),
    "a placeholder emptied": ((MOD13, 4, [Replace(YAML, "REDIS_ADDRESS", "''")]), "app.yaml:17", "neither"),
    "a path with a part missing": ((MOD13, 4, [Replace(YAML, "/locations/REGION", "")]), "app.yaml:21", "neither"),
    "a path with a part left in capitals": (
        (MOD13, 4, [Replace(YAML, "PROJECT_ID", "YOUR_PROJECT")]),
        "app.yaml:21",
        "neither",
    ),
    "no certificate checked": (
        (MOD13, 4, [Replace(MAIN, "ssl_ca_certs=REDIS_TLS", "ssl_cert_reqs='none'")]),
        "main.py:19",
        "checks no certificate",
    ),
    "no certificate checked, by ssl's name": (
        (
            MOD13_3,
            5,
            [
                Replace(MAIN, "ssl_ca_certs=REDIS_TLS", "ssl_cert_reqs=ssl.CERT_NONE"),
                Replace(MAIN, "import os\n", "import os\nimport ssl\n"),
            ],
        ),
        "main.py",
        "checks no certificate",
    ),
    "no certificate checked, in a URL": (
        (MOD13_3, 5, [Replace(MAIN, "HOUR = 3600", "HOUR = 3600\nURL = 'rediss://10.0.0.3:6378?ssl_cert_reqs=none'")]),
        "main.py:12",
        "checks no certificate",
    ),
    "an empty appengine_config.py": (("mod1-flask", 4, [Write(CONFIG, "")]), "appengine_config.py", "vendor.add"),
    "an appengine_config.py with a comment": (
        ("mod2-cloudndb", 5, [Write(CONFIG, "# vendor.add('lib')\n")]),
        "appengine_config.py",
        "vendor.add",
    ),
    "no appengine_config.py": (("mod2-cloudndb", 5, [Delete(CONFIG)]), "appengine_config.py", "vendor.add"),
    "lib unknown to pkg_resources": (
        ("mod2-cloudndb", 5, [Write(CONFIG, "from google.appengine.ext import vendor\n\nvendor.add('lib')\n")]),
        "appengine_config.py",
        "pkg_resources",
    ),
    "a server at import": (
        ("mod5-buildpacks", 3, [Replace(MAIN, LAST, f"{LAST}\n\napp.run(port=8080)\n")]),
        "main.py:38",
        "starts a server",
    ),
    "a server at import, in a condition": (
        ("mod2-cloudndb", 5, [Replace(MAIN, LAST, f"{LAST}\n\nif not os.environ.get('TEST'):\n    app.run()\n")]),
        "main.py:39",
        "starts a server",
    ),
    "a server at import, in a function": (
        (
            "mod2-cloudndb/FINISH",
            3,
            [Replace(MAIN, LAST, f"{LAST}\n\ndef main():\n    app.run(port=8080)\n\n\nmain()\n")],
        ),
        "main.py:39",
        "starts a server",
    ),
    "a debugger for visitors": (
        (
            "mod5-buildpacks",
            3,
            [
                Write("Procfile", "web: python3 main.py\n"),
                Replace(
                    MAIN, LAST, f"{LAST}\n\nif __name__ == '__main__':\n    app.run('0.0.0.0', 8080, debug=True)\n"
                ),
            ],
        ),
        "main.py:39",
        "open a debugger",
    ),
    "a server on a port of its own": (
        (
            "mod5-buildpacks",
            3,
            [
                Write("Procfile", "web: python main.py\n"),
                Replace(MAIN, LAST, f"{LAST}\n\nif __name__ == '__main__':\n    app.run(host='0.0.0.0')\n"),
            ],
        ),
        "main.py:39",
        "listens on port 5000",
    ),
    "a cached list that is never replaced": (
        ("mod12-memcache", 2, [Replace(MAIN, "memcache.set(", "memcache.add(")]),
        "main.py:",
        "add() keeps what is cached already",
    ),
    "templates that the image lacks": (
        ("mod4-cloudrun", 3, [Write(".dockerignore", "*\n!*.py\n!requirements.txt\n")]),
        ".dockerignore:1",
        "keeps templates/index.html out of the image",
    ),
    "App Engine's header on Cloud Run": (
        (
            "mod5-buildpacks",
            3,
            [Replace(MAIN, "request.remote_addr", "request.headers.get('X-AppEngine-User-IP', request.remote_addr)")],
        ),
        "main.py:33",
        "every client can",
    ),
    "App Engine's header in a container": (
        ("mod4-cloudrun", 1, [Replace(MAIN, "request.remote_addr", "request.environ['HTTP_X_APPENGINE_USER_IP']")]),
        "main.py:31",
        "every client can",
    ),
    "App Engine's header in a function": (
        (
            "mod11-functions",
            5,
            [
                Replace(
                    MAIN,
                    "    remote_addr = request.remote_addr\n",
                    "    remote_addr = request.headers['x-appengine-user-ip']\n",
                )
            ],
        ),
        "main.py",
        "every client can",
    ),
    "a server for this machine only, in a Procfile": (
        ("mod5-buildpacks", 3, [Replace("Procfile", "-b :$PORT", "-b localhost:$PORT")]),
        "Procfile:1",
        "listens on localhost",
    ),
    "a server for this machine only, in a Dockerfile": (
        ("mod4-cloudrun", 3, [Replace("Dockerfile", "-b :$PORT", "--bind=127.0.0.1:$PORT")]),
        "Dockerfile:12",
        "listens on 127.0.0.1",
    ),
    "a server for this machine only, in app.yaml": (
        (MOD13_3, 5, [Replace(YAML, "-b :$PORT", "-b 127.0.0.1:$PORT")]),
        "app.yaml:2",
        "listens on 127.0.0.1",
    ),
    "a server for this machine only, in gunicorn's file": (
        ("mod5-buildpacks", 3, [Write("gunicorn.conf.py", "import os\nbind = '127.0.0.1:' + os.environ['PORT']\n")]),
        "gunicorn.conf.py:2",
        "listens on 127.0.0.1",
    ),
    "a server for this machine only, by python main.py": (
        (
            "mod5-buildpacks",
            3,
            [
                Write("Procfile", "web: python main.py $PORT\n"),
                Replace(
                    MAIN, LAST, LAST + "\n\nif __name__ == '__main__':\n    app.run(port=int(os.environ['PORT']))\n"
                ),
            ],
        ),
        "main.py",
        "listens on 127.0.0.1",
    ),
    "a Dockerfile beside the Procfile": (
        ("mod5-buildpacks", 3, [Write("Dockerfile", text("mod4-cloudrun", 3, "Dockerfile"))]),
        "Dockerfile",
        "reads no Procfile",
    ),
    "an image that does not exist": (
        ("mod4-cloudrun", 3, [Replace("Dockerfile", "python:3.14-slim", "python:3.41-slim")]),
        "Dockerfile:1",
        "no Python 3.41",
    ),
    "a Python that does not exist": (
        ("mod5-buildpacks", 3, [Replace(".python-version", "3.14", "3.41")]),
        ".python-version:1",
        "no Python 3.41",
    ),
    "a module that came after the runtime": (
        (
            MOD13_3,
            5,
            [
                Replace(YAML, "python314", "python310"),
                Replace(MAIN, "import os\n", "import os\nimport tomllib\n"),
            ],
        ),
        "main.py:3",
        "has no tomllib: it came with 3.11",
    ),
    "a module that the runtime has lost": (
        (MOD13_3, 5, [Replace(MAIN, "import os\n", "import os\nfrom cgi import escape\n")]),
        "main.py:3",
        "has no cgi: 3.13 removed it",
    ),
    "a function that Python 2.7 lacks": (
        ("mod2-cloudndb", 5, [Replace(MAIN, "import os\n", "import os\nimport time\nBEGIN = time.monotonic()\n")]),
        "main.py:3",
        "no time.monotonic",
    ),
    "an argument that Python 2.7 lacks": (
        ("mod2-cloudndb", 5, [Replace(MAIN, "import os\n", "import os\nopen(__file__, encoding='utf-8').close()\n")]),
        "main.py:2",
        'no argument "encoding" of open()',
    ),
    "a method that Python 2.7 lacks": (
        ("mod2-cloudndb", 5, [Replace(MAIN, "import os\n", "import os\n'v1'.removeprefix('v')\n")]),
        "main.py:2",
        "no method removeprefix()",
    ),
    "no certificates, by a constant": (
        (
            MOD13_3,
            5,
            [
                Replace(MAIN, "HOUR = 3600\n", "HOUR = 3600\nCHECK = None\n"),
                Replace(MAIN, "ssl=bool(REDIS_TLS),", "ssl=bool(REDIS_TLS), ssl_cert_reqs=CHECK,"),
            ],
        ),
        "main.py:12",
        "checks no certificate",
    ),
    "a bundled service imported by its name": (
        ("mod1-flask", 3, [Replace(MAIN, ONE_APP, ONE_APP + "old = __import__('google.appengine.ext.webapp')\n")]),
        "main.py",
        "imports google.appengine.ext.webapp",
    ),
    "a bundled service imported by a joined name": (
        (
            "mod1-flask",
            3,
            [
                Replace(
                    MAIN,
                    "app = Flask(__name__)\n",
                    "app = Flask(__name__)\n"
                    "template = importlib.import_module('google.appengine.ext.webapp' + '.template')\n",
                )
            ],
        ),
        "main.py",
        "imports google.appengine.ext.webapp.template",
    ),
    "templates that are not uploaded": (
        (MOD13_3, 5, [Write(".gcloudignore", ".git\n*.html\n__pycache__/\n")]),
        ".gcloudignore:2",
        '"*.html" keeps templates/index.html from being uploaded',
    ),
    "a folder that is not uploaded": (
        (
            "mod5-buildpacks",
            3,
            [Write(".gcloudignore", "#!include:.gitignore\n"), Write(".gitignore", "/templates/\n")],
        ),
        ".gitignore:1",
        "keeps templates/index.html",
    ),
    "a list of what is uploaded, without the requirements": (
        (MOD13_3, 5, [Write(".gcloudignore", "*\n!main.py\n!templates/**\n!templates\n!Procfile\n!.python-version\n")]),
        ".gcloudignore:1",
        "keeps requirements.txt",
    ),
    "packages that are not uploaded to python27": (
        (MOD13, 4, [Write(".gitignore", "*.pyc\nlib/\n")]),
        ".gitignore:2",
        "keeps lib from being uploaded",
    ),
    "a private key": (
        ("mod3-datastore", 3, [Write("key.json", '{\n"private_key": "-----BEGIN PRIVATE KEY-----\\nMII"}\n')]),
        "key.json:2",
        "a private key is uploaded",
    ),
}

# The copy, and words of the remark.
REMARKS: dict[str, tuple[Case, str, str]] = {
    "no time-outs": (
        (MOD13, 4, [Replace(MAIN, ",\n                    socket_connect_timeout=1, socket_timeout=1", "")]),
        "main.py:17",
        "set socket_timeout and socket_connect_timeout",
    ),
    "long time-outs": (
        (
            MOD13,
            4,
            [
                Replace(
                    MAIN, "socket_connect_timeout=1, socket_timeout=1", "socket_connect_timeout=30, socket_timeout=30"
                )
            ],
        ),
        "main.py:21",
        "socket_timeout=30",
    ),
    "no time-out for the answer": (
        (MOD13_3, 5, [Replace(MAIN, "socket_connect_timeout=1, socket_timeout=1,", "socket_connect_timeout=1,")]),
        "main.py:19",
        "set socket_timeout",
    ),
    "pickle": ((MOD13, 4, [Replace(MAIN, "import json\n", "import pickle as json\n")]), "main.py:1", "pickle"),
    "a key without prefix": (
        (
            MOD13,
            4,
            [
                Replace(MAIN, "cache_get('visitme:visits')", "cache_get('visits')"),
                Replace(MAIN, "cache_set('visitme:visits'", "cache_set('visits'"),
            ],
        ),
        "main.py",
        '"visits" has no prefix',
    ),
    "a key without prefix, in a constant": (
        (
            MOD13,
            4,
            [
                Replace(MAIN, "HOUR = 3600", "HOUR = 3600\nKEY = 'visitors'"),
                Replace(MAIN, "cache_get('visitme:visits')", "cache_get(KEY)"),
                Replace(MAIN, "cache_set('visitme:visits'", "cache_set(KEY"),
            ],
        ),
        "main.py",
        '"visitors" has no prefix',
    ),
    "host names not checked": (
        (
            MOD13,
            4,
            [Replace(MAIN, "ssl_check_hostname=not REDIS_HOST.replace('.', '').isdigit()", "ssl_check_hostname=False")],
        ),
        "main.py:20",
        "ssl_check_hostname=False",
    ),
    "a package without version": (
        ("mod5-buildpacks", 3, [Replace(PINS, "Flask==3.1.3", "Flask")]),
        "requirements.txt:2",
        "has no version",
    ),
    "a Datastore without time-out": (
        (
            "mod2-cloudndb",
            5,
            [Replace(MAIN, ".put(timeout=10)", ".put()"), Replace(MAIN, "fetch(limit, timeout=10)", "fetch(limit)")],
        ),
        "main.py",
        "timeout=10",
    ),
    "a number of proxies in the code, and a variable": (
        ("mod2-cloudndb", 5, [Replace(MAIN, PROXY, "app.wsgi_app = ProxyFix(app.wsgi_app, x_for=0)\n")]),
        "app.yaml:16",
        "sets PROXY_HOPS",
    ),
    "a placeholder left in": ((MOD13, 4, []), "app.yaml:17", "fill in REDIS_ADDRESS"),
    "a secret in the source": (
        ("mod1-flask", 3, [Replace(MAIN, ONE_APP, ONE_APP + "app.secret_key = 'aW8x-9sk2'\n")]),
        "main.py:5",
        "secret_key is a secret",
    ),
    "a secret in an argument": (
        (MOD13_3, 5, [Replace(MAIN, "password=os.environ.get('REDIS_PASSWORD')", "password='aW8x-9sk2'")]),
        "main.py",
        "password is a secret",
    ),
    "a secret in app.yaml": (
        (MOD13_3, 5, [Replace(YAML, "  REDIS_PORT:", "  REDIS_PASSWORD: aW8x-9sk2\n  REDIS_PORT:")]),
        "app.yaml:7",
        "REDIS_PASSWORD is a secret",
    ),
    "a secret in an image": (
        ("mod4-cloudrun", 3, [Replace("Dockerfile", "WORKDIR /app", "ARG API_TOKEN='aW8x 9sk2'\nWORKDIR /app")]),
        "Dockerfile:3",
        "API_TOKEN is a secret",
    ),
    "debugging": (
        ("mod1-flask", 3, [Replace(MAIN, ONE_APP, ONE_APP + "app.config['DEBUG'] = True\n")]),
        "main.py:5",
        "debugging is on",
    ),
    "a container that runs as root": (
        ("mod4-cloudrun", 3, [Replace("Dockerfile", "USER 65534\n", "")]),
        "Dockerfile",
        "runs as root",
    ),
    "many retries of Redis": (
        ("mod13-memorystore/FINISH", 3, [Replace(MAIN, "Retry(NoBackoff(), 1, ", "Retry(NoBackoff(), 10, ")]),
        "main.py:",
        "10 retries hold a page",
    ),
    "a cache of one process": (
        (
            MOD13,
            4,
            [
                Replace(MAIN, "HOUR = 3600\n", "HOUR = 3600\nSEEN = {}\n"),
                Replace(
                    MAIN,
                    "        cache.set(key, value, ex=seconds)",
                    "        SEEN[key] = value\n        cache.set(key, value, ex=seconds)",
                ),
            ],
        ),
        "main.py:10",
        "SEEN is a cache of one process",
    ),
    "one release of Python": (
        ("mod5-buildpacks", 3, [Write(".python-version", "3.13.2\n")]),
        ".python-version:1",
        "no security fixes; 3.13 takes",
    ),
    "debugging by a variable": (
        ("mod4-cloudrun", 3, [Replace("Dockerfile", "ENV PYTHONUNBUFFERED=1", "ENV TITLE='My visits' FLASK_DEBUG=1")]),
        "Dockerfile:2",
        "debugging is on",
    ),
    "one call without time-out": (
        ("mod2-cloudndb", 5, [Replace(MAIN, ".put(timeout=10)", ".put()")]),
        "main.py:21",
        "pass timeout=10 to put()",
    ),
    "a client for each request": (
        (
            "mod2-cloudndb",
            5,
            [Replace(MAIN, "    with client.context():", "    with ndb.Client().context():")],
        ),
        "main.py",
        "root() makes a client at each call",
    ),
    "objects in Memcache": (
        (
            "mod12-memcache",
            3,
            [
                Replace(MAIN, "json.dumps(visits)", "visits"),
                Replace(MAIN, "json.loads(memcache.get('visits') or '[]')", "memcache.get('visits') or []"),
            ],
        ),
        "main.py",
        "Memcache pickles",
    ),
    "gunicorn's own limit on Cloud Run": (
        ("mod4-cloudrun", 3, [Replace("Dockerfile", " --timeout 0", "")]),
        "Dockerfile:12",
        "--timeout 0",
    ),
    "every visit read, and the list cut": (
        ("mod2-cloudndb", 5, [Replace(MAIN, ".fetch(limit, timeout=10)", ".fetch(timeout=10)[:limit]")]),
        "main.py:26",
        "this reads every entity",
    ),
    "bundled services that nothing uses": (
        (
            "mod2-cloudndb/FINISH",
            3,
            [Replace(YAML, "runtime: python314\n", "runtime: python314\napp_engine_apis: true\n")],
        ),
        "app.yaml:2",
        "delete app_engine_apis",
    ),
}
