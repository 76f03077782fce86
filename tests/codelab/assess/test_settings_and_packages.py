"""app.yaml and its siblings, packages, copied folders, and what the platform does not give."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from codelab.assess import Area, Destination, Verdict
from tests.codelab.assess.apps import PYTHON27, assess_app, places


def test_keys_of_app_yaml_are_found_by_line(tmp_path: Path) -> None:
    app_yaml = (
        PYTHON27
        + "- url: /static\n  static_dir: static\n  login: admin\nlibraries:\n- name: jinja2\n  version: latest\n"
    )

    found = places(assess_app(tmp_path, {"app.yaml": app_yaml}), Area.SETTING)

    assert found == {
        "runtime": ["app.yaml:1 runtime: python27"],
        "api_version": ["app.yaml:2 api_version: 1"],
        "threadsafe": ["app.yaml:3 threadsafe: True"],
        "handlers: script": ["app.yaml:6 /.* main.app"],
        "handlers: static_dir": ["app.yaml:8 /static static_dir: static"],
        "handlers: login": ["app.yaml:9 /static login: admin"],
        "libraries": ["app.yaml:11 jinja2 latest"],
    }


SIBLINGS = {
    "cron.yaml": ("cron:\n- url: /a\n  schedule: every day 03:00\n", "cron.yaml", Verdict.CHANGE),
    "index.yaml": ("indexes:\n- kind: Order\n", "index.yaml", Verdict.STAYS),
    "dispatch.yaml": ("dispatch:\n- url: '*/a'\n  service: a\n", "dispatch.yaml", Verdict.CHANGE),
    "backends.yaml": ("backends:\n- name: a\n", "backends.yaml", Verdict.CHANGE),
    "push.yaml": ("queue:\n- name: a\n  rate: 1/s\n", "queue.yaml, push queues", Verdict.CHANGE),
    "pull.yaml": ("queue:\n- name: a\n  mode: pull\n", "queue.yaml, pull queues", Verdict.CHANGE),
}


@pytest.mark.parametrize("file", SIBLINGS)
def test_a_sibling_of_app_yaml_is_known_by_its_content(tmp_path: Path, file: str) -> None:
    text, name, verdict = SIBLINGS[file]

    (finding,) = assess_app(tmp_path, {file: text}, Destination.CLOUD_RUN).of(Area.SETTING)

    assert (finding.name, finding.places[0].line) == (name, 2)
    assert finding.advice.verdict(Destination.CLOUD_RUN) is verdict


def test_a_broken_app_yaml_is_listed_as_not_read(tmp_path: Path) -> None:
    found = places(assess_app(tmp_path, {"app.yaml": "runtime: python27\n- x\n"}), Area.UNREAD)

    assert found["files"][0].startswith("app.yaml:2 not valid YAML")


PINS = {
    "PIL==1.1.7": "other name on Python 3",
    "enum34==1.1.10": "part of Python 3",
    "protorpc==0.12.0": "for Python 2 only",
    "Flask==1.1.4": "pinned for Python 2.7",
    "bottle==0.12.7": "pinned",
    "git+https://localhost/a.git#egg=a": "not from the index",
}


@pytest.mark.parametrize("pin", PINS)
def test_a_pin_is_judged(tmp_path: Path, pin: str) -> None:
    found = places(assess_app(tmp_path, {"requirements.txt": f"# {pin}\n{pin}\n"}), Area.PACKAGE)

    assert {name: [place.split()[0] for place in at] for name, at in found.items()} == {
        PINS[pin]: ["requirements.txt:2"]
    }


@pytest.mark.parametrize("line", ["Flask==3.1.2", "requests", "Flask==1.1.4; python_version < '3.0'"])
def test_a_requirement_for_python3_is_no_finding(tmp_path: Path, line: str) -> None:
    assert not places(assess_app(tmp_path, {"requirements.txt": f"{line}\n"}), Area.PACKAGE)


@pytest.mark.parametrize("folder", ["lib", "third_party", "bundled"])
def test_copied_packages_are_not_read_line_by_line(tmp_path: Path, folder: str) -> None:
    files = {
        f"{folder}/old/__init__.py": "print 'a'\nfrom google.appengine.api import memcache\n",
        f"{folder}/old-1.0.dist-info/METADATA": "",
        "main.py": "import old\n",
    }

    assessment = assess_app(tmp_path, files)

    assert places(assessment, Area.PACKAGE) == {"copied packages": [f"{folder} 1 files: old"]}
    assert not assessment.of(Area.PYTHON2)
    assert not assessment.of(Area.SERVICE)


def test_a_folder_that_the_app_imports_as_a_package_is_its_own(tmp_path: Path) -> None:
    files = {
        "lib/__init__.py": "",
        "lib/vendor/__init__.py": "",
        "lib/vendor/cache.py": "from google.appengine.api import memcache\n",
        "lib/pages.py": "from .vendor import cache\nprint 'a'\n",
        "third_party/old/__init__.py": "print 'a'\n",
        "main.py": "from lib import pages\nimport old\n",
    }

    assessment = assess_app(tmp_path, files)

    assert places(assessment, Area.PACKAGE) == {"copied packages": ["third_party 1 files: old"]}
    assert places(assessment, Area.PYTHON2) == {"print": ["lib/pages.py:2 print"]}
    assert set(places(assessment, Area.SERVICE)) == {"api.memcache"}


def test_an_app_that_is_a_package_itself_is_read(tmp_path: Path) -> None:
    files = {
        "src/shop.egg-info/PKG-INFO": "",
        "src/shop/__init__.py": "print 1\n",
        "old/a-1-py2.7.egg-info/installed-files.txt": "",
        "old/a/__init__.py": "print 1\n",
    }

    assessment = assess_app(tmp_path, files)

    assert places(assessment, Area.PYTHON2) == {"print": ["src/shop/__init__.py:1 print"]}
    assert places(assessment, Area.PACKAGE) == {"copied packages": ["old 1 files: a"]}


def test_packages_in_a_zip_file_are_listed(tmp_path: Path) -> None:
    for name, members in {"django.zip": ["django/__init__.py", "django/db.py"], "photos.zip": ["a.png"]}.items():
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for member in members:
                archive.writestr(member, "")
    (tmp_path / "broken.zip").write_bytes(b"PK")

    found = places(assess_app(tmp_path, {"main.py": "import django\n"}), Area.PACKAGE)

    assert found == {"copied packages": ["django.zip 2 files: django"]}


@pytest.mark.parametrize("threadsafe", ["", "threadsafe: false\n", "threadsafe: true\n"])
def test_an_app_that_had_one_request_at_a_time_is_told(tmp_path: Path, threadsafe: str) -> None:
    found = places(assess_app(tmp_path, {"app.yaml": f"runtime: python27\n{threadsafe}"}), Area.SETTING)

    assert ("one request at a time" in found) == ("true" not in threadsafe)


def test_what_is_replaced_anyway_is_not_to_be_named_in_requirements(tmp_path: Path) -> None:
    assert not places(assess_app(tmp_path, {"main.py": "import cloudstorage\n"}), Area.PACKAGE)


def test_an_import_that_no_file_names_is_found(tmp_path: Path) -> None:
    files = {
        "main.py": "import os, mock, yaml, shop\nimport webapp2, urllib2, sets\n",
        "tried.py": "try: import simplejson\nexcept ImportError: pass\n",
        "shop/__init__.py": "from base import A\n",
        "shop/base.py": "",
        "src/orders.py": "import places, market\n",
        "src/places.py": "",
        "src/market/__init__.py": "",
        "setup.py": "import setuptools\n",
        "requirements.txt": "PyYAML\n",
    }

    found = places(assess_app(tmp_path, files), Area.PACKAGE)

    assert found == {"named nowhere": ["main.py:1 mock"]}


def test_a_script_without_a_file_is_listed(tmp_path: Path) -> None:
    handlers = "".join(
        f"- url: /a\n  script: {script}\n" for script in ("a/b.app", "a.b.app", "gone.app", "gone.py", "main.app")
    )
    files = {"app.yaml": PYTHON27 + handlers, "main.py": "", "a/b.py": ""}
    files["backends.yaml"] = "backends:\n- name: a\n  start: gone.py\n"

    found = places(assess_app(tmp_path, files), Area.UNREAD)

    assert found == {
        "scripts without a file": ["app.yaml:12 gone.app", "app.yaml:14 gone.py", "backends.yaml:3 gone.py"]
    }


def test_inbound_xmpp_goes_and_mail_stays_on_app_engine(tmp_path: Path) -> None:
    text = PYTHON27 + "inbound_services:\n- mail\n- xmpp_message\n"

    verdicts = {
        finding.name: finding.advice.verdict(Destination.APP_ENGINE)
        for finding in assess_app(tmp_path, {"app.yaml": text}).of(Area.SETTING)
        if finding.name.startswith("inbound")
    }

    assert verdicts == {"inbound_services": Verdict.STAYS, "inbound_services: xmpp_message": Verdict.DELETE}


HABITS = {
    "exec row.code in names\n": "code in a text",
    "import wsgiref.handlers\nwsgiref.handlers.CGIHandler().run(app)\n": "CGI",
    "import threading\nthreading.Thread(target=f).start()\n": "threads",
    "from threading import Thread as T\nclass A(T): pass\n": "threads",
    "import os\nos.system('ls')\n": "processes",
    "with open('a', 'wb') as file: pass\n": "file writes",
    "import io\nio.open('a', mode='a')\n": "file writes",
    "import os\nos.environ['CURRENT_VERSION_ID']\n": "App Engine's variables",
    "from os import environ\nenviron.get('SERVER_SOFTWARE')\n": "App Engine's variables",
    "request.headers.get('X-AppEngine-Cron')\n": "App Engine's headers",
    "import os\nos.environ.get('HTTP_COOKIE')\n": "the request's variables",
    "import os\nif 'REMOTE_ADDR' in os.environ: pass\n": "the request's variables",
    "import zipfile\nzipfile.ZipFile('/data/a.zip', 'w')\n": "file writes",
}


@pytest.mark.parametrize("text", HABITS)
def test_a_habit_is_found(tmp_path: Path, text: str) -> None:
    assert set(places(assess_app(tmp_path, {"main.py": text}), Area.HABIT)) == {HABITS[text]}


@pytest.mark.parametrize(
    "text",
    [
        "open('a').read()\nopen('a', 'rb')\n",
        "import os\nos.environ['TITLE']\n",
        "environ.get('HTTP_COOKIE')\n",
        "import io, zipfile\nbuffer = io.BytesIO()\nzipfile.ZipFile(buffer, 'w')\n",
        "def open(a, b): pass\nopen('a', 'w')\n",
        '"""X-AppEngine-Cron"""\n',
    ],
)
def test_what_looks_like_a_habit_is_no_finding(tmp_path: Path, text: str) -> None:
    assert not places(assess_app(tmp_path, {"main.py": text}), Area.HABIT)
