"""A visit to an app by following its links and submitting its forms, for a comparison without recorded requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from urllib.parse import quote, urljoin

from localcloud.compare.visiting.agenda import Agenda, Experience
from localcloud.compare.visiting.forms import Form
from localcloud.compare.visiting.links import Kind, Link, Page, read_page, resolve
from localcloud.frontend.sign_in import LOGIN as SIGN_IN
from localcloud.launch.plan import Handler
from localcloud.traffic import Answer, Exchange, RecordedRequest, Recording
from localcloud.traffic.sources import find_taken

Send = Callable[[RecordedRequest], "Answer | None"]

LIMIT = 60
_UNLINKED = 4
_REDIRECTS = 5
_DEPTH_OF_MENTIONS = 2
_REFUSED = (401, 403)
_REDIRECTING = (301, 302, 303, 307, 308)
_KEEPING_METHOD = (307, 308)
_REGULAR_EXPRESSION = re.compile(r"[*+?()\[\]{}|^$]|\\[a-zA-Z]")


def crawl(
    send: Send,
    limit: int = LIMIT,
    *,
    origin: str = "http://localhost",
    starts: Sequence[str] = (),
    mentions: Sequence[str] = (),
) -> Recording:
    """Visit an app, and return the requests in their order.

    `send` sends a request with the cookies of its session, and returns None if there is no answer. `origin` is the
    app's address: links to others are not followed. The visit begins at "/" and at `starts`. `mentions` are further
    paths, for when the links near the start have been followed.
    """
    return _Crawl(send, limit, origin, ("/", *starts), mentions).run()


def find_starts(handlers: Iterable[Handler]) -> list[str]:
    """Return the paths of an app's own pages that its handlers in app.yaml name, also those before a wildcard."""
    found = []
    for handler in handlers:
        if handler.static_dir is None and handler.url.startswith("/") and not handler.url.startswith("/_ah/"):
            # The dot of ".*" belongs to the expression, that of "/robots.txt" is meant as a dot.
            expression = re.sub(r"\.(?=[*+?{])", "*", handler.url)
            found.append(_REGULAR_EXPRESSION.split(expression, maxsplit=1)[0].replace("\\", ""))
    return [path for path in dict.fromkeys(found) if path != "/"]


class _LimitReachedError(Exception):
    """The visitor has made all requests that it may make."""


@dataclass
class _Visitor:
    """A browser's session, and the page that it shows.

    `refused` are the targets that the visitor may not see, `redirected` those that led elsewhere.
    """

    session: str
    agenda: Agenda
    limit: int
    page: Page = field(default_factory=Page)
    exchanges: dict[int, Exchange] = field(default_factory=dict)
    visited: dict[str, None] = field(default_factory=dict)
    refused: dict[str, None] = field(default_factory=dict)
    redirected: dict[str, None] = field(default_factory=dict)


