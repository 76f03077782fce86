"""Apps receive what the record of their platform says: headers, the peer's address and the environment."""

from __future__ import annotations

import http.client
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace

import pytest

from localcloud import App, Cloud, Platform
from localcloud.platforms import Entry, Record, records
from localcloud.platforms.record import everywhere
from tests.support.deadline import DEADLINE

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a visitor and the proxy have addresses"),
    pytest.mark.xdist_group("platforms"),
]

VISITOR = "127.0.0.7"
MAIN = """
import json, os

def received(environ):
    return {'wsgi': {name: value for name, value in environ.items() if isinstance(value, str)}, 'os': dict(os.environ)}

def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'application/json')])
    return [json.dumps(received(environ)).encode()]

def show(request):
    return received(request.environ)
"""
FILES = {
    Platform.APP_ENGINE_PYTHON27: {
        "app.yaml": "runtime: python27\napi_version: 1\nthreadsafe: true\nhandlers:\n- url: /.*\n  script: main.app\n"
    },
    Platform.APP_ENGINE: {"app.yaml": "runtime: python314\nentrypoint: gunicorn -b :$PORT main:app\n"},
    Platform.CLOUD_RUN: {"Procfile": "web: gunicorn -b :$PORT main:app\n"},
    Platform.FUNCTIONS: {},
}
FORGED = {
    "X-Forwarded-For": ("6.6.6.6, 7.7.7.7", "8.8.8.8"),
    "X-Appengine-User-Ip": ("6.6.6.6",),
    "X-Google-Real-Ip": ("6.6.6.6",),
    "X-Real-Ip": ("6.6.6.6",),
    "Forwarded": ("for=6.6.6.6;proto=gopher",),
    "X-Forwarded-Proto": ("gopher",),
    "X-Forwarded-Host": ("forged.example",),
    "Accept-Encoding": ("br",),
}
CLAIMS = "6.6.6.6, 7.7.7.7, 8.8.8.8, "
# The CGI variables of every request, which python27 keeps in os.environ.
CGI = {"PATH_INFO", "QUERY_STRING", "RAW_URI", "REMOTE_ADDR", "REMOTE_PORT", "REQUEST_METHOD", "SCRIPT_NAME"}
CGI |= {"SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "wsgi.url_scheme"}
# What the shell that starts a server adds.
SHELL = {"PWD", "OLDPWD", "SHLVL", "_"}
RECORDS = {record.title: record for record in records()}


@dataclass(frozen=True)
class Received:
    """The headers and the peer that an app received with one request, and its environment."""

    headers: Mapping[str, str]
    peer: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Served:
    """A platform's record and an app behind its front end; `known` has the values of the patterns' names."""

    record: Record
    app: App
    known: Mapping[str, str]

    def visit(self, forged: Mapping[str, Iterable[str]]) -> Received:
        """Send one request from VISITOR, with these headers beside Host and User-Agent."""
        port = int(self.known["port"])
        with closing(
            http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE, source_address=(VISITOR, 0))
        ) as visitor:
            visitor.putrequest("GET", "/", skip_accept_encoding=True)
            visitor.putheader("User-Agent", "visitor")
            for name, values in forged.items():
                for value in values:
                    visitor.putheader(name, value)
            visitor.endheaders()
            seen = json.loads(visitor.getresponse().read())
        headers = {
            name.removeprefix("HTTP_").replace("_", "-").title(): value
            for name, value in seen["wsgi"].items()
            if name.startswith("HTTP_") and name != "HTTP_USER_AGENT"
        }
        # python27's os.environ holds the request, in which this names the app's server.
        others = CGI | ({"SERVER_SOFTWARE"} if self.record.platform is Platform.APP_ENGINE_PYTHON27 else set())
        environment = {
            name: value
            for name, value in seen["os"].items()
            if name not in others | SHELL and not name.startswith("HTTP_")
        }
        return Received(headers, seen["wsgi"]["REMOTE_ADDR"], environment)


