"""An app written for Python 2.7 runs unchanged on Python 3, in the ways in which old apps were written."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import dedent

import httpx
import pytest

from localcloud import Cloud
from tests.support.deadline import DEADLINE

pytestmark = pytest.mark.app

FILES = {
    # The first runtime, with a placeholder, a CGI script, and handlers in another file.
    "app.yaml": """
        application: your_app_id
        version: 1
        runtime: python
        api_version: 1
        includes:
        - web
        inbound_services:
        - xmpp_message
        handlers:
        - url: /cgi.*
          script: old/cgi.py
        - url: /_ah/mail/.+
          script: old/cgi.py
        - url: /gone
          script: gone.app
        - url: /missing
          script: old/missing.py
        - url: .*
          script: web.main.app
    """,
    "gone.py": "from google.appengine.api import channel\n",
    "web/include.yaml": "handlers:\n- url: /included\n  script: web.main.app\n",
    "lib/typed/__init__.py": "import types\n",
    "lib/typed/types.py": "",
    "lib/typed-1.dist-info/RECORD": "typed/__init__.py,,\n",
    "appengine_config.py": """
        from google.appengine.ext import vendor
        vendor.add('lib')

        def webapp_add_wsgi_middleware(app):
            def middleware(environ, start_response):
                def start(status, headers, exc_info=None):
                    return start_response(status, headers + [('X-Middleware', 'yes')])
                return app(environ, start)
            return middleware
    """,
    "old/cgi.py": """
        import os
        from google.appengine.ext import webapp
        from google.appengine.ext.webapp import blobstore_handlers, mail_handlers, template
        from google.appengine.ext.webapp.util import login_required, run_wsgi_app

        template.register_template_library('filters')

        class Page(webapp.RequestHandler):
            def get(self):
                self.response.headers['Content-Type'] = 'image/png'
                self.response.out.write(b'\\x89PNG')

        class Template(webapp.RequestHandler):
            def get(self):
                path = os.path.join(os.path.dirname(__file__), 'page.html')
                self.response.out.write(template.render(path, {'a': 1, 'b': 1}))

        class Mail(mail_handlers.InboundMailHandler):
            def receive(self, message):
                self.response.out.write(message.subject)

        application = webapp.WSGIApplication([('/cgi', Page), ('/cgi/template', Template), Mail.mapping()])

        def main():
            run_wsgi_app(application)

        if __name__ == '__main__':
            main()
    """,
    "old/page.html": "{% ifequal a b %}{{ 'same'|loud }}{% else %}different{% endifequal %}",
    "filters.py": """
        from google.appengine.ext import webapp
        from google.appengine.ext.webapp import template
        register = template.create_template_register()
        register.filter('loud', lambda text: text.upper())
    """,
    "web/__init__.py": "",
    "web/json.py": "NAME = 'a module of the package'\n",
    "web/views/__init__.py": "import pages\n",
    "web/views/pages.py": "from __future__ import absolute_import\nimport json\nloads = json.loads\n",
    "web/main.py": """
        import base64
        import cgi
        import collections
        import hashlib
        import hmac
        import HTMLParser
        import inspect
        import itertools
        import string
        import sys
        import time
        import urllib
        import urllib2
        import webapp2
        from google.appengine.api.labs import taskqueue
        from google.appengine.api.labs.taskqueue import Task
        from google.appengine.dist import use_library
        from google.appengine.ext import db, ndb
        from django.utils import simplejson
        from email.MIMEText import MIMEText
        from xml.etree import cElementTree
        import json
        import typed
        import views

        use_library('django', '1.2')
        reload(sys)
        sys.setdefaultencoding('utf-8')

        class Letter(ndb.Model):
            def __str__(self):
                return self.key.id()

        class Number(db.Model):
            value = db.IntegerProperty()

        STARTED = Letter(id='started').put()

        def read_in_two():
            for value in (1, 2):
                Number(key_name=str(value), value=value).put()
            query = Number.all().order('value')
            (first,) = query.fetch(1)
            second = Number.all().order('value').with_cursor('' + query.cursor()).get()
            return first.value, second.value

        def answers():
            yield cgi.escape('<\\'">'), cgi.escape('"', True)
            yield json.NAME, views.pages.loads('1'), typed.types.__name__
            yield isinstance({}, collections.Mapping), inspect.getargspec(answers).args
            yield HTMLParser.HTMLParser().unescape('&eacute;'), string.letters[:3], string.join(['a', 'b'], '-')
            yield list(itertools.izip('ab', 'cd')), reduce(lambda a, b: a + b, [1, 2]), cmp(2, 1)
            yield simplejson.dumps([1]), MIMEText('x').get_payload(), cElementTree.fromstring('<a/>').tag
            yield time.clock() >= 0, sys.maxint > 2 ** 31
            yield hashlib.md5('a').hexdigest()[:4], hmac.new('key', 'text').hexdigest()[:4], base64.b64encode('a')
            yield '?key=' + Letter(id='a').put().urlsafe()[:2], ndb.Key(urlsafe=ndb.Key(Letter, 'a').urlsafe()).get()
            yield STARTED.get(),
            yield Task is taskqueue.Task, taskqueue.__name__
            yield read_in_two()
            yield urllib2.Request('http://localhost/', urllib.urlencode({'a': 1})).data,

        class Page(webapp2.RequestHandler):
            def get(self):
                for answer in answers():
                    self.response.write(' '.join(map(str, answer)) + '|')

        app = webapp2.WSGIApplication([('/.*', Page)])
    """,
}


# What the page above shows for each line of `answers`.
ANSWERS = {
    "cgi.escape leaves single quotes alone": "&lt;'\"&gt; &quot;",
    "a module imports from its own package first, unless it says otherwise": "a module of the package 1 types",
    "abstract classes of collections, and inspect.getargspec": "True []",
    "HTMLParser.unescape, string.letters and string.join": "\xe9 abc a-b",
    "itertools.izip, reduce and cmp": "[('a', 'c'), ('b', 'd')] 3 1",
    "modules by their old names": "[1] x a",
    "time.clock and sys.maxint": "True True",
    "digests and base64 take text": "0cc1 d0ca YQ==",
    "keys of ndb for URLs are text": "?key=ag a",
    "services are called while a module is imported": "started",
    "the first name of the task queue": "True google.appengine.api.taskqueue",
    "cursors of db are text": "1 2",
    "urllib2 takes text": "b'a=1'",
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("app")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(text).lstrip("\n"))
    with Cloud() as cloud:
        app = cloud.add(folder)
        cloud.start()
        with httpx.Client(base_url=app.url, timeout=DEADLINE) as client:
            yield client


@pytest.fixture(scope="module")
def answers(browser: httpx.Client) -> dict[str, str]:
    shown = browser.get("/").text.rstrip("|").split("|")
    return dict(zip(ANSWERS, shown, strict=True))


@pytest.mark.parametrize("habit", ANSWERS)
def test_name_of_python_2_means_the_same(answers: dict[str, str], habit: str) -> None:
    assert answers[habit] == ANSWERS[habit]


def test_cgi_script_is_served_and_may_write_bytes(browser: httpx.Client) -> None:
    assert browser.get("/cgi").content == b"\x89PNG"


def test_middleware_of_appengine_config_is_around_each_page(browser: httpx.Client) -> None:
    assert [browser.get(path).headers["X-Middleware"] for path in ("/", "/cgi")] == ["yes", "yes"]


def test_route_of_messages_that_nobody_delivers_says_so(browser: httpx.Client) -> None:
    answer = browser.post("/_ah/xmpp/message/chat/")
    assert (answer.status_code, "xmpp_message" in answer.text) == (501, True)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/gone", "pages of gone.app answer 500: cannot import name 'channel' from 'google.appengine.api'; "),
        (
            "/missing",
            "pages of old/missing.py answer 500: No script old/missing.py; it is not in the app's folder; add it",
        ),
    ],
)
def test_script_that_cannot_be_imported_breaks_its_own_pages_alone(browser: httpx.Client, path: str, line: str) -> None:
    answer = browser.get(path)
    assert (answer.status_code, answer.text.startswith(line)) == (500, True)


def test_template_has_the_tags_of_old_django_and_the_filters_of_the_app(browser: httpx.Client) -> None:
    assert browser.get("/cgi/template").text == "SAME"


def test_mail_is_read_for_its_handler(browser: httpx.Client) -> None:
    mail = b"From: a@example.com\r\nTo: b@example.com\r\nSubject: Hello\r\n\r\nText\r\n"
    assert browser.post("/_ah/mail/b@example.com", content=mail).text == "Hello"
