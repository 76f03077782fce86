"""`localcloud run --python27`: python27 apps on a real Python 2.7, beside Python 3 apps."""

from __future__ import annotations

import re

import httpx
import psutil
import pytest
from google.cloud import datastore

from datastore_emulator.errors import UserError
from localcloud import App, Cloud
from localcloud.runtimes.python27_real import Python27RealRuntime, find_python27
from localcloud.runtimes.python27_real.packages import ensure_legacy_sdk
from tests.support.course import ROOT
from tests.support.deadline import DEADLINE

pytestmark = [pytest.mark.app, pytest.mark.lane("python27")]


def test_app_with_python_2_syntax_runs_unchanged(localcloud, folder):
    app = folder(
        {
            "app.yaml": """
            runtime: python27
            api_version: 1
            threadsafe: true
            handlers:
            - url: .*
              script: main.app
            libraries:
            - name: webapp2
              version: latest
            - name: jinja2
              version: latest
        """,
            "main.py": """
            import sys
            import jinja2
            import webapp2
            from google.appengine.api import memcache
            from google.appengine.ext import db

            class Note(db.Model):
                text = db.StringProperty()

            class Home(webapp2.RequestHandler):
                def get(self):
                    print >> sys.stderr, 'in Python 2'
                    Note(text=u'caf\\xe9').put()
                    texts = [note.text for note in Note.all()]
                    counts = {'n': memcache.incr('n', initial_value=0)}
                    line = ', '.join('%s=%d' % item for item in counts.iteritems())
                    self.response.write(jinja2.Template(u'{{ texts|join }} {{ line }}').render(texts=texts, line=line))

            app = webapp2.WSGIApplication([('/', Home)])
        """,
        }
    )
    command = localcloud("run", app, "--python27")
    (url,) = command.urls()
    command.wait_for(r"this runs on Python 2\.7\.\d+ under dev_appserver")
    assert httpx.get(url, timeout=DEADLINE).text == "café n=1"
    assert httpx.get(url, timeout=DEADLINE).text == "cafécafé n=2"
    command.wait_for("in Python 2")


def test_what_the_sdk_refuses_in_app_yaml_is_one_line(folder):
    app = folder(
        {
            "app.yaml": """
            runtime: python27
            api_version: 1
            handlers:
            - url: .*
              script: main.app
        """,
        }
    )
    with Cloud(runtimes=[Python27RealRuntime(find_python27())]) as cloud:
        cloud.add(app)
        with pytest.raises(UserError, match=r"it printed: app\.yaml:6: App Engine refuses it: threadsafe must be"):
            cloud.start()


def test_visits_go_both_ways_between_python_27_ndb_and_cloud_ndb(monkeypatch):
    with Cloud(runtimes=[Python27RealRuntime(find_python27())]) as cloud:
        old = cloud.add(ROOT / "mod1-flask" / "START")
        new = cloud.add(ROOT / "mod2-cloudndb" / "FINISH-py3")
        cloud.start()
        monkeypatch.setenv("DATASTORE_EMULATOR_HOST", cloud.datastore.address)

        def listed(app: App, visitor: str) -> list[str]:
            page = httpx.get(app.url, headers={"User-Agent": visitor}, timeout=DEADLINE).text
            return re.findall(r"<li>.* from .*?: (.*)</li>", page)

        assert listed(old, "old ndb") == ["old ndb"]
        assert listed(new, "Cloud NDB") == ["Cloud NDB", "old ndb"]
        stored = list(datastore.Client(project=cloud.project).query(kind="Visit", order=["timestamp"]).fetch())
        assert [visit["visitor"].partition(": ")[2] for visit in stored] == ["old ndb", "Cloud NDB"]
        assert listed(old, "old ndb again") == ["old ndb again", "Cloud NDB", "old ndb"]


def test_server_in_a_dockerfile_listens_on_loopback_only():
    with Cloud(runtimes=[Python27RealRuntime(find_python27())]) as cloud:
        app = cloud.add(ROOT / "mod4-cloudrun" / "FINISH-py2")
        cloud.start()
        assert httpx.get(app.url, timeout=DEADLINE).status_code == 200
        below = psutil.Process().children(recursive=True)
        listening = {
            connection.laddr.ip
            for process in below
            if "gunicorn" in " ".join(process.cmdline())
            for connection in process.net_connections("inet")
            if connection.status == psutil.CONN_LISTEN
        }
    assert listening == {"127.0.0.1"}


def test_sdk_is_compiled_once_and_not_at_each_start() -> None:
    sdk = ensure_legacy_sdk(find_python27(), report=lambda line: None)
    assert (sdk / "google" / "appengine" / "ext" / "ndb" / "model.pyc").is_file()
