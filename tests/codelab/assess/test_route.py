"""The modules for an app and a destination, as docs/which-way.md has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from codelab.assess import Assessment, Destination
from tests.codelab.assess.apps import PYTHON27, assess_app

NDB = "from google.appengine.ext import ndb\n"
MEMCACHE = "from google.appengine.api import memcache\n"
TASKS = "from google.appengine.api import taskqueue\n"
HERE, RUN, FUNCTIONS = Destination


def modules(assessment: Assessment) -> list[str]:
    return [stop.name for stop in assessment.route if stop.is_module]


# The rows of "Some whole ways" in docs/which-way.md, and apps that are on Python 3 already.
WAYS = [
    ("import webapp2\n" + NDB, PYTHON27, HERE, ["mod1-flask", "mod1-flask/FINISH"]),
    (
        "import webapp2\n" + NDB + MEMCACHE,
        PYTHON27,
        HERE,
        ["mod1-flask", "mod1-flask/FINISH", "mod12-memcache/START-py3"],
    ),
    (
        "import webapp2\n" + NDB + MEMCACHE,
        PYTHON27,
        RUN,
        ["mod1-flask", "mod12-memcache", "mod13-memorystore", "mod13-memorystore/FINISH", "mod5-buildpacks"],
    ),
    ("import flask\n" + NDB + TASKS, PYTHON27, RUN, ["mod2-cloudndb", "mod2-cloudndb/FINISH", "mod5-buildpacks"]),
    (
        "import webapp2\n" + NDB,
        PYTHON27,
        FUNCTIONS,
        ["mod1-flask", "mod2-cloudndb", "mod2-cloudndb/FINISH", "mod11-functions"],
    ),
    ("from google.appengine.ext import webapp\n", PYTHON27, HERE, ["mod1-flask", "mod1-flask/FINISH"]),
    ("from google.cloud import ndb\n", PYTHON27, HERE, ["mod2-cloudndb/FINISH"]),
    ("from google.cloud import ndb\n", "runtime: python314\n", HERE, []),
    ("from google.cloud import ndb\n", "runtime: python314\n", RUN, ["mod5-buildpacks"]),
    (MEMCACHE, "runtime: python314\n", RUN, ["mod13-memorystore/START-py3", "mod5-buildpacks"]),
]


@pytest.mark.parametrize(("code", "app_yaml", "to", "expected"), WAYS)
def test_modules_in_order(tmp_path: Path, code: str, app_yaml: str, to: Destination, expected: list[str]) -> None:
    assert modules(assess_app(tmp_path, {"main.py": code, "app.yaml": app_yaml}, to)) == expected


def test_a_service_without_a_module_is_replaced_before_the_app_leaves(tmp_path: Path) -> None:
    route = assess_app(tmp_path, {"main.py": "import flask\n" + NDB + TASKS, "app.yaml": PYTHON27}, RUN).route

    titles = [stop.title for stop in route]
    stop = route[titles.index("Replace api.taskqueue")]
    assert stop.link is not None
    assert stop.link.target.startswith("https://docs.cloud.google.com/")
    assert titles.index(stop.title) < [stop.name for stop in route].index("mod5-buildpacks")


def test_an_app_without_app_yaml_is_python2_if_a_file_is(tmp_path: Path) -> None:
    assert assess_app(tmp_path / "a", {"main.py": "print 'a'\n"}).python2
    assert not assess_app(tmp_path / "b", {"main.py": "print('a')\n"}).python2
