"""The most likely mistakes that the files show: each is reported with file and line, without running the app."""

from __future__ import annotations

from pathlib import Path

import pytest

from codelab.readme.trees import read_tree, write_tree
from tests.codelab.learner.hand import Edit, Move, Replace, Write, edit
from tests.codelab.learner.learner import checker_of
from tests.support.course import ROOT

# The track with the steps done before the mistake and those that count as done after it; the mistake; and words of what
# is found missing in the step to do, in this order.
MISTAKES: dict[str, tuple[tuple[str, int, int], list[Edit], list[str]]] = {
    "template left beside main py": (
        ("mod1-flask", 2, 2),
        [Replace("index.html", ".ctime }}", ".ctime() }}")],
        ["index.html: should be gone after this step; move it to templates/"],
    ),
    "template copied instead of moved": (
        ("mod1-flask", 3, 2),
        [Write("index.html", "{% for v in visits %}{{ v.timestamp.ctime }}{% endfor %}")],
        ["index.html: should be gone after this step; delete it, templates/index.html replaces it"],
    ),
    "parentheses of ctime forgotten in the template": (
        ("mod1-flask", 3, 2),
        [Replace("templates/index.html", "ctime()", "ctime")],
        [
            'templates/index.html:13: expected "<li>{{ visit.timestamp.ctime() }} from {{ visit.visitor }}</li>"',
            'found "<li>{{ visit.timestamp.ctime }} from {{ visit.visitor }}</li>"',
        ],
    ),
    "old import left in": (
        ("mod1-flask", 2, 1),
        [Replace("main.py", "\napp = Flask", "import webapp2\n\napp = Flask")],
        ['main.py:6: "import webapp2" still uses webapp2, which this step removes'],
    ),
    "old ndb imported after the new one": (
        ("mod2-cloudndb", 3, 2),
        [
            Replace(
                "main.py",
                "from google.cloud import ndb\n",
                "from google.cloud import ndb\nfrom google.appengine.ext import ndb\n",
            )
        ],
        ['main.py:3: "from google.appengine.ext import ndb" still uses google.appengine, which this step removes'],
    ),
    "requirement without a pin": (
        ("mod2-cloudndb", 1, 0),
        [Replace("requirements.txt", "ndb==1.11.2", "ndb")],
        ['requirements.txt:2: expected "google-cloud-ndb==1.11.2", found "google-cloud-ndb"'],
    ),
    "requirement pinned to an older version": (
        ("mod2-cloudndb", 1, 0),
        [Replace("requirements.txt", "1.11.2", "1.9.0")],
        ['requirements.txt:2: expected "google-cloud-ndb==1.11.2", found "google-cloud-ndb==1.9.0"'],
    ),
    "requirement misspelled": (
        ("mod2-cloudndb", 1, 0),
        [Replace("requirements.txt", "google-cloud-ndb==", "google-cloud-nbd==")],
        ['requirements.txt:2: expected "google-cloud-ndb==1.11.2", found "google-cloud-nbd==1.11.2"'],
    ),
    "requirement with a single equals sign": (
        ("mod2-cloudndb", 1, 0),
        [Replace("requirements.txt", "six==", "six=")],
        ['requirements.txt:3: "six=1.16.0" is not a requirement; write one such as'],
    ),
    "gunicorn forgotten where app yaml starts it": (
        ("mod2-cloudndb/FINISH", 3, 0),
        [Replace("requirements.txt", "gunicorn==27.0.1\n", "")],
        ['requirements.txt: "gunicorn==27.0.1" is missing'],
    ),
    "client made in each request": (
        ("mod2-cloudndb", 4, 2),
        [
            Replace("main.py", "client = ndb.Client()\n", ""),
            Replace("main.py", "    with client", "    client = ndb.Client()\n    with client"),
        ],
        ['main.py:26: "client = ndb.Client()" should be at the top level of the file'],
    ),
    "proxy hops forgotten in app yaml": (
        ("mod2-cloudndb", 5, 4),
        [
            Replace(
                "app.yaml",
                "env_variables:\n  PROXY_HOPS: '0'  # python27 itself puts the visitor into REMOTE_ADDR\n",
                "",
            )
        ],
        ["app.yaml: \"PROXY_HOPS: '0'\" is missing"],
    ),
    "proxy hops of another platform in app yaml": (
        ("mod2-cloudndb", 5, 4),
        [Replace("app.yaml", "PROXY_HOPS: '0'", "PROXY_HOPS: '1'")],
        ["app.yaml:16: expected \"PROXY_HOPS: '0'\", found \"PROXY_HOPS: '1'\""],
    ),
    "proxy hops of cloud run on app engine": (
        ("mod2-cloudndb/FINISH", 2, 1),
        [Replace("app.yaml", "PROXY_HOPS: '2'", "PROXY_HOPS: '1'")],
        ["app.yaml:5: expected \"PROXY_HOPS: '2'\", found \"PROXY_HOPS: '1'\""],
    ),
    "time without a zone": (
        ("mod3-datastore", 2, 1),
        [Replace("main.py", "datetime.now(timezone.utc)", "datetime.now()")],
        ["main.py:25: expected \"visit['timestamp'] = datetime.now(timezone.utc)\"", "datetime.now()"],
    ),
    "text not excluded from the indexes": (
        ("mod3-datastore", 2, 1),
        [Replace("main.py", ", exclude_from_indexes=['visitor']", "")],
        [
            "main.py:23: expected ",
            "exclude_from_indexes=['visitor']",
            "found \"visit = datastore.Entity(client.key('Visit'))",
        ],
    ),
    "order called as in ndb": (
        ("mod3-datastore", 3, 2),
        [Replace("main.py", ", order=['-timestamp'])", ").order('-timestamp')")],
        ["main.py:31: expected ", "order=['-timestamp'])", "found ", ".order('-timestamp')"],
    ),
    "ndb left in the requirements": (
        ("mod3-datastore", 4, 3),
        [Replace("requirements.txt", "2.27.0\n", "2.27.0\ngoogle-cloud-ndb==2.7.1\n")],
        ['requirements.txt:5: "google-cloud-ndb==2.7.1" should be gone after this step'],
    ),
    "python 2 keys left in app yaml": (
        ("mod1-flask/FINISH", 2, 1),
        [Write("app.yaml", "runtime: python314\napi_version: 1\napp_engine_apis: true\n")],
        ['app.yaml:2: "api_version: 1" should be gone after this step'],
    ),
    "bundled services not asked for": (
        ("mod1-flask/FINISH", 2, 1),
        [Write("app.yaml", "runtime: python314\n")],
        ['app.yaml: "app_engine_apis: true" is missing'],
    ),
    "app wrapped in place of its wsgi app": (
        ("mod1-flask/FINISH", 3, 2),
        [Replace("main.py", "app.wsgi_app = wrap_wsgi_app(app.wsgi_app)", "app = wrap_wsgi_app(app)")],
        ['main.py:6: expected "app.wsgi_app = wrap_wsgi_app(app.wsgi_app)"'],
    ),
    "app yaml left behind": (
        ("mod4-cloudrun", 3, 2),
        [Write("app.yaml", "runtime: python314\n")],
        ["app.yaml: should be gone after this step; delete it"],
    ),
    "pip install before the requirements are copied": (
        ("mod4-cloudrun", 1, 0),
        [
            Replace("Dockerfile", "COPY requirements.txt ./\n", ""),
            Replace("Dockerfile", "COPY . ./\n", "COPY requirements.txt ./\nCOPY . ./\n"),
        ],
        ['Dockerfile:6: expected "COPY requirements.txt, then RUN pip install, then COPY the source", found "RUN pip'],
    ),
    "everything copied before pip install": (
        ("mod4-cloudrun", 1, 0),
        [
            Write(
                "Dockerfile",
                "FROM python:3.14-slim\nWORKDIR /app\nCOPY . ./\nRUN pip install -r requirements.txt\n"
                "CMD exec gunicorn -b :$PORT --threads 8 main:app\n",
            )
        ],
        ['Dockerfile:4: expected "COPY requirements.txt, then RUN pip install'],
    ),
    "port fixed in the dockerfile": (
        ("mod4-cloudrun", 1, 0),
        [Replace("Dockerfile", "$PORT", "8080")],
        ["Dockerfile:12: the server listens on a fixed port", ":$PORT", "a difference", "[-8080-]"],
    ),
    "list form without a shell to fill in the port": (
        ("mod4-cloudrun", 1, 0),
        [
            Replace(
                "Dockerfile",
                '["sh", "-c", "exec gunicorn -b :$PORT --threads 8 --timeout 0 --no-control-socket main:app"]',
                '["gunicorn", "-b", ":$PORT", "--threads", "8", "main:app"]',
            )
        ],
        ["Dockerfile:12: no shell replaces $PORT", "sh", "found"],
    ),
    "threads forgotten in the dockerfile": (
        ("mod4-cloudrun", 1, 0),
        [Replace("Dockerfile", " --threads 8", "")],
        ["Dockerfile:12: expected", "--threads 8", "found"],
    ),
    "dockerignore without its dot": (
        ("mod4-cloudrun", 2, 1),
        [Move(".dockerignore", "dockerignore")],
        [".dockerignore: this file is missing; rename dockerignore to .dockerignore"],
    ),
    "timeout forgotten in the dockerfile": (
        ("mod4-cloudrun", 1, 0),
        [Replace("Dockerfile", " --timeout 0", "")],
        ["Dockerfile:12: expected", "--timeout 0", "found"],
    ),
    "procfile in lower case": (
        ("mod5-buildpacks", 1, 0),
        [Move("Procfile", "procfile")],
        ["Procfile: this file is missing; rename procfile to Procfile"],
    ),
    "procfile with a suffix": (
        ("mod5-buildpacks", 1, 0),
        [Move("Procfile", "Procfile.txt")],
        ["Procfile: this file is missing; rename Procfile.txt to Procfile"],
    ),
    "procfile without web": (
        ("mod5-buildpacks", 1, 0),
        [Write("Procfile", "gunicorn -b :$PORT --threads 8 main:app\n")],
        ['Procfile:1: cannot read "gunicorn -b', 'write a line such as "web: COMMAND"'],
    ),
    "procfile with another process type": (
        ("mod5-buildpacks", 1, 0),
        [Replace("Procfile", "web:", "app:")],
        ['Procfile:1: expected "web: gunicorn', 'found "app: gunicorn'],
    ),
    "old version named in python version": (
        ("mod5-buildpacks", 2, 1),
        [Write(".python-version", "3.6\n")],
        ['.python-version:1: expected "3.14", found "3.6"'],
    ),
    "function of another name": (
        ("mod11-functions", 5, 0),
        [Write("main.py", "def visit_me(request):\n    return ''\n")],
        ['main.py: "def visitme(request):" is missing'],
    ),
    "memcache add in place of set": (
        ("mod12-memcache", 2, 1),
        [Replace("main.py", "memcache.set(", "memcache.add(")],
        ["main.py:34: expected \"memcache.set('visits'", "found \"memcache.add('visits'"],
    ),
    "expiry forgotten": (
        ("mod12-memcache", 2, 1),
        [Replace("main.py", ", time=HOUR)", ")")],
        ["main.py:34: expected", "time=HOUR", "found \"memcache.set('visits'"],
    ),
    "only connection error caught": (
        ("mod13-memorystore", 4, 3),
        [
            Replace(
                "main.py",
                "return cache.get(key)\n    except redis.RedisError",
                "return cache.get(key)\n    except redis.ConnectionError",
            ),
            Replace(
                "main.py", "ex=seconds)\n    except redis.RedisError", "ex=seconds)\n    except redis.ConnectionError"
            ),
        ],
        ['main.py:46: expected "except redis.RedisError as error:", found "except redis.ConnectionError as error:"'],
    ),
    "time outs forgotten": (
        ("mod13-memorystore", 3, 2),
        [Replace("main.py", ",\n                    socket_connect_timeout=1, socket_timeout=1", "")],
        ["main.py:18: expected", "socket_timeout=1", "found"],
    ),
    "address of redis written into the code": (
        ("mod13-memorystore", 3, 2),
        [Replace("main.py", "os.environ.get('REDIS_HOST', 'localhost')", "'10.0.0.3'")],
        ["main.py", "REDIS_HOST", "is missing"],
    ),
    "invalid python": (
        ("mod2-cloudndb", 4, 2),
        [Replace("main.py", "with client.context():", "with client.context()")],
        ['main.py:27: not valid Python: "with client.context()" ('],
    ),
    "a block that is not indented": (
        ("mod2-cloudndb", 4, 2),
        [Replace("main.py", "        store_visit(", "    store_visit(")],
        ["main.py:28: not valid Python: "],
    ),
    "invalid yaml": (
        ("mod2-cloudndb", 2, 1),
        [Replace("app.yaml", "- name: grpcio\n", "- name: grpcio\n\t")],
        ["app.yaml:11: not valid YAML: "],
    ),
    "invalid template": (
        ("mod1-flask", 3, 2),
        [Replace("templates/index.html", "{% endfor %}\n", "")],
        ["templates/index.html:", "not a valid Jinja2 template: "],
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_mistake_is_reported_with_file_and_line(case: str, tmp_path: Path) -> None:
    (place, done_before, done), edits, words = MISTAKES[case]
    checker = checker_of(ROOT, place)
    write_tree(checker.trees[done_before], tmp_path)
    edit(tmp_path, edits)
    progress = checker.progress(read_tree(tmp_path))
    assert (progress.reached, progress.damage) == (done, ())
    assert progress.pending
    found = "\n".join(map(str, progress.pending.findings))
    position = 0
    for word in words:
        assert word in found[position:], found
        position = found.index(word, position) + len(word)
