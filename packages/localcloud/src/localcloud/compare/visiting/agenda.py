"""What a visitor who follows every link and submits every form does next."""

from __future__ import annotations

import heapq
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import IntEnum
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from localcloud.compare.routes import route
from localcloud.compare.visiting.form_values import Odd, count_choices, fill_in, has_text
from localcloud.compare.visiting.forms import Form, submit
from localcloud.compare.visiting.links import Kind, Link, Page, resolve
from localcloud.traffic import RecordedRequest

_OF_A_ROUTE = 5
_CHOICES = 6
_ENTRIES = 12  # more than most pages list
_OF_A_SHAPE = 2  # forms with the same fields at different routes, as those of a wiki's pages


class When(IntEnum):
    """The order in which a visitor does things."""

    NEW = 0
    SEEN_BY_OTHERS = 1  # a page that another visitor has seen
    DELETE = 2
    AGAIN = 3  # a form once more, so that lists fill
    LEAVE = 4


_LAST = {
    When.LEAVE: re.compile(r"(?<![a-z])(?:log|sign)[-_ ]?(?:out|off)(?![a-z])", re.IGNORECASE),
    When.DELETE: re.compile(
        r"(?<![a-z])(?:del|delete|remove|destroy|erase|clear|cancel|unsubscribe)(?![a-z])", re.IGNORECASE
    ),
}

FormKey = tuple[str, ...]
"""The route and the fields of a form: the same for forms that do the same to different things."""


class Submission(NamedTuple):
    """A form to be submitted as its visitor `number` fills it in, perhaps with odd text."""

    key: FormKey
    number: int
    odd: Odd | None = None


class Planned(NamedTuple):
    """The next request of a visitor: `form` is the one that it submits, None for a link."""

    request: RecordedRequest
    depth: int
    form: Form | None = None


class Experience(NamedTuple):
    """The targets and forms that earlier visitors have tried, so that a later one need not try them in every way."""

    targets: frozenset[str] = frozenset()
    forms: frozenset[FormKey] = frozenset()


class _Rank(NamedTuple):
    """The place in the order: small ones come first."""

    when: When
    depth: int
    kind: int = 0
    parameters: int = 0


