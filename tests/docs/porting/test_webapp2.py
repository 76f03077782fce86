"""docs/webapp2-to-flask.md: each row and each pair of fences gives the same answers with webapp2 and with Flask."""

from __future__ import annotations

import ast
import http.cookies
import json
import re
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any
from urllib.parse import urljoin

import pytest

from tests.docs.porting.pythons import run_on_python3, run_on_python27
from tests.docs.porting.tables import code, fences, read_page, rows

# One process for all, since it keeps what the programs answer.
pytestmark = pytest.mark.xdist_group("webapp2")

PAGE = read_page("webapp2-to-flask")
HANDLER_ROWS = [*rows(PAGE, "## Read the request"), *rows(PAGE, "## Write the answer")]
ROUTES = rows(PAGE, "## Routes")
(CONVERTER,) = fences(PAGE, "## Routes")

GET = {"path": "/?name=Ann&tag=a&tag=b&n=30&q=%20", "headers": {"X-Name": "Ann", "Cookie": "theme=dark"}}
FORM = {"path": "/?name=Ann", "method": "POST", "data": {"name": "Bob", "tag": ["a", "b"], "n": "0"}}
BARE = {"path": "/"}
JSON = {"path": "/", "method": "POST", "data": '{"name": "Ann"}', "content_type": "application/json"}
UPLOAD = {"path": "/", "method": "POST", "data": {"name": "Ann"}, "files": {"photo": ["a.txt", "caf\u00e9"]}}
# What a browser sends if no file was chosen.
NO_FILE = {
    "path": "/",
    "method": "POST",
    "data": '--x\r\nContent-Disposition: form-data; name="photo"; filename=""\r\n'
    "Content-Type: application/octet-stream\r\n\r\n\r\n--x--\r\n",
    "content_type": "multipart/form-data; boundary=x",
}
# The requests to each pair of fences.
PAIRS = {
    "## A base handler": [
        {"path": "/cron/clean"},
        {"path": "/cron/clean", "headers": {"X-Appengine-Cron": "true"}},
    ],
    "## Sessions": [BARE, BARE, {"path": "/", "method": "POST"}, BARE, BARE],
    "## Error pages": [
        {"path": f"/item{query}"} for query in ("?number=9", "?number=x", "", "?number=10", "?number=0", "/nothing")
    ],
    "## Middleware": [BARE],
}

WEBAPP2 = """
import json
import webapp2

class Page(webapp2.RequestHandler):
    def get(self):
{body}

    post = get

app = webapp2.WSGIApplication(
    [('/', Page), webapp2.Route(r'/item/<number:\\d+>', Page, name='item')], config={{'theme': 'dark'}})
"""
FLASK = """
import json
from flask import Flask, abort, current_app, g, jsonify, make_response, redirect, request, url_for

app = Flask(__name__)
app.config['theme'] = 'dark'

@app.route('/', methods=['GET', 'POST'])
def page():
{body}

@app.route('/item/<int:number>', endpoint='item')
def item(number):
    return ''
"""
WEBAPP2_ROUTE = """
import json
import webapp2

class Page(webapp2.RequestHandler):
    def get(self, **values):
        self.response.write(json.dumps(values))

app = webapp2.WSGIApplication([{route}])
"""
FLASK_ROUTE = """
import json
from flask import Flask

app = Flask(__name__)
{converter}

{route}
def page(**values):
    return json.dumps(dict((name, str(value)) for name, value in values.items()))
"""


def with_value_written(lines: list[str], write: str, statements: str) -> str:
    """Return a body that writes the value of the last line, if that is what the line is for."""
    *before, last = lines
    if not re.match(statements, last) and isinstance(ast.parse(last).body[0], ast.Expr):
        last = f"{write}json.dumps({last}){')' if write.endswith('(') else ''}"
    return textwrap.indent("\n".join([*before, last]), " " * 8)


def row_sources(row: list[str]) -> tuple[str, str]:
    """Return the apps of a row: webapp2's and Flask's."""
    answer = r"self\.(response|redirect|abort|error)|return |abort\("
    return (
        WEBAPP2.format(body=with_value_written(code(row[1]), "self.response.write(", answer)),
        FLASK.format(body=with_value_written(code(row[2]), "return ", answer)),
    )


