"""A small app of old habits for tests of comparisons: sessions, a CSRF token, new ids, times, JSON. No process runs."""

from __future__ import annotations

import json
import random
import secrets
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import flask

from localcloud.compare.browser import Jar
from localcloud.effects import Effects, EntityChange, PropertyValue
from localcloud.traffic import Answer, RecordedRequest

PAGE = """<!doctype html><title>Notes</title>
<p>Hello {user}, it is {now}. Your lucky number is {lucky}.</p>
<form method=post action=/add><input type=hidden name=csrf value={csrf}><input name=text></form>
<ul>{notes}</ul>"""


class Notes:
    """The app as WSGI. Subclasses break one thing each."""

    secure = True
    limit = 3
    indexed = True

    def __init__(self, clock: Callable[[], float] = time.time, seed: int = 0) -> None:
        self.app = flask.Flask("notes", static_folder=None)
        self.app.secret_key = secrets.token_hex()
        self.app.config.update(SESSION_COOKIE_SECURE=self.secure, SESSION_COOKIE_HTTPONLY=True)
        self.stored: dict[int, str] = {}
        self.written: list[EntityChange] = []
        self.clock = clock
        self.random = random.Random(seed)  # of our own: no test may depend on chance
        for rule, view, methods in (
            ("/", self.index, ["GET"]),
            ("/login", self.login, ["POST"]),
            ("/add", self.add, ["POST"]),
            ("/notes/<int:number>", self.show, ["GET"]),
            ("/notes.json", self.list, ["GET"]),
        ):
            self.app.add_url_rule(rule, view_func=view, methods=methods)

    def index(self) -> str:
        token = flask.session.setdefault("csrf", secrets.token_urlsafe(self.random.randint(12, 16)))
        links = [f"<li><a href=/notes/{number}>{text}</a>" for number, text in self.newest()]
        return PAGE.format(
            user=flask.session.get("user", "nobody"),
            now=datetime.fromtimestamp(self.clock(), timezone.utc).strftime("%H:%M:%S"),
            lucky=self.random.randint(1, 9),
            csrf=token,
            notes="".join(links),
        )

    def newest(self) -> list[tuple[int, str]]:
        return list(reversed(self.stored.items()))[: self.limit]

    def login(self) -> flask.Response:
        flask.session["user"] = flask.request.form["name"]
        return flask.redirect("/")  # type: ignore[return-value]

    def add(self) -> flask.Response:
        if flask.request.form.get("csrf") != flask.session.get("csrf"):
            flask.abort(403)
        number = self.random.randint(10**15, 10**16)
        self.stored[number] = flask.request.form["text"]
        self.written.append(
            EntityChange("Note", f"Note {number}", properties={"text": PropertyValue("'...'", self.indexed)})
        )
        return flask.redirect(f"/notes/{number}")  # type: ignore[return-value]

    def show(self, number: int) -> str:
        return self.stored.get(number) or flask.abort(404)

    def list(self) -> flask.Response:
        found = [{"id": number, "text": text} for number, text in self.newest()]
        return flask.Response(json.dumps({"notes": found}), mimetype="application/json")


class InProcess:
    """An app that answers in this process; has the methods of a Target."""

    port = 80
    world: Any = None  # nothing happens to it

    def __init__(self, name: str, notes: Notes) -> None:
        self.name = name
        self._notes = notes
        self._client = notes.app.test_client(use_cookies=False)
        self._jars: dict[str, Jar] = {}

    def send(self, request: RecordedRequest) -> tuple[Answer | None, float]:
        jar = self._jars.setdefault(request.session, Jar())
        headers = [*request.headers, ("Cookie", jar.header(request.target))]
        response = self._client.open(request.target, method=request.method, data=request.body, headers=headers)
        answer = Answer(response.status_code, tuple(response.headers), response.data)
        jar.keep(request.target, answer)
        return answer, 0.0

    def find_error(self) -> str:
        return ""

    def effects(self) -> Effects:
        written, self._notes.written = self._notes.written, []
        return Effects(tuple(written), calls=Counter({"Datastore Commit": len(written)}))
