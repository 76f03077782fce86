"""Each way to reach a service is found, and what only looks like one is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from codelab.assess import Area, Destination, Verdict
from tests.codelab.assess.apps import PYTHON27, assess_app, places

WAYS = {
    "plain": ("from google.appengine.api import memcache\nmemcache.get('a')\n", "main.py:2 memcache.get"),
    "alias": ("from google.appengine.api import memcache as m\nm.get('a')\n", "main.py:2 memcache.get"),
    "whole name": (
        "import google.appengine.api.memcache\ngoogle.appengine.api.memcache.get('a')\n",
        "main.py:2 memcache.get",
    ),
    "package": ("from google.appengine import api\napi.memcache.get('a')\n", "main.py:2 memcache.get"),
    "function": ("from google.appengine.api.memcache import get as read\nread('a')\n", "main.py:2 memcache.get"),
    "inside a function": (
        "def f():\n    from google.appengine.api import memcache\n    return memcache.get('a')\n",
        "main.py:3 memcache.get",
    ),
    "client": (
        "from google.appengine.api import memcache\nclient = memcache.Client()\ndef f(): client.gets('a')\n",
        "main.py:3 memcache.Client().gets",
    ),
    "variable": (
        "from google.appengine.api import memcache\ncache = memcache\ncache.get('a')\n",
        "main.py:3 memcache.get",
    ),
    "tried": (
        "try:\n    from google.appengine.api import memcache\n"
        "except ImportError:\n    memcache = None\nmemcache.get('a')\n",
        "main.py:5 memcache.get",
    ),
    "argument of a method of a result": (
        "from google.appengine.api import memcache, urlfetch\nurlfetch.fetch(memcache.get('a')).content\n",
        "main.py:2 memcache.get",
    ),
    "by a string": (
        "import importlib\nm = importlib.import_module('google.appengine.api.memcache')\nm.get('a')\n",
        "main.py:3 memcache.get",
    ),
    "by __import__": (
        "__import__('google.appengine.api.memcache')\n",
        "main.py:1 import google.appengine.api.memcache",
    ),
    "by webapp2": (
        "import webapp2\nm = webapp2.import_string('google.appengine.api.memcache')\n",
        "main.py:2 import google.appengine.api.memcache",
    ),
    "in Python 2": ("from google.appengine.api import memcache\nprint memcache.get('a')\n", "main.py:2 memcache.get"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_service_is_found(tmp_path: Path, way: str) -> None:
    text, place = WAYS[way]

    found = places(assess_app(tmp_path, {"main.py": text}), Area.SERVICE)

    assert place in found["api.memcache"]


LOOKALIKES = {
    "comment": "# from google.appengine.api import memcache\n",
    "docstring": '"""from google.appengine.api import memcache; memcache.get("a")"""\n',
    "text": "x = 'google.appengine.api.memcache'\n",
    "own module": "import memcache\nmemcache.get('a')\n",
    "method": "class A:\n    def memcache(self): self.memcache.get('a')\n",
}


@pytest.mark.parametrize("case", LOOKALIKES)
def test_what_looks_like_a_service_is_no_finding(tmp_path: Path, case: str) -> None:
    assert not places(assess_app(tmp_path, {"main.py": LOOKALIKES[case]}), Area.SERVICE)


def test_a_parameter_hides_an_import_of_the_same_name(tmp_path: Path) -> None:
    text = "from google.appengine.api import memcache\ndef f(memcache): return memcache.get('a')\n"

    found = places(assess_app(tmp_path, {"main.py": text}), Area.SERVICE)

    assert found == {"api.memcache": ["main.py:1 import google.appengine.api.memcache"]}


def test_a_part_counts_for_its_service(tmp_path: Path) -> None:
    text = "from google.appengine.ext.webapp import blobstore_handlers, mail_handlers\n"

    assert set(places(assess_app(tmp_path, {"main.py": text}), Area.SERVICE)) == {"ext.blobstore", "api.mail"}


def test_app_yaml_switches_services_on(tmp_path: Path) -> None:
    app_yaml = PYTHON27 + "inbound_services:\n- mail\nbuiltins:\n- deferred: on\n- appstats: off\n"

    found = places(assess_app(tmp_path, {"app.yaml": app_yaml}), Area.SERVICE)

    assert found == {"api.mail": ["app.yaml:8 mail"], "ext.deferred": ["app.yaml:10 deferred: on"]}


def test_an_import_by_a_computed_name_is_listed_as_not_read(tmp_path: Path) -> None:
    text = "import importlib\nimportlib.import_module(name)\n"

    found = places(assess_app(tmp_path, {"main.py": text}), Area.UNREAD)

    assert found == {"imports by a computed name": ["main.py:2"]}


def test_a_bundled_service_stays_on_app_engine_and_changes_elsewhere(tmp_path: Path) -> None:
    files = {"main.py": "from google.appengine.api import memcache, xmpp\n"}

    verdicts = {
        place: {f.name: f.advice.verdict(place) for f in assess_app(tmp_path, files, place).of(Area.SERVICE)}
        for place in Destination
    }

    assert verdicts[Destination.APP_ENGINE] == {"api.memcache": Verdict.STAYS, "api.xmpp": Verdict.CHANGE}
    assert set(verdicts[Destination.CLOUD_RUN].values()) == {Verdict.CHANGE}


def test_a_framework_that_is_the_apps_own_module_is_none(tmp_path: Path) -> None:
    files = {"main.py": "import web\nimport bottle\n", "web.py": "x = 1\n"}

    assert set(places(assess_app(tmp_path, files), Area.FRAMEWORK)) == {"bottle"}