def differences(entries: Iterable[Entry], found: Mapping[str, str], known: Mapping[str, str]) -> list[str]:
    """Return each name under which an app received something else than its entry says, or that has no entry."""
    entries = {entry.name: entry for entry in entries}
    wrong = [entry for entry in entries.values() if not entry.matches(found.get(entry.name), **known)]
    return [
        *(
            f"{entry.name}: expected {entry.here or 'nothing'}, found {found.get(entry.name, 'nothing')}"
            for entry in wrong
        ),
        *(f"{name}: not in the record, found {found[name]}" for name in found.keys() - entries.keys()),
    ]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Served]]:
    """An app on each platform, under its record's title."""
    with pytest.MonkeyPatch.context() as patch, Cloud() as cloud:
        patch.delenv("TMPDIR", raising=False)
        served = {}
        for number, record in enumerate(records()):
            folder = tmp_path_factory.mktemp("app")
            files = {"main.py": MAIN, "requirements.txt": "gunicorn==27.0.1\n", **FILES[record.platform]}
            for name, text in files.items():
                (folder / name).write_text(text)
            function = "show" if record.platform is Platform.FUNCTIONS else None
            app = cloud.add(
                folder, name=f"app{number}", function=function, behind_load_balancer=record.behind_load_balancer
            )
            port = app.url.rpartition(":")[2]
            served[record.title] = Served(
                record,
                app,
                {
                    "visitor": VISITOR,
                    "claims": "",
                    "load_balancer": "127.0.0.253",
                    "host": f"127.0.0.1:{port}",
                    "port": port,
                    "project": "demo",
                    "service": f"app{number}",
                    "function": "show",
                },
            )
        cloud.start()
        yield served


@pytest.fixture(params=RECORDS)
def served(everything: dict[str, Served], request: pytest.FixtureRequest) -> Served:
    return everything[request.param]


@pytest.mark.app
def test_app_receives_the_headers_of_the_record_and_no_other(served: Served) -> None:
    assert differences(served.record.headers, served.visit({}).headers, served.known) == []


@pytest.mark.app
def test_forged_headers_become_what_the_record_says(served: Served) -> None:
    received = served.visit(FORGED).headers
    passed = {entry.name for entry in served.record.forged if entry.value == "passed on"}
    # A server joins the lines of a header with or without a blank.
    assert {name: received.get(name, "").replace(" ", "") for name in passed} == {
        name: ",".join(FORGED[name]).replace(" ", "") for name in passed
    }
    others = {name: value for name, value in received.items() if name not in passed}
    assert differences(served.record.headers, others, {**served.known, "claims": CLAIMS}) == []


@pytest.mark.app
def test_record_covers_each_forged_header(served: Served) -> None:
    assert {entry.name for entry in served.record.forged} == set(FORGED)


@pytest.mark.app
def test_app_sees_the_peer_of_the_record(served: Served) -> None:
    assert served.record.peer.matches(served.visit({}).peer, **served.known)


@pytest.mark.app
def test_app_has_the_environment_of_the_record_and_no_other(served: Served) -> None:
    entries = (*served.record.environment, *everywhere())
    assert differences(entries, served.visit({}).environment, served.known) == []


# The comparison itself finds what it is there to find.


@pytest.mark.app
def test_header_that_the_record_lacks_is_found(everything: dict[str, Served]) -> None:
    served = everything["Cloud Run"]
    entries = [entry for entry in served.record.headers if entry.name != "X-Forwarded-For"]
    assert differences(entries, served.visit({}).headers, served.known) == [
        f"X-Forwarded-For: not in the record, found {VISITOR}"
    ]


@pytest.mark.app
def test_header_that_the_app_lacks_is_found(everything: dict[str, Served]) -> None:
    served = everything["Cloud Run"]
    via = Entry("Via", "1.1 google", "1.1 google", "", (), "for this test")
    assert differences((*served.record.headers, via), served.visit({}).headers, served.known) == [
        "Via: expected 1.1 google, found nothing"
    ]


@pytest.mark.app
def test_platform_that_appends_one_address_less_is_found(everything: dict[str, Served]) -> None:
    served = everything["App Engine (Python 3)"]
    entries = [
        replace(entry, here="{claims}{visitor}") if entry.name == "X-Forwarded-For" else entry
        for entry in served.record.headers
    ]
    assert differences(entries, served.visit({}).headers, served.known) == [
        f"X-Forwarded-For: expected {{claims}}{{visitor}}, found {VISITOR}, 169.254.1.1"
    ]


@pytest.mark.app
def test_header_that_the_record_says_to_be_absent_is_found(everything: dict[str, Served]) -> None:
    served = everything["Cloud Run"]
    entries = [replace(entry, here=None) if entry.name == "Forwarded" else entry for entry in served.record.headers]
    assert differences(entries, served.visit({}).headers, served.known) == [
        f'Forwarded: expected nothing, found for="{VISITOR}";proto=http'
    ]
