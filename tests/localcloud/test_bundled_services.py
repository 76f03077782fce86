"""An old app that uses several bundled services, served by `localcloud run` on Python 3."""

from __future__ import annotations

import io
import time

import httpx
import pytest
from PIL import Image

from tests.support.deadline import DEADLINE

pytestmark = pytest.mark.app

APP_YAML = """
runtime: python27
api_version: 1
threadsafe: true
builtins:
- deferred: on
handlers:
- url: /tasks/.*
  script: guestbook.application
  login: admin
- url: /sign
  script: guestbook.application
  login: required
- url: .*
  script: guestbook.application
libraries:
- name: webapp2
  version: latest
"""

MAIN = """
import webapp2
from google.appengine.api import apiproxy_stub_map, images, mail, taskqueue, urlfetch, users
from google.appengine.api import mail_service_pb2
from google.appengine.ext import deferred, ndb


class Greeting(ndb.Model):
    author = ndb.StringProperty()
    content = ndb.StringProperty()
    picture = ndb.BlobProperty()
    told = ndb.BooleanProperty(default=False)
    counted = ndb.BooleanProperty(default=False)


def count(key):
    greeting = key.get()
    greeting.counted = True
    greeting.put()


class Main(webapp2.RequestHandler):
    def get(self):
        user = users.get_current_user()
        name = user.nickname() if user else 'nobody'
        self.response.write('%s, <a href="%s">sign in</a>' % (name, users.create_login_url('/')))
        for greeting in Greeting.query():
            self.response.write('<p>%s: %s (told %s, counted %s)</p>' % (
                greeting.author, greeting.content, greeting.told, greeting.counted))


class Sign(webapp2.RequestHandler):
    def post(self):
        greeting = Greeting(author=users.get_current_user().email(), content=self.request.get('content'))
        greeting.picture = images.resize(self.request.POST['picture'].file.read(), 8, 8)

        def save():
            key = greeting.put()
            taskqueue.add(url='/tasks/tell', params={'key': key.urlsafe()}, transactional=True)
            deferred.defer(count, key, _transactional=True)

        ndb.transaction(save, xg=True)
        self.redirect('/')


class Tell(webapp2.RequestHandler):
    def post(self):
        greeting = ndb.Key(urlsafe=self.request.get('key')).get()
        if self.request.headers['X-AppEngine-TaskRetryCount'] == '0':
            self.abort(503)
        mail.send_mail('app@example.com', 'owner@example.com', 'A greeting', greeting.content)
        greeting.told = True
        greeting.put()


class Picture(webapp2.RequestHandler):
    def get(self):
        self.response.content_type = 'image/png'
        self.response.body = Greeting.query().get().picture


class Fetch(webapp2.RequestHandler):
    def get(self):
        self.response.write(urlfetch.fetch(self.request.host_url + '/').status_code)


class Chat(webapp2.RequestHandler):
    def get(self):
        message = mail_service_pb2.MailMessage(Sender='a', Subject='b')
        try:
            apiproxy_stub_map.MakeSyncCall('xmpp', 'SendMessage', message, message)
        except Exception:
            self.response.write('try again later')


application = webapp2.WSGIApplication([
    ('/', Main), ('/sign', Sign), ('/tasks/tell', Tell), ('/picture', Picture), ('/fetch', Fetch), ('/chat', Chat)])
"""


@pytest.fixture
def picture() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(data, "PNG")
    return data.getvalue()


def wait_for(browser: httpx.Client, text: str) -> None:
    """Visit the page until it has the text, since tasks run after the answer."""
    end = time.monotonic() + DEADLINE
    while text not in (page := browser.get("/").text):
        assert time.monotonic() < end, page
        time.sleep(0.05)  # the deadline is above; this only leaves the core to the app


def test_guestbook_with_users_tasks_mail_and_images_works(localcloud, folder, picture):
    command = localcloud("run", folder({"app.yaml": APP_YAML, "guestbook.py": MAIN}))
    (url,) = command.urls()
    with httpx.Client(base_url=url, timeout=DEADLINE) as browser:
        greeting = {"data": {"content": "Hello"}, "files": {"picture": ("red.png", picture)}}
        assert browser.post("/sign", **greeting).headers["Location"] == "/_ah/login?continue=%2Fsign"
        assert browser.post("/tasks/tell").status_code == 302
        page = browser.get("/").text
        assert page.startswith("nobody")
        assert 'href="/_ah/login?continue=http%3A//localhost%3A' in page
        browser.get("/_ah/login", params={"email": "ada@example.com", "action": "Login", "continue": "/"})
        assert browser.get("/").text.startswith("ada")
        assert browser.post("/sign", **greeting).status_code == 302
        command.wait_for("the next try is in 0.1 seconds")
        command.wait_for(r"mail, kept here and not sent:(?s:.*)To: owner@example.com(?s:.*)Hello")
        wait_for(browser, "<p>ada@example.com: Hello (told True, counted True)</p>")
        assert browser.get("/picture").content.startswith(b"\x89PNG")
        assert browser.get("/fetch").text == "200"
        assert browser.get("/chat").text == "try again later"
        command.wait_for("localcloud does not have the bundled service 'xmpp'")
