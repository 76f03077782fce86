"""Reports made by hand, for the tests of what is made of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from localcloud.compare.observation import Aspect
from localcloud.compare.result import ComparedRequest, Difference, DiffLine, Noise, Report

# What a terminal obeys, what HTML and XML cannot have, what reorders a line, and markup.
EVIL = "\x1b]0;title\x07\r\x9b31m\x00\ufffe\ud800\u202e\u2028<script>alert(1)</script>"


def make_request(number: int, *, behaviour: str = "", title: str = "GET /posts/1") -> ComparedRequest:
    path = title.rsplit(maxsplit=1)[-1]
    return ComparedRequest(number, title, f"curl localhost{path}", (200, 200), (0.012, 0.015), behaviour)


def make_diff(*lines: str) -> tuple[DiffLine, ...]:
    return tuple(DiffLine(line[0], line[1:]) for line in lines)


PAGE = Difference(
    Aspect.DOCUMENT,
    "GET /posts/*",
    "html > body > ul > li",
    ("<li>11</li>",),
    ("<li>10</li>",),
    make_diff(" <ul>", "-<li>Post 11 of 20</li>", "+<li>Post 10 of 20</li>"),
    (1, 3),
)
COOKIE = Difference(
    Aspect.COOKIES, "POST /sign", "session", ("Secure",), (), make_diff(" session is set", "-session: Secure"), (2,)
)
CALLS = Difference(Aspect.CALLS, "GET /posts/*", "queries", (), (), make_diff("-queries: 3", "+queries: 1"), (3,))
ACCEPTED = replace(COOKIE, aspect=Aspect.STATUS, place="status", accepted="clients follow both")
BROKEN = Difference(
    Aspect.STATUS,
    "GET /posts/*",
    "status",
    ("200 OK",),
    ("500 Internal Server Error",),
    make_diff("-200 OK", "+500 Internal Server Error"),
    (1,),
    followers=(replace(PAGE, requests=(1,)),),
)
TIME = Noise(Aspect.DOCUMENT, "GET /", "html > p", ("<p>It is 12:00:01 now</p>", "<p>It is 12:00:03 now</p>"), 31)
ERROR = "BadValueError: Property price must be an int"
SAME = Report(
    "START",
    "FINISH",
    "visits.jsonl",
    [make_request(1), make_request(2, title="POST /sign"), make_request(3, title="GET /posts/2")],
    [],
    [],
    seconds=12.4,
)
DIFFERENT = replace(SAME, differences=[PAGE, COOKIE, ACCEPTED])
FAILING = replace(
    SAME,
    requests=[replace(make_request(1), statuses=(200, 500), errors=("", ERROR)), *SAME.requests[1:]],
    differences=[BROKEN],
)
FULL = replace(
    DIFFERENT,
    requests=[*SAME.requests, make_request(1, behaviour="restart", title="GET /")],
    differences=[*DIFFERENT.differences, replace(PAGE, route="GET /", requests=(1,), behaviour="restart")],
    noise=[TIME],
    calls=(Counter({"queries": 1031, "writes": 3}), Counter({"queries": 62, "writes": 3, "mails": 1})),
    behaviours=["restart"],
    warnings=["tasks of FINISH still ran after 10 s"],
    unused=["GET /old: the document differs"],
)


def make_evil() -> Report:
    """Make a report that has a hostile text wherever a text can be."""
    difference = Difference(
        Aspect.HEADERS, EVIL, EVIL, (EVIL,), (EVIL,), make_diff(f"-{EVIL}", f"+{EVIL}"), (1,), behaviour=EVIL
    )
    return Report(
        EVIL,
        EVIL,
        EVIL,
        [ComparedRequest(1, EVIL, f"curl '{EVIL}'", (200, None), (0.1, 0.2), EVIL, (EVIL, EVIL))],
        [difference, replace(difference, accepted=EVIL)],
        [Noise(Aspect.DOCUMENT, EVIL, EVIL, (EVIL, f"{EVIL}2"), 1)],
        (Counter({EVIL: 1}), Counter()),
        [EVIL],
        [EVIL],
        [EVIL],
    )