def row_requests(row: list[str]) -> list[dict[str, Any]]:
    """Return the requests that make sense for a row."""
    if "photo" in row[1]:
        return [UPLOAD, NO_FILE] if "bool" in row[1] else [UPLOAD]
    return [JSON] if "json.loads" in row[1] else [GET, FORM, BARE]


def route_sources(row: list[str]) -> tuple[str, str]:
    """Return the apps of a route."""
    (old,), (new,) = code(row[0]), code(row[1])
    return WEBAPP2_ROUTE.format(route=old), FLASK_ROUTE.format(route=new, converter=CONVERTER)


JOBS = [
    *[(source, row_requests(row)) for row in HANDLER_ROWS for source in row_sources(row)],
    *[(source, [{"path": code(cell)[0]} for cell in row[2:]]) for row in ROUTES for source in route_sources(row)],
    *[(source, requests) for heading, requests in PAIRS.items() for source in fences(PAGE, heading)],
]
NAMES = [
    *["; ".join(code(row[1])) for row in HANDLER_ROWS],
    *[code(row[0])[0] for row in ROUTES],
    *[heading.strip("# ") for heading in PAIRS],
]
every_pair = pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)


@cache
def answers(run: Callable[[str, Any], Any]) -> Any:
    """Return the answers of all apps."""
    return run("answer_requests.py", [{"source": source, "requests": requests} for source, requests in JOBS])


def comparable(answer: dict[str, Any], error_page: bool) -> dict[str, Any]:
    """Return what visitors see of an answer. The frameworks' own error pages differ."""
    headers = [(name.lower(), value) for name, value in answer["headers"]]
    fields = dict(headers)
    kind = fields.get("content-type", "")
    body = json.loads(answer["body"]) if kind.startswith("application/json") else answer["body"]
    seen = {
        "status": answer["status"],
        "type": kind.partition(";")[0],
        "cookies": sorted(cookie for name, value in headers if name == "set-cookie" for cookie in cookies(value)),
        "location": urljoin("http://localhost/", fields["location"]) if "location" in fields else None,
        "others": {name: value for name, value in headers if name.startswith(("x-", "content-disposition"))},
        "body": body,
    }
    if 300 <= answer["status"] < 400:
        return {**seen, "body": None, "type": None}
    return {"status": answer["status"]} if answer["status"] >= 400 and not error_page else seen


def cookies(header: str) -> list[tuple[str, ...]]:
    """Return a cookie's name, value and attributes; a session's name and value are the framework's own."""
    jar = http.cookies.SimpleCookie(header)
    return [
        (name, one.value, one["path"], str(one["max-age"]), str(bool(one["httponly"])))
        for name, one in jar.items()
        if name != "session"
    ]


def assert_same_answers(run: Callable[[str, Any], Any], number: int) -> None:
    error_page = NAMES[number] == "Error pages"
    old, new = (
        [comparable(answer, error_page) for answer in answers(run)[place]] for place in (2 * number, 2 * number + 1)
    )
    assert new == old
    assert error_page or [answer for answer in old if answer["status"] == 500] == []


@every_pair
def test_flask_answers_as_webapp2_on_python_3(number: int) -> None:
    assert_same_answers(run_on_python3, number)


@pytest.mark.app
@pytest.mark.lane("python27")
@every_pair
def test_flask_answers_as_webapp2_on_python_27(number: int) -> None:
    assert_same_answers(run_on_python27, number)


def test_every_pair_has_two_fences() -> None:
    assert {heading: len(fences(PAGE, heading)) for heading in PAIRS} == dict.fromkeys(PAIRS, 2)


def test_werkzeug_cannot_check_the_hash_of_a_password_that_webapp2_made() -> None:
    old = "from webapp2_extras.security import generate_password_hash, check_password_hash"
    new = "from werkzeug.security import check_password_hash"
    stored = "generate_password_hash('secret', method='sha1', length=22)"
    keep = "from webapp2_extras import security"
    answers = run_on_python3(
        "run_lines.py",
        [
            [old, f"check_password_hash('secret', {stored})"],
            [new, keep, f"check_password_hash(security.{stored}, 'secret')"],
        ],
    )
    assert answers == [{"literal": "True"}, {"error": "ValueError"}]