class Agenda:
    """The links and forms that a visitor has found and not tried: those near the start and with few parameters first.

    `too_many` are the targets that are left out, since their route has been visited often enough.
    """

    def __init__(self, origin: str, others: Experience) -> None:
        self.too_many: set[str] = set()
        self._origin = origin
        self._others = others
        self._waiting: list[tuple[_Rank, int, int, Link | Submission]] = []
        self._sequence = itertools.count()
        self._planned: set[str] = set()
        self._planned_forms: set[FormKey] = set()
        self._forms: dict[FormKey, tuple[Form, str]] = {}
        self._routes: Counter[str] = Counter()
        self._shapes: Counter[tuple[str, ...]] = Counter()
        self._folders: Counter[str] = Counter()

    def plan_starts(self, targets: Iterable[str]) -> None:
        """Plan to visit these targets first, also those that have been visited before."""
        for target in targets:
            self._planned.add(target)
            self._push(_Rank(When.NEW, 0), 0, Link(target, Kind.PAGE))

    def plan(self, page: Page, url: str, depth: int) -> None:
        """Plan to follow the links of the page at `url` and to submit its forms."""
        for link in page.links:
            is_known_file = link.kind is Kind.FILE and link.target in self._others.targets
            if link.target not in self._planned and not is_known_file:
                self._planned.add(link.target)
                self._plan_link(link, depth + 1)
        for key in [key for key, (form, _) in self._forms.items() if form.page == url]:
            del self._forms[key]
        for form in reversed(page.forms):  # the first of several that are alike is the one to submit
            self._forms[self._key(form)] = form, page.encoding
        for form in page.forms:
            key = self._key(form)
            if key not in self._planned_forms:
                self._planned_forms.add(key)
                self._plan_form(form, key, depth + 1)

    def next(self) -> Planned | None:
        """Return the next request, None if everything has been tried."""
        while self._waiting:
            _, _, depth, planned = heapq.heappop(self._waiting)
            if isinstance(planned, Link):
                request = RecordedRequest(planned.target)
                kind = route(request)
                if self._routes[kind] < _OF_A_ROUTE:
                    self._routes[kind] += 1
                    return Planned(request, depth)
                self.too_many.add(planned.target)
            elif planned.key in self._forms:  # the page still has it
                form, encoding = self._forms[planned.key]
                if request_of_form := self._submit(form, encoding, planned):
                    return Planned(request_of_form, depth, form)
        return None

    def left_out(self) -> set[str]:
        """Return the targets and forms that have not been tried; repetitions do not count."""
        waiting = [planned for rank, _, _, planned in self._waiting if rank.when is not When.AGAIN]
        return self.too_many | {one.target if isinstance(one, Link) else " ".join(one.key) for one in waiting}

    def experience(self, visited: Iterable[str]) -> Experience:
        """Return what this visitor, who has `visited` these targets, and earlier ones have tried."""
        waiting = {
            one.key for rank, _, _, one in self._waiting if isinstance(one, Submission) and rank.when < When.AGAIN
        }
        return Experience(self._others.targets.union(visited), self._others.forms | (self._planned_forms - waiting))

    def _plan_link(self, link: Link, depth: int) -> None:
        parts = urlsplit(link.target)
        folder = parts.path.rpartition("/")[0]
        crowd = self._folders[folder] // _OF_A_ROUTE  # the hundred tags of a blog wait
        self._folders[folder] += 1
        when = _when(f"{link.text} {link.target}", link.target in self._others.targets)
        parameters = len(parse_qsl(parts.query, keep_blank_values=True))
        self._push(_Rank(when, depth + crowd, 1 + link.kind, parameters), depth, link)

    def _plan_form(self, form: Form, key: FormKey, depth: int) -> None:
        when = _when(f"{form.text} {form.action}")
        known = key in self._others.forms or self._shapes[form.shape] >= _OF_A_SHAPE
        self._shapes[form.shape] += 1
        for submission, delay, again in _ways_to_submit(form, key, known=known):
            self._push(_Rank(max(when, When.AGAIN) if again else when, depth + delay), depth, submission)

    def _push(self, rank: _Rank, depth: int, planned: Link | Submission) -> None:
        heapq.heappush(self._waiting, (rank, next(self._sequence), depth, planned))

    def _key(self, form: Form) -> FormKey:
        return route(RecordedRequest(form.action, form.method)), *form.shape

    def _submit(self, form: Form, encoding: str, planned: Submission) -> RecordedRequest | None:
        button = form.buttons[planned.number % len(form.buttons)]
        request = submit(form, button, fill_in(form, planned.number, planned.odd), encoding)
        target = resolve(request.target, self._origin, self._origin)
        return RecordedRequest(target, request.method, headers=request.headers, body=request.body) if target else None


def _when(text: str, seen: bool = False) -> When:
    return next(
        (when for when, words in _LAST.items() if words.search(text)), When.SEEN_BY_OTHERS if seen else When.NEW
    )


def _ways_to_submit(form: Form, key: FormKey, *, known: bool) -> Iterator[tuple[Submission, int, bool]]:
    """Yield submissions of a form, each with how long it waits for others, and whether it only repeats.

    `known` is true if one way is enough: the others have been tried, or have been tried with forms that are alike.
    """
    yield Submission(key, 0), 0, False
    if form.has_password:
        yield Submission(key, 0), 0, True  # another form may have registered this visitor meanwhile
    if known:
        return
    writes = has_text(form)
    visible = any(one.kind != "hidden" for one in form.fields)
    count = max(2 if visible else 1, min(count_choices(form), _CHOICES))
    for number in range(1, count):
        yield Submission(key, number), number, False
    if not writes:
        return
    for delay, odd in enumerate(Odd, 2):
        yield Submission(key, 0, odd), delay, False
    if form.method == "POST" and not form.has_password:
        for number in range(count, _ENTRIES):
            yield Submission(key, number), 0, True
