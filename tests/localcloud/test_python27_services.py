"""The bundled services with `--python27`: the cloud's own, at the address that visitors see."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import dedent

import httpx
import pytest
from google.cloud import datastore
from PIL import Image

from localcloud import Cloud
from localcloud.runtimes.python27_real import Python27RealRuntime, find_python27
from tests.localcloud.processes.programs import wait_until
from tests.support.deadline import DEADLINE

pytestmark = [pytest.mark.app, pytest.mark.lane("python27")]

# Manual scaling, so that this app shows its instances, too.
APP_YAML = """
application: YOUR_APP_ID
version: 1
runtime: python27
api_version: 1
threadsafe: true
manual_scaling:
  instances: 2
builtins:
- deferred: on
libraries:
- name: webapp2
  version: latest
- name: crcmod
  version: latest
handlers:
- url: /(admin|work)
  script: main.app
  login: admin
- url: .*
  script: main.app
"""

WORKER_YAML = """
service: worker
runtime: python27
api_version: 1
threadsafe: true
handlers:
- url: .*
  script: main.app
"""

QUEUE_YAML = "queue:\n- name: default\n  rate: 100/s\n- name: pull\n  mode: pull\n"

MAIN = """
import os
import webapp2
from google.appengine.api import app_identity, images, mail, memcache, modules, search, taskqueue, urlfetch, users
from google.appengine.ext import blobstore, deferred, ndb
from google.appengine.ext.webapp import blobstore_handlers

class Note(ndb.Model):
    text = ndb.StringProperty()

def note(text):
    Note(id=text, text=text).put()

@ndb.transactional
def in_transaction(text, fails=False, tasks=1):
    Note(id='entity ' + text, text='entity ' + text).put()
    for _ in range(tasks):
        taskqueue.add(url='/work', params={'text': text}, transactional=True)
    if fails:
        raise ndb.Rollback()

def add_tasks(request):
    taskqueue.add(url='/work', params={'text': 'queue'})
    taskqueue.add(url='/work', params={'text': 'target'}, target='worker')
    taskqueue.add(url='/work', params={'text': 'elsewhere'}, target='nowhere')
    deferred.defer(note, 'deferred')
    in_transaction('transaction')
    in_transaction('rolled back', fails=True)
    try:
        in_transaction('too many', tasks=6)
    except taskqueue.Error:
        note('refused')
    pull = taskqueue.Queue('pull')
    pull.add(taskqueue.Task(payload='pulled', method='PULL'))
    note(pull.lease_tasks(60, 1)[0].payload)

def work(request):
    note('%s by %s in %s' % (request.get('text'), os.environ['REMOTE_ADDR'], modules.get_current_module_name()))

def notes(request):
    return ', '.join(sorted(note.text for note in Note.query()))

def user(request):
    return '%s %s %s' % (users.get_current_user(), users.is_current_user_admin(), users.create_login_url('/next'))

def addresses(request):
    return ' '.join([
        modules.get_hostname(), app_identity.get_default_version_hostname(), os.environ['SERVER_PORT'],
        ','.join(sorted(modules.get_modules())), modules.get_hostname('worker'),
        urlfetch.fetch(request.host_url + '/instances').content])

def instances(request):
    return str(modules.get_num_instances())

def services(request):
    mail.send_mail('a@example.com', 'b@example.com', 'The subject', 'The body')
    search.Index('notes').put(search.Document(doc_id='1', fields=[search.TextField('text', 'hello')]))
    found = [document.doc_id for document in search.Index('notes').search('hello')]
    return '%s %s %s' % (memcache.incr('n', initial_value=0), found, app_identity.get_default_gcs_bucket_name())

def form(request):
    return blobstore.create_upload_url('/uploaded')

def thumbnail(request):
    image = images.Image(blob_key=request.get('key'))
    image.resize(width=5, height=5)
    return images.Image(image.execute_transforms()).width

def serving_url(request):
    return images.get_serving_url(request.get('key'))

def libraries(request):
    import crcmod
    return crcmod.mkCrcFun(0x11021, initCrc=0)('a')

def length(request):
    return '%s %d' % (request.headers.get('Content-Length'), len(request.body))

def sandbox(request):
    import ctypes.util
    open(os.devnull, 'w').write('nothing')
    return ctypes.util.find_library('c')

class Uploaded(blobstore_handlers.BlobstoreUploadHandler):
    def post(self):
        self.redirect('/blob/%s' % self.get_uploads('file')[0].key())

class Blob(blobstore_handlers.BlobstoreDownloadHandler):
    def get(self, key):
        self.send_blob(blobstore.BlobInfo.get(key))

class Page(webapp2.RequestHandler):
    def get(self, name):
        self.response.content_type = 'text/plain'
        self.response.write(globals()[name or 'user'](self.request))
    post = get

