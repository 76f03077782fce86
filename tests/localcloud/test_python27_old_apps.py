"""What the legacy SDK runs and localcloud itself does not: an app of the first years, with `--python27`.

Its app.yaml has placeholders, and keys that the SDK does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import httpx
import pytest

from localcloud import Cloud
from localcloud.runtimes.python27_real import Python27RealRuntime, find_python27
from tests.support.deadline import DEADLINE

pytestmark = [pytest.mark.app, pytest.mark.lane("python27")]

FILES = {
    "app.yaml": """
        application: <your-app-id>
        version: 1
        runtime: python27
        api_version: 1
        threadsafe: false
        app_engine_apis: true
        vpc_access_connector:
          name: projects/PROJECT_ID/locations/REGION/connectors/visitme
        includes:
        - library
        libraries:
        - name: endpoints
          version: "1.0"
        handlers:
        - url: /static
          static_dir: static
        - url: /_ah/spi/.*
          script: api.py
        - url: /script
          script: script.py
        - url: .*
          script: main.py
    """,
    "library/include.yaml": """
        builtins:
        - remote_api: on
        handlers:
        - url: /included
          script: library/included.py
    """,
    "library/included.py": "print 'Content-Type: text/plain\\n\\nincluded'\n",
    "script.py": "print 'Content-Type: text/plain\\n\\nCGI'\n",
    "static/style.css": "body {}\n",
    "backends.yaml": """
        backends:
        - name: dynamic
          options: dynamic
        - name: resident
          instances: 1
    """,
    "main.py": """
        from google.appengine.dist import use_library
        use_library('django', '1.2')
        import django
        from google.appengine.api import backends, channel, urlfetch
        from google.appengine.ext import webapp
        from google.appengine.ext.webapp.util import run_wsgi_app
        from pages.lib import text

        class Page(webapp.RequestHandler):
            def get(self):
                path = self.request.path
                if path == '/backends':
                    addresses = [backends.get_url(name) for name in ('dynamic', 'resident')]
                    answers = [urlfetch.fetch(address + '/backend', deadline=60).content for address in addresses]
                    self.response.out.write(' '.join(answers))
                elif path == '/backend':
                    self.response.out.write(backends.get_backend())
                elif path == '/self':
                    self.response.out.write(urlfetch.fetch(self.request.host_url + '/', deadline=60).content)
                elif path == '/django':
                    self.response.out.write(django.VERSION[:2])
                elif path == '/channel':
                    self.response.out.write(bool(channel.create_channel('visitor')))
                else:
                    self.response.out.write(text.HELLO)

        app = webapp.WSGIApplication([('.*', Page)])

        def main():
            run_wsgi_app(app)

        if __name__ == '__main__':
            main()
    """,
    "pages/__init__.py": "",
    "pages/lib/__init__.py": "",
    "pages/lib/text.py": "HELLO = 'hello'\n",
    "api.py": """
        import endpoints
        from protorpc import messages, remote
        from google.appengine.ext.webapp.util import run_wsgi_app

        class Text(messages.Message):
            text = messages.StringField(1)

        @endpoints.api(name='echo', version='v1')
        class Echo(remote.Service):
            @endpoints.method(Text, Text, path='echo', http_method='POST', name='echo')
            def echo(self, request):
                return Text(text=request.text.upper())

        if __name__ == '__main__':
            run_wsgi_app(endpoints.api_server([Echo], restricted=False))
    """,
}

Get = Callable[[str], httpx.Response]


def write(folder: Path) -> None:
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(dedent(text).lstrip())
    (folder / "dangling").symlink_to("nowhere")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("old")
    write(folder)
    with Cloud(runtimes=[Python27RealRuntime(find_python27())]) as cloud:
        app = cloud.add(folder)
        cloud.start()
        yield app.url


@pytest.fixture(scope="module")
def get(url: str) -> Get:
    return lambda path: httpx.get(url + path, timeout=DEADLINE)


@pytest.mark.parametrize(
    ("path", "text"),
    [("/", "hello"), ("/script", "CGI\n"), ("/included", "included\n"), ("/static/style.css", "body {}\n")],
)
def test_scripts_included_handlers_and_static_files_are_served(get: Get, path: str, text: str) -> None:
    assert get(path).text == text


def test_builtins_are_those_of_the_sdk(get: Get) -> None:
    assert get("/_ah/remote_api").text == "You must be logged in as an administrator to access this."


def test_backends_of_both_kinds_answer(get: Get) -> None:
    assert get("/backends").text == "dynamic resident"


def test_app_that_serves_one_request_at_a_time_can_fetch_its_own_page(get: Get) -> None:
    assert get("/self").text == "hello"


def test_app_chooses_its_django_by_use_library(get: Get) -> None:
    assert get("/django").text == "(1, 2)"


def test_channels_are_those_of_the_sdk(get: Get) -> None:
    assert get("/channel").text == "True"
    assert get("/_ah/channel/jsapi").status_code == 200


def test_endpoints_api_answers(url: str) -> None:
    answer = httpx.post(f"{url}/_ah/api/echo/v1/echo", json={"text": "hello"}, timeout=DEADLINE)
    assert answer.json() == {"text": "HELLO"}
