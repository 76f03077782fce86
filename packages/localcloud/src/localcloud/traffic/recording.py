"""Requests of visitors, as they were sent or will be sent again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from datastore_emulator.errors import UserError

_LOOKS_LIKE_HTML = re.compile(
    rb"\s*<(?:(?:html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[\s>]|!doctype html|!--)",
    re.IGNORECASE,
)

Headers = tuple[tuple[str, str], ...]
"""Names and values; the bytes of a value are Latin-1, as in WSGI (PEP 3333)."""


@dataclass(frozen=True)
class Source:
    """A place in an earlier answer that a value of a request came from, in words that fit other apps' answers, too.

    `request` is the number of that request, from 1. `kind` and `pattern` are:

    - "field", the name of a field of a form: a hidden one, a button, a box or an option
    - "attribute", an attribute's value with "*" for the value itself and "{}" for what each app has another value for,
      as in "/posts/*/edit"; attributes that are no URLs have their names, as in "meta csrf-token=*" and "data-id=*"
    - "json", a path as in "posts[0].id", or "posts[0].url=/posts/*" for a part of that value
    - "location", the Location header with "*" for the value itself
    - "cookie", the name of a cookie
    - "text", what is around the value in a script or another text, as in 'token = "*"'

    `number` counts the matches before the one that is meant.
    """

    request: int
    kind: str
    pattern: str
    number: int = 0


@dataclass(frozen=True)
class Taken:
    """A value in the target, the headers or the body of a request that an earlier answer had given out."""

    value: str
    source: Source


@dataclass(frozen=True)
class RecordedRequest:
    """A request of a visitor. All requests of a `session` share their cookies, as those of one browser do.

    `target` is the path with the query, percent-encoded as it was sent. `headers` are those that matter to an app,
    without cookies that the app has set. `taken` are the values that each app gives out anew, as a CSRF token.
    `address` is the one of this machine that the visitor comes from, "" for the usual one. `app` names the app that the
    request was for, "" if there was only one.
    """

    target: str
    method: str = "GET"
    session: str = "1"
    headers: Headers = ()
    body: bytes = b""
    taken: tuple[Taken, ...] = ()
    address: str = ""
    app: str = ""


@dataclass(frozen=True)
class Recording:
    """The requests of visitors in their order; `origin` says in words where they come from.

    `notes` say what of that is not among them, and why.
    """

    requests: tuple[RecordedRequest, ...]
    origin: str = ""
    notes: tuple[str, ...] = ()

    def of_app(self, *names: str) -> Recording:
        """Return the requests for an app that has one of these names, if the recording tells apps apart.

        A name may also be a path that ends with it. Raises UserError if there are none.
        """
        names = (*names, *(name.rpartition("/")[2] for name in names))
        kept = [number for number, request in enumerate(self.requests, 1) if request.app in ("", *names)]
        others = sorted({request.app for request in self.requests} - {"", *names})
        if not others:
            return self
        if not kept:
            raise UserError(
                f"the recording has no requests for {names[0]}, but for {', '.join(others)}; record it, or change "
                '"app" in the file'
            )
        numbers = {old: new for new, old in enumerate(kept, 1)}
        note = f"left out requests for other apps ({', '.join(others)}): {len(self.requests) - len(kept):,}"
        requests = tuple(_renumber(self.requests[number - 1], numbers) for number in kept)
        return replace(self, requests=requests, notes=(*self.notes, note))


def _renumber(request: RecordedRequest, numbers: Mapping[int, int]) -> RecordedRequest:
    """Return a request that names earlier ones by other numbers; what came from one without a number is not taken."""
    taken = tuple(
        replace(one, source=replace(one.source, request=numbers[one.source.request]))
        for one in request.taken
        if one.source.request in numbers
    )
    return replace(request, taken=taken)


@dataclass(frozen=True)
class Answer:
    """An app's answer to a request."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """Return the value of the first header of that name, "" if there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    @property
    def content_type(self) -> str:
        """The Content-Type header. Without one it is what browsers see in the body: HTML, or "".

        https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type
        """
        return self.header("Content-Type") or ("text/html" if _LOOKS_LIKE_HTML.match(self.body) else "")


@dataclass(frozen=True)
class Exchange:
    """A request with its answer, as it was seen. `cookies` is the request's Cookie header, "" if it had none."""

    request: RecordedRequest
    answer: Answer
    cookies: str = ""