class _Crawl:
    """A visit under way. `limit` counts all requests together, also those of earlier visitors."""

    def __init__(self, send: Send, limit: int, origin: str, starts: Sequence[str], mentions: Sequence[str]) -> None:
        self._send = send
        self._limit = limit
        self._origin = origin
        self._starts = starts
        self._mentioned = Page(tuple(Link(path, Kind.MENTION) for path in mentions))
        self._requests: list[RecordedRequest] = []
        self._has_users = False

    def run(self) -> Recording:
        unlinked = min(_UNLINKED, self._limit // 10)
        visitor = self._start("visitor", Experience(), self._limit - unlinked)
        visitors = [visitor]
        self._visit_all(visitor)
        self._request_what_nobody_links(visitor, unlinked)
        if self._has_users:
            visitors += self._visit_as_users(visitor)
        if len(visitors) == 1:  # there was no sign-in page after all
            visitor.limit = self._limit
            self._visit_all(visitor)
        left_out = (
            set().union(*(one.agenda.left_out() for one in visitors)).difference(*(one.visited for one in visitors))
        )
        more = f"; {len(left_out)} links and forms were left out" if left_out else ""
        origin = f"links and forms of the app, followed for {len(self._requests)} requests{more}"
        return Recording(tuple(self._requests), origin)

    def _start(self, session: str, others: Experience, limit: int, refused: Iterable[str] = ()) -> _Visitor:
        agenda = Agenda(self._origin, others)
        agenda.plan_starts(dict.fromkeys((*self._starts, *refused)))
        agenda.plan(self._mentioned, "", _DEPTH_OF_MENTIONS)
        return _Visitor(session, agenda, limit)

    def _visit_as_users(self, visitor: _Visitor) -> list[_Visitor]:
        """Visit as an ordinary user and then as an administrator what was refused before; return those signed in."""
        users: list[_Visitor] = []
        for session, account, limit in (
            ("user", "email=test%40example.com", self._limit - self._limit // 6),
            ("administrator", "email=admin%40example.com&admin=True", self._limit),
        ):
            refused = tuple(visitor.refused)
            visitor = self._start(session, visitor.agenda.experience(visitor.visited), limit, refused)
            onward = quote(refused[0] if refused else "/", safe="")
            request = RecordedRequest(f"{SIGN_IN}?{account}&action=Login&continue={onward}")
            try:
                signed_in = self._ask(visitor, request)
            except _LimitReachedError:
                break
            if self._find_redirect(signed_in, request) is None:
                break
            users.append(visitor)
            self._visit_all(visitor)
        return users

    def _visit_all(self, visitor: _Visitor) -> None:
        """Follow links and submit forms until there are no more, or the visitor's limit is reached."""
        with suppress(_LimitReachedError):
            while len(self._requests) < visitor.limit and (planned := visitor.agenda.next()):
                if planned.form:
                    self._submit(visitor, planned.request, planned.form, planned.depth)
                elif planned.request.target not in visitor.visited:
                    self._visit(visitor, planned.request, planned.depth)

    def _submit(self, visitor: _Visitor, request: RecordedRequest, form: Form, depth: int) -> None:
        seen = self._visit(visitor, request, depth)
        if request.method != "POST":
            return
        if form.has_password and not any(one.has_password for one in visitor.page.forms):
            self._plan_what_was_refused(visitor)
        page = resolve(form.page, self._origin, self._origin)
        if page and page != seen:
            self._visit(visitor, RecordedRequest(page), depth)  # it may show what was written

    def _plan_what_was_refused(self, visitor: _Visitor) -> None:
        """Plan to visit again what was refused or led elsewhere: the visitor seems to have signed in."""
        again = {**visitor.refused, **visitor.redirected}
        for target in again:
            visitor.visited.pop(target, None)
        visitor.agenda.plan_starts(again)
        visitor.refused.clear()
        visitor.redirected.clear()

    def _visit(self, visitor: _Visitor, request: RecordedRequest, depth: int) -> str:
        """Send a request and follow redirects; return the target that the visitor got in the end, "" after a POST."""
        is_link = request.method == "GET"
        for _ in range(_REDIRECTS):
            answer = self._ask(visitor, request)
            if answer is None:
                break
            location = self._find_redirect(answer, request)
            if answer.status in _REFUSED or (location or "").startswith(SIGN_IN):
                self._expect_users(visitor)
                if request.method == "GET":
                    visitor.refused[request.target] = None
            if location is None:
                self._read(visitor, answer, request.target, depth)
                break
            if request.method == "GET":
                visitor.redirected[request.target] = None
            if location.startswith(SIGN_IN) or (is_link and location in visitor.visited):
                break
            request = RecordedRequest(location)
        return request.target if request.method == "GET" else ""

    def _read(self, visitor: _Visitor, answer: Answer, target: str, depth: int) -> None:
        page = read_page(answer, target, self._origin)
        others = tuple(link for link in page.links if not link.target.startswith(SIGN_IN))
        if others != page.links:
            self._expect_users(visitor)
        visitor.page = replace(page, links=others)
        visitor.agenda.plan(visitor.page, urljoin(self._origin, target), depth)

    def _expect_users(self, visitor: _Visitor) -> None:
        """Leave requests for visitors who sign in on App Engine's page, which this answer has led to."""
        if not self._has_users:
            self._has_users = True
            visitor.limit = min(visitor.limit, self._limit // 2)

    def _request_what_nobody_links(self, visitor: _Visitor, count: int) -> None:
        elsewhere = {*visitor.refused, *visitor.redirected}
        pages = (one for one in visitor.visited if one not in elsewhere and one.strip("/") and not {*one} & {*"?."})
        page = next(pages, "")
        requests = [
            RecordedRequest("/no-such-page"),
            RecordedRequest("/", "HEAD"),
            RecordedRequest("/", "PUT"),
            *([RecordedRequest(page.rstrip("/") if page.endswith("/") else f"{page}/")] if page else []),
        ]
        visitor.limit = len(self._requests) + count
        for request in requests[:count]:
            self._ask(visitor, request)

    def _ask(self, visitor: _Visitor, request: RecordedRequest) -> Answer | None:
        """Send a request and remember it with the answer; raises _LimitReachedError."""
        if len(self._requests) >= visitor.limit:
            raise _LimitReachedError
        request = replace(request, session=visitor.session)
        request = replace(request, taken=find_taken(request, visitor.exchanges))
        answer = self._send(request)
        self._requests.append(request)
        if answer:
            visitor.exchanges[len(self._requests)] = Exchange(request, answer)
        if request.method == "GET":
            visitor.visited[request.target] = None
        return answer

    def _find_redirect(self, answer: Answer | None, request: RecordedRequest) -> str | None:
        """Return the target that a browser requests next, None if it shows the answer."""
        if answer is None or answer.status not in _REDIRECTING:
            return None
        if answer.status in _KEEPING_METHOD and request.method != "GET":
            return None
        location = answer.header("Location")
        return resolve(location, urljoin(self._origin, request.target), self._origin) if location else None
