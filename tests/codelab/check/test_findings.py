"""The messages about a copy that has not done a step, by the files before the step, after it, and in the copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from codelab.check import Checker, Finding
from tests.codelab.check.tracks import Tree, make_track

MAIN = {"main.py": "import flask\n"}
TEMPLATE = "{{ visit.visitor }}\n"
CLIENT = "from google.cloud import ndb\n\nclient = ndb.Client()\n"

LONG = "redis.Redis(host='localhost', port=6379, socket_timeout=10, password='secret', db=0, decode=1, ssl=True)"

# The tree before the step, the tree after it, the copy, and the messages.
CASES: dict[str, tuple[Tree, Tree, Tree, list[str]]] = {
    "a port that no shell replaces": (
        {"Dockerfile": "FROM python:3.14\n"},
        {"Dockerfile": "FROM python:3.14\nCMD gunicorn -b :$PORT main:app\n"},
        {"Dockerfile": 'FROM python:3.14\nCMD ["gunicorn", "-b", ":$PORT", "main:app"]\n'},
        [
            "Dockerfile:2: no shell replaces $PORT in the exec form; "
            'expected "CMD gunicorn -b :$PORT main:app", found "CMD ["gunicorn", "-b", ":$PORT", "main:app"]"'
        ],
    ),
    "a fixed port": (
        {"Procfile": "web: gunicorn -b :1 old:app\n"},
        {"Procfile": "web: gunicorn -b :$PORT main:app\n"},
        {"Procfile": "web: gunicorn -b :5000 main:app\n"},
        [
            "Procfile:1: the server listens on a fixed port, and the platform gives the port in $PORT; "
            'expected "web: gunicorn -b :$PORT main:app", found "web: gunicorn -b :5000 main:app"'
        ],
    ),
    "several lines of a list": (
        {".gitignore": "a\n"},
        {".gitignore": "a\nlib/\n*.pyc\n"},
        {".gitignore": "a\nsomething else\n"},
        ['.gitignore: "lib/", "*.pyc" are missing'],
    ),
    "a new file that is missing": (
        MAIN,
        {**MAIN, "Procfile": "web: gunicorn main:app\n"},
        MAIN,
        ["Procfile: this file is missing; create it"],
    ),
    "a new file in other letters": (
        MAIN,
        {**MAIN, "Procfile": "web: gunicorn main:app\n"},
        {**MAIN, "procfile": "web: gunicorn main:app\n"},
        ["Procfile: this file is missing; rename procfile to Procfile"],
    ),
    "a new file with a suffix": (
        MAIN,
        {**MAIN, "Procfile": "web: gunicorn main:app\n"},
        {**MAIN, "Procfile.txt": "web: gunicorn main:app\n"},
        ["Procfile: this file is missing; rename Procfile.txt to Procfile"],
    ),
    "a file that is not moved": (
        {"index.html": TEMPLATE},
        {"templates/index.html": TEMPLATE},
        {"index.html": TEMPLATE},
        ["index.html: should be gone after this step; move it to templates/"],
    ),
    "a file that is moved to another folder": (
        {"index.html": TEMPLATE},
        {"templates/index.html": TEMPLATE},
        {"template/index.html": TEMPLATE},
        ["templates/index.html: this file is missing; move template/index.html to templates/"],
    ),
    "a file that is copied, not moved": (
        {"index.html": TEMPLATE},
        {"templates/index.html": TEMPLATE},
        {"index.html": TEMPLATE, "templates/index.html": TEMPLATE},
        ["index.html: should be gone after this step; delete it, templates/index.html replaces it"],
    ),
    "a file that is not deleted": (
        {**MAIN, "app.yaml": "runtime: python314\n"},
        MAIN,
        {**MAIN, "app.yaml": "runtime: python314\n"},
        ["app.yaml: should be gone after this step; delete it"],
    ),
    "a line that is missing": (
        {"app.yaml": "runtime: python314\n"},
        {"app.yaml": "runtime: python314\napp_engine_apis: true\n"},
        {"app.yaml": "runtime: python314\n"},
        ['app.yaml: "app_engine_apis: true" is missing'],
    ),
    "a key whose own keys are missing too": (
        {"app.yaml": "runtime: python314\n"},
        {"app.yaml": "runtime: python314\nenv_variables:\n  HOPS: '2'\n"},
        {"app.yaml": "runtime: python314\n"},
        ["app.yaml: \"HOPS: '2'\" is missing"],
    ),
    "another value": (
        {"app.yaml": "runtime: python314\n"},
        {"app.yaml": "runtime: python314\nservice: new\n"},
        {"app.yaml": "runtime: python314\nservice: old\n"},
        ['app.yaml:2: expected "service: new", found "service: old"'],
    ),
    "an older version": (
        {"requirements.txt": "six==1.16.0\n"},
        {"requirements.txt": "six==1.16.0\nredis==8.0.1\n"},
        {"requirements.txt": "six==1.16.0\nredis==7.0.0\n"},
        ['requirements.txt:2: expected "redis==8.0.1", found "redis==7.0.0"'],
    ),
    "a newer version": (
        {"requirements.txt": "six==1.16.0\n"},
        {"requirements.txt": "six==1.16.0\nredis==8.0.1\n"},
        {"requirements.txt": "six==1.16.0\nredis==8.1\n"},
        [],
    ),
    "a misspelled package": (
        {"requirements.txt": "six==1.16.0\n"},
        {"requirements.txt": "six==1.16.0\ngoogle-cloud-ndb==2.3\n"},
        {"requirements.txt": "google-cloud-nbd==2.3\nsix==1.16.0\n"},
        ['requirements.txt:1: expected "google-cloud-ndb==2.3", found "google-cloud-nbd==2.3"'],
    ),
    "an object that is not made at the top level": (
        {"main.py": "from google.cloud import ndb\n"},
        {"main.py": CLIENT},
        {"main.py": "from google.cloud import ndb\n\ndef handle():\n    client = ndb.Client()\n"},
        ['main.py:4: "client = ndb.Client()" should be at the top level of the file'],
    ),
    "a line whose names mean something else": (
        {"main.py": "from google.cloud import ndb\n"},
        {"main.py": CLIENT},
        {"main.py": CLIENT.replace("\n\n", "\nfrom fakes import ndb\n\n")},
        ['main.py:4: "client = ndb.Client()" uses names that mean something else here; check where they come from'],
    ),
    "an old import that is left in": (
        {"main.py": "import webapp2\n"},
        MAIN,
        {"main.py": "import flask\nimport webapp2\n"},
        ['main.py:2: "import webapp2" still uses webapp2, which this step removes'],
    ),
    "a line with two names that go": (
        {"main.py": "import a, b\n"},
        MAIN,
        {"main.py": "import flask\nimport a, b\n"},
        ['main.py:2: "import a, b" still uses a and b, which this step removes'],
    ),
    "a misspelled key": (
        {"app.yaml": "runtime: python314\n"},
        {"app.yaml": "runtime: python314\nentrypoint: gunicorn main:app\n"},
        {"app.yaml": "runtime: python314\nentry_point: gunicorn main:app\n"},
        ['app.yaml:2: expected "entrypoint: gunicorn main:app", found "entry_point: gunicorn main:app"'],
    ),
    "a misspelled key above another": (
        {"app.yaml": "runtime: python314\n"},
        {"app.yaml": "runtime: python314\nvpc_access_connector:\n  name: projects/PROJECT_ID\n"},
        {"app.yaml": "runtime: python314\nvpc_acces_conector:\n  name: projects/PROJECT_ID\n"},
        ['app.yaml:2: expected the key "vpc_access_connector", found "vpc_acces_conector"'],
    ),
    "a long line with one word too much and one missing": (
        {"main.py": "import redis\n"},
        {"main.py": f"import redis\n{LONG}\n"},
        {"main.py": f"import redis\n{LONG}\n".replace("password", "passwort").replace("ssl=True", "nothing=None")},
        [
            f'main.py:2: expected "{LONG}", found it with a difference: '
            "[-passwort=-] {+password=+} [-nothing=None-] {+ssl=True+}"
        ],
    ),
    "a package that is left in, and a name of it": (
        {"main.py": "import webapp2\n"},
        MAIN,
        {"main.py": "import flask\nimport webapp2\nwebapp2.Route('/')\n"},
        ['main.py:2: "import webapp2" still uses webapp2, which this step removes'],
    ),
    "an old import after the new one": (
        {"main.py": "from google.appengine.ext import ndb\n"},
        {"main.py": CLIENT},
        {"main.py": CLIENT.replace("\n\n", "\nfrom google.appengine.ext import ndb\n\n")},
        ['main.py:2: "from google.appengine.ext import ndb" still uses google.appengine, which this step removes'],
    ),
    "an import that gives a later line another meaning": (
        {"main.py": CLIENT.replace("google.cloud", "google.appengine.ext")},
        {"main.py": CLIENT},
        {"main.py": CLIENT.replace("google.cloud", "google.appengine.ext")},
        ['main.py:1: expected "from google.cloud import ndb", found "from google.appengine.ext import ndb"'],
    ),
    "an import that is missing along with a line that the step leaves as it is": (
        {"main.py": CLIENT.replace("google.cloud", "google.appengine.ext")},
        {"main.py": CLIENT},
        {"main.py": ""},
        ['main.py: "from google.cloud import ndb" is missing'],
    ),
    "an item of a list in another version": (
        {"app.yaml": "libraries:\n- name: six\n  version: '1'\n"},
        {"app.yaml": "libraries:\n- name: six\n  version: '2'\n"},
        {"app.yaml": "libraries:\n- name: six\n  version: '1'\n"},
        ['app.yaml:2: expected "- name: six, version: 2", found "- name: six, version: 1"'],
    ),
    "an old key that is left in": (
        {"app.yaml": "runtime: python27\napi_version: 1\n"},
        {"app.yaml": "runtime: python314\n"},
        {"app.yaml": "runtime: python314\napi_version: 1\n"},
        ['app.yaml:2: "api_version: 1" should be gone after this step'],
    ),
    "a call of another function of the same package": (
        {"main.py": "from google.appengine.api import memcache\n"},
        {"main.py": "from google.appengine.api import memcache\nmemcache.set('a', 1)\n"},
        {"main.py": "from google.appengine.api import memcache\nmemcache.add('a', 1)\n"},
        ["main.py:2: expected \"memcache.set('a', 1)\", found \"memcache.add('a', 1)\""],
    ),
    "a file in a folder that belongs to the top": (
        MAIN,
        {**MAIN, "app.yaml": "runtime: python314\n"},
        {**MAIN, "config/app.yaml": "runtime: python314\n"},
        ["app.yaml: this file is missing; move config/app.yaml to the top folder of the app"],
    ),
    "a call without an argument of the step": (
        {"main.py": "import redis\n"},
        {"main.py": "import redis\nredis.Redis(port=1, socket_timeout=1)\n"},
        {"main.py": "import redis\nredis.Redis(port=1)\n"},
        ['main.py:2: expected "redis.Redis(port=1, socket_timeout=1)", found "redis.Redis(port=1)"'],
    ),
    "a call that is missing with its arguments": (
        {"main.py": "import redis\n"},
        {"main.py": "import redis\nredis.Redis(port=1, socket_timeout=1)\n"},
        {"main.py": "import redis\n"},
        ['main.py: "redis.Redis(port=1, socket_timeout=1)" is missing'],
    ),
    "a call that is missing with its arguments on other lines": (
        {"main.py": "import redis\n"},
        {"main.py": "import redis\nwith redis.lock(\n    'a',\n    timeout=1,\n):\n    pass\n"},
        {"main.py": "import redis\n"},
        ['main.py: "with redis.lock(" is missing'],
    ),
    "a file that cannot be read": (
        MAIN,
        {"main.py": "import flask\nflask.Flask()\n"},
        {"main.py": "import flask\nflask.Flask(\n"},
        ["main.py:2: not valid Python: \"flask.Flask(\" ('(' was never closed)"],
    ),
    "names, quotes, order and comments of the learner's own": (
        {"main.py": "import flask\n"},
        {"main.py": "import flask\nimport redis\n\ndef f():\n    return redis.get('a')\n"},
        {"main.py": 'import redis  # mine\nimport flask\n\ndef g(): return redis.get("b")\n'},
        [],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_step_not_done_is_reported_line_by_line(case: str, tmp_path: Path) -> None:
    before, after, copy, messages = CASES[case]
    (status,) = Checker(make_track(tmp_path, before, after)).progress(copy).steps
    assert [str(finding) for finding in status.findings] == messages


@pytest.mark.parametrize(
    ("after", "copy", "firm"),
    [
        ({"app.yaml": "a: 1\nb: 2\n"}, {"app.yaml": "a: 1\n"}, True),
        ({"app.yaml": "a: 1\n", "main.py": "import redis\nredis.get()\n"}, {"app.yaml": "a: 1\n"}, True),
    ],
    ids=["a key", "a file"],
)
def test_what_a_platform_relies_on_is_firm(after: Tree, copy: Tree, firm: bool, tmp_path: Path) -> None:
    (status,) = Checker(make_track(tmp_path, {"app.yaml": "a: 1\n"}, after)).progress(copy).steps
    assert [finding.firm for finding in status.findings] == [firm]


def test_call_is_not_firm(tmp_path: Path) -> None:
    before, after = {"main.py": "import redis\n"}, {"main.py": "import redis\nredis.get()\n"}
    (status,) = Checker(make_track(tmp_path, before, after)).progress(before).steps
    assert [finding.firm for finding in status.findings] == [False]


def test_long_message_is_cut() -> None:
    assert len(Finding("main.py", 1, "x" * 5_000, True).message) == 2_003
