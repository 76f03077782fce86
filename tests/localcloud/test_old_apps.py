"""`localcloud run` on python27 apps that other people wrote, on Python 3."""

from __future__ import annotations

import httpx
import pytest

from tests.support.deadline import DEADLINE

pytestmark = pytest.mark.app


def test_webapp2_app_is_served_with_its_static_files(localcloud, folder):
    app = folder(
        {
            "app.yaml": """
            runtime: python27
            api_version: 1
            threadsafe: true
            handlers:
            - url: /css
              static_dir: css
            - url: /favicon\\.ico
              static_files: favicon.ico
              upload: favicon\\.ico
            - url: /admin/.*
              script: admin.app
              login: admin
            - url: .*
              script: guestbook.application
            libraries:
            - name: webapp2
              version: latest
            - name: jinja2
              version: latest
        """,
            "guestbook.py": """
            import os
            import urllib
            import jinja2
            import webapp2
            from google.appengine.ext import db

            JINJA = jinja2.Environment(
                loader=jinja2.FileSystemLoader(os.path.dirname(__file__)), autoescape=True)

            class Greeting(db.Model):
                content = db.StringProperty(multiline=True)
                date = db.DateTimeProperty(auto_now_add=True)

            class MainPage(webapp2.RequestHandler):
                def get(self):
                    greetings = Greeting.all().order('-date').fetch(10)
                    template = JINJA.get_template('page.html')
                    self.response.write(template.render(greetings=greetings))

            class Sign(webapp2.RequestHandler):
                def post(self):
                    Greeting(content=self.request.get('content')).put()
                    self.redirect('/?' + urllib.urlencode({'signed': 1}))

            application = webapp2.WSGIApplication([('/', MainPage), ('/sign', Sign)], debug=True)
        """,
            "admin.py": "import webapp2\napp = webapp2.WSGIApplication([])\n",
            "page.html": "{% for greeting in greetings %}<p>{{ greeting.content }}</p>{% endfor %}",
            "css/main.css": "p { color: blue }\n",
        }
    )
    (url,) = localcloud("run", app).urls()
    with httpx.Client(base_url=url, timeout=DEADLINE, follow_redirects=True) as browser:
        assert browser.post("/sign", data={"content": "Hello & goodbye"}).url.query == b"signed=1"
        assert "<p>Hello &amp; goodbye</p>" in browser.get("/").text
        assert browser.get("/css/main.css").headers["Content-Type"].startswith("text/css")
        assert browser.get("/favicon.ico").status_code == 404
        assert browser.get("/admin/").url.path == "/_ah/login"


def test_python_2_syntax_is_named_by_file_and_line(localcloud, folder):
    app = folder(
        {
            "app.yaml": "runtime: python27\nthreadsafe: true\nhandlers:\n- url: .*\n  script: main.app\n",
            "main.py": "import webapp2\n\nprint 'hello'\napp = webapp2.WSGIApplication([])\n",
        }
    )
    command = localcloud("run", app)
    assert command.wait() == 1
    assert "main.py:3" in command.lines[-1]
    assert "only Python 2 can read this line" in command.lines[-1]
    assert "--python27" in command.lines[-1]


def test_flask_app_with_vendored_packages_is_served(localcloud, folder):
    app = folder(
        {
            "app.yaml": "runtime: python27\nthreadsafe: yes\nhandlers:\n- url: /.*\n  script: hello.app\n",
            "appengine_config.py": "from google.appengine.ext import vendor\nvendor.add('lib')\n",
            "requirements.txt": "Flask==0.12.2\nrequests==2.18.4  # for later\n",
            "hello.py": """
            from flask import Flask, request
            from google.appengine.api import memcache
            app = Flask(__name__)

            @app.route('/count')
            def count():
                return unicode(memcache.incr('count', initial_value=0))
        """,
        }
    )
    (url,) = localcloud("run", app).urls()
    assert [httpx.get(f"{url}/count", timeout=DEADLINE).text for _ in range(2)] == ["1", "2"]


def test_missing_package_is_named(localcloud, folder):
    app = folder(
        {
            "app.yaml": "runtime: python27\nthreadsafe: yes\nhandlers:\n- url: /.*\n  script: hello.app\n",
            "hello.py": "import webapp2\nimport babel_of_old\napp = webapp2.WSGIApplication([])\n",
        }
    )
    command = localcloud("run", app)
    assert command.wait() == 1
    assert "the app ended with exit code 3: No module named 'babel_of_old'; it is neither in" in command.lines[-1]


def test_missing_sdk_module_is_named(localcloud, folder):
    app = folder(
        {
            "app.yaml": "runtime: python27\nthreadsafe: yes\nhandlers:\n- url: /.*\n  script: hello.app\n",
            "hello.py": "from google.appengine.api import channel\n",
        }
    )
    command = localcloud("run", app)
    assert command.wait() == 1
    assert "'channel' from 'google.appengine.api'" in "\n".join(command.lines)
    assert "Google's SDK for Python 3 does not have it; run the app on a real Python 2.7 with" in command.lines[-1]


def test_templates_may_use_extensions_that_jinja2_has_built_in(localcloud, folder):
    app = folder(
        {
            "app.yaml": "runtime: python27\nthreadsafe: yes\nhandlers:\n- url: /.*\n  script: hello.app\n",
            "hello.py": """
            import webapp2
            from webapp2_extras import jinja2

            class Home(webapp2.RequestHandler):
                def get(self):
                    self.response.write(jinja2.get_jinja2().render_template('home.html', name='<b>'))

            app = webapp2.WSGIApplication([('/', Home)])
        """,
            "templates/home.html": "{% autoescape true %}{% with x = name %}{{ x }}{% endwith %}{% endautoescape %}",
        }
    )
    (url,) = localcloud("run", app).urls()
    assert httpx.get(url, timeout=DEADLINE).text == "&lt;b&gt;"


OWN_LIB = {
    "app.yaml": "runtime: python27\napi_version: 1\nthreadsafe: yes\nhandlers:\n- url: /.*\n  script: hello.app\n",
    "appengine_config.py": "from google.appengine.ext import vendor\nvendor.add('lib')\n",
    "lib/foo.py": "NAME = 'own lib'\n",
    "pkg/__init__.py": "",
    "pkg/lib/__init__.py": "",
    "pkg/lib/util.py": "NAME = 'lib of a package'\n",
    "hello.py": """
    import foo
    from pkg.lib import util

    def app(environ, start_response):
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [(foo.NAME + ', ' + util.NAME).encode('ascii')]
    """,
}


@pytest.mark.parametrize("options", [(), pytest.param(("--python27",), marks=pytest.mark.lane("python27"))])
def test_own_modules_in_folders_named_lib_are_found(localcloud, folder, options):
    (url,) = localcloud("run", folder(OWN_LIB), *options).urls()
    assert httpx.get(url, timeout=DEADLINE).text == "own lib, lib of a package"


def test_python_2_syntax_in_lib_is_named_by_file_and_line(localcloud, folder):
    command = localcloud("run", folder({**OWN_LIB, "lib/foo.py": "NAME = 1\nprint 'hello'\n"}))
    assert command.wait() == 1
    assert "localcloud: lib/foo.py:2: only Python 2 can read this line" in "\n".join(command.lines)
