"""The console as a browser without scripts uses it: pages, and the forms that they have."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from tests.support.deadline import DEADLINE

SCRIPT = "<script>alert(1)</script>"


class Form:
    """A form of a page: its address and its fields, which a test may change before it is sent."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.fields: list[tuple[str, str]] = []

    def set(self, name: str, value: str) -> Form:
        self.fields = [(known, old) for known, old in self.fields if known != name] + [(name, value)]
        return self

    def get(self, name: str) -> str:
        return dict(self.fields)[name]


class _Forms(HTMLParser):
    """Reads forms as a browser does, without what nobody has ticked."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._url = url
        self._text: str | None = None
        self._select = ""

    def handle_starttag(self, tag: str, pairs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in pairs}
        if tag == "form":
            self.forms.append(Form(urljoin(self._url, attributes.get("action", self._url))))
        elif tag == "input" and attributes.get("type") != "checkbox" and "name" in attributes:
            self.forms[-1].fields.append((attributes["name"], attributes.get("value", "")))
        elif tag == "textarea":
            self._text = attributes["name"]
        elif tag == "select":
            self._select = attributes["name"]
        elif tag == "option" and "selected" in attributes:
            self._text = self._select

    def handle_data(self, data: str) -> None:
        if self._text:
            # The first newline of a text area is no part of its value, and a browser sends CRLF.
            value = data.removeprefix("\n").replace("\n", "\r\n")
            self.forms[-1].fields.append((self._text, value or "true"))
            self._text = None


class Pages:
    """A visitor of the console at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.client = httpx.Client(base_url=url, follow_redirects=True, timeout=DEADLINE)

    def get(self, path: str, status: int = 200, **query: str) -> str:
        answer = self.client.get(path, params=query or None)
        assert answer.status_code == status, answer.text
        return answer.text

    def form(self, path: str, action: str = "", **query: str) -> Form:
        """Return the first form of a page whose address ends with `action`."""
        answer = self.client.get(path, params=query or None)
        reader = _Forms(str(answer.url))
        reader.feed(answer.text)
        return next(form for form in reader.forms if form.action.endswith(action) and dict(form.fields).get("token"))

    def send(self, form: Form, status: int = 200) -> str:
        data: dict[str, list[str]] = {}
        for name, value in form.fields:
            data.setdefault(name, []).append(value)
        answer = self.client.post(form.action, data=data)
        assert answer.status_code == status, answer.text
        return answer.text

    def link(self, page: str, pattern: str) -> str:
        """Return the address of the first link whose text matches."""
        found = re.search(rf'<a [^>]*href="([^"]+)"[^>]*>(?:{pattern})</a>', page)
        assert found, page
        return urljoin(self.url, html.unescape(found[1]))


def notes(page: str) -> list[str]:
    """Return what a page tells its visitor about what was done."""
    return [html.unescape(text) for text in re.findall(r'<p class="note" role="\w+">([^<]*)</p>', page)]
