"""Each way to reach a service is found, and what only looks like one is not."""

from __future__ import annotations

from pathlib import Path

import google.appengine.api
import pytest

from codelab.assess import Area, Destination, Verdict
from tests.codelab.assess.apps import PYTHON27, assess_app, places

SDK = Path(google.appengine.api.__file__).parents[1]
# For the package itself.
INTERNAL = {"api.cmp_compat", "api.mail_stub_service", "api.stublib", "api.titanoboa_request_info"}
# The package has it, and Google does not support it.
NOT_SUPPORTED = {"ext.remote_api"}
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


def test_a_django_project_keeps_djangos_templates(tmp_path: Path) -> None:
    template = "from django.template import loader\n"

    alone = places(assess_app(tmp_path / "alone", {"main.py": template}), Area.FRAMEWORK)
    with_models = {"main.py": template, "models.py": "from django.db import models\n"}
    project = places(assess_app(tmp_path / "project", with_models), Area.FRAMEWORK)

    assert (set(alone), set(project)) == ({"django.template"}, {"django"})


def test_an_app_on_python3_keeps_its_framework(tmp_path: Path) -> None:
    files = {
        "app.yaml": "runtime: python314\n",
        "main.py": "import flask\nfrom google.appengine.api import wrap_wsgi_app\n",
    }

    assessment = assess_app(tmp_path, files)

    findings = {finding.name: finding for area in (Area.FRAMEWORK, Area.SERVICE) for finding in assessment.of(area)}
    assert {name: f.advice.verdict(Destination.APP_ENGINE) for name, f in findings.items()} == {
        "flask": Verdict.STAYS,
        "api.wrap_wsgi_app": Verdict.STAYS,
    }
    (shown,) = findings["api.wrap_wsgi_app"].shown_by(Destination.APP_ENGINE)
    assert shown.target == "mod1-flask/README.md#step-3-wrap-the-app"


def _parts_of_the_package() -> list[str]:
    found = [
        f"{folder.name}.{path.stem}"
        for folder in (SDK / "api", SDK / "ext")
        for path in folder.iterdir()
        if f"{folder.name}.{path.stem}" not in INTERNAL
        and not path.stem.startswith("_")
        and not path.stem.endswith(("_pb2", "_test_util", "_testutil", "_stub"))
    ]
    return sorted({*found, "datastore.datastore_query", "runtime.apiproxy_errors"})


def test_each_part_of_the_sdk_for_python3_is_known(tmp_path: Path) -> None:
    text = "".join(f"import google.appengine.{part}\n" for part in _parts_of_the_package())

    findings = assess_app(tmp_path, {"main.py": text}).of(Area.SERVICE)

    verdicts = {finding.name: finding.advice.verdict(Destination.APP_ENGINE) for finding in findings}
    assert {name for name, verdict in verdicts.items() if verdict is not Verdict.STAYS} == NOT_SUPPORTED


def test_a_part_that_only_the_old_sdk_has_is_told(tmp_path: Path) -> None:
    found = assess_app(tmp_path, {"main.py": "import google.appengine.tools.devappserver2\n"}).of(Area.SERVICE)

    assert [(finding.name, finding.advice.verdict(Destination.APP_ENGINE)) for finding in found] == [
        ("other parts of the SDK", Verdict.CHANGE)
    ]
