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
        - url: /cgi
          script: old/cgi.py
        - url: .*
          script: web.main.app
    """,
    "web/include.yaml": "handlers:\n- url: /included\n  script: web.main.app\n",
    "appengine_config.py": """
        def webapp_add_wsgi_middleware(app):
            def middleware(environ, start_response):
                def start(status, headers, exc_info=None):
                    return start_response(status, headers + [('X-Middleware', 'yes')])
                return app(environ, start)
            return middleware
    """,
    "old/cgi.py": """
        from google.appengine.ext import webapp
        from google.appengine.ext.webapp.util import run_wsgi_app

        class Page(webapp.RequestHandler):
            def get(self):
                self.response.headers['Content-Type'] = 'image/png'
                self.response.out.write(b'\\x89PNG')

        application = webapp.WSGIApplication([('/cgi', Page)])

        def main():
            run_wsgi_app(application)

        if __name__ == '__main__':
            main()
    """,
    "web/__init__.py": "",
    "web/json.py": "NAME = 'a module of the package'\n",
    "web/views/__init__.py": "import pages\n",
    "web/views/pages.py": "from __future__ import absolute_import\nimport json\nloads = json.loads\n",
    "web/main.py": """
        import cgi
        import collections
        import HTMLParser
        import inspect
        import itertools
        import string
        import sys
        import time
        import webapp2
        from django.utils import simplejson
        from email.MIMEText import MIMEText
        from xml.etree import cElementTree
        import json
        import views

        reload(sys)
        sys.setdefaultencoding('utf-8')

        def answers():
            yield cgi.escape('<\\'">'), cgi.escape('"', True)
            yield json.NAME, views.pages.loads('1')
            yield isinstance({}, collections.Mapping), inspect.getargspec(answers).args
            yield HTMLParser.HTMLParser().unescape('&eacute;'), string.letters[:3], string.join(['a', 'b'], '-')
            yield list(itertools.izip('ab', 'cd')), reduce(lambda a, b: a + b, [1, 2]), cmp(2, 1)
            yield simplejson.dumps([1]), MIMEText('x').get_payload(), cElementTree.fromstring('<a/>').tag
            yield time.clock() >= 0, sys.maxint > 2 ** 31

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
    "a module imports from its own package first, unless it says otherwise": "a module of the package 1",
    "abstract classes of collections, and inspect.getargspec": "True []",
    "HTMLParser.unescape, string.letters and string.join": "\xe9 abc a-b",
    "itertools.izip, reduce and cmp": "[('a', 'c'), ('b', 'd')] 3 1",
    "modules by their old names": "[1] x a",
    "time.clock and sys.maxint": "True True",
}


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("app")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
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