app = webapp2.WSGIApplication([('/uploaded', Uploaded), ('/blob/(.*)', Blob), (r'/(?:admin)?(\\w*)', Page)])
"""


@dataclass
class Running:
    """An app on Python 2.7, with its cloud, the address of its other service, and the lines of its log."""

    cloud: Cloud
    url: str
    worker: str
    lines: list[str]

    def get(self, path: str, **options) -> httpx.Response:
        response = httpx.get(self.url + path, timeout=DEADLINE, **options)
        assert response.status_code < 500, "\n".join(self.lines)
        return response


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("services")
    files = {"app.yaml": APP_YAML, "worker.yaml": WORKER_YAML, "queue.yaml": QUEUE_YAML, "main.py": MAIN}
    for name, text in files.items():
        (folder / name).write_text(dedent(text).lstrip())
    lines: list[str] = []
    runtimes = [Python27RealRuntime(find_python27())]
    with Cloud(runtimes=runtimes, log=lambda _, line: lines.append(line)) as cloud:
        running = Running(cloud, cloud.add(folder).url, cloud.add(folder / "worker.yaml").url, lines)
        cloud.start()
        yield running


@pytest.mark.parametrize("host", ["localhost", "www.example.test", "[::1]:8080"])
def test_tasks_and_deferred_functions_run_whatever_host_the_visitor_asks_for(app: Running, monkeypatch, host) -> None:
    monkeypatch.setenv("DATASTORE_EMULATOR_HOST", app.cloud.datastore.address)
    client = datastore.Client(project=app.cloud.project)
    client.delete_multi([note.key for note in client.query(kind="Note").fetch()])
    app.get("/add_tasks", headers={"Host": host})
    by_task = [f"{text} by 0.1.0.2 in default" for text in ("elsewhere", "queue", "transaction")]
    by_task.append("target by 0.1.0.2 in worker")
    expected = ", ".join(sorted(["deferred", "entity transaction", "pulled", "refused", *by_task]))
    assert wait_until(lambda: app.get("/notes").text == expected), app.get("/notes").text


def test_login_admin_is_by_the_cookie_that_users_reads(app: Running) -> None:
    assert app.get("/admin").headers["Location"] == "/_ah/login?continue=%2Fadmin"
    signed_in = app.get("/_ah/login?action=Login&email=u@example.com&admin=True")
    cookie = {"Cookie": signed_in.headers["Set-Cookie"].partition(";")[0]}
    login = f"/_ah/login?continue={app.url.replace(':', '%3A', 1).replace(':', '%3A')}/next"
    assert app.get("/admin", headers=cookie).text.startswith("u@example.com True /_ah/login?continue=http")
    assert app.get("/").text == f"None False {login.replace('%3A//', '%3A//')}"


def test_addresses_are_those_that_visitors_see(app: Running) -> None:
    host = app.url.removeprefix("http://")
    worker = app.worker.removeprefix("http://")
    assert app.get("/addresses").text == f"{host} {host} {host.partition(':')[2]} default,worker {worker} 2"


def test_mail_memcache_and_search_are_those_of_the_cloud(app: Running) -> None:
    assert app.get("/services").text == "1 [u'1'] demo.appspot.com"
    assert "  Subject: The subject" in app.lines
    app.cloud.flush_caches()
    assert app.get("/services").text.startswith("1 ")


def test_uploaded_image_is_in_the_blobstore_of_the_cloud(app: Running) -> None:
    content = io.BytesIO()
    Image.new("RGB", (10, 10)).save(content, "PNG")
    form = app.get("/form").text
    assert form.startswith(f"{app.url}/_ah/upload/")
    uploaded = httpx.post(form, files={"file": ("a.png", content.getvalue(), "image/png")}, timeout=DEADLINE)
    blob = uploaded.headers["Location"]
    key = blob.rpartition("/")[2]
    assert httpx.get(blob, timeout=DEADLINE).content == content.getvalue()
    assert app.get(f"/thumbnail?key={key}").text == "5"
    assert httpx.get(app.get(f"/serving_url?key={key}").text, timeout=DEADLINE).content == content.getvalue()


def test_body_that_comes_in_chunks_has_a_length(app: Running) -> None:
    answer = httpx.post(f"{app.url}/length", content=iter([b"some ", b"text"]), timeout=DEADLINE)
    assert answer.text == "9 9"


def test_library_that_the_sdk_lacks_can_be_imported(app: Running) -> None:
    assert app.get("/libraries").text.isdigit()


def test_libraries_may_write_to_the_null_device_and_find_those_of_linux(app: Running) -> None:
    assert app.get("/sandbox").text.startswith("libc.so")
