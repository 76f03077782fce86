"""The course as the suite sees it: which folders make a pair, and what their texts declare to differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from tests.lanes import HAS_PYTHON27

ROOT = Path(__file__).parents[2]
FUNCTION = "visitme"
# Sides whose page comes from a cache for an hour, and which: see the "Differences" of mod12's README.
CACHES = {
    "mod12-memcache/FINISH": "Memcache",
    "mod12-memcache/FINISH-py3": "Memcache",
    "mod13-memorystore/START": "Memcache",
    "mod13-memorystore/START-py3": "Memcache",
    "mod13-memorystore/FINISH": "Redis",
    "mod13-memorystore/FINISH-py3": "Redis",
}
# Sides that take the visitor's address from X-Forwarded-For by ProxyFix. (On python27 it is REMOTE_ADDR, the bundled
# services read App Engine's own header, and a function splits X-Forwarded-For itself.)
COUNTING_PROXIES = {
    "mod2-cloudndb/FINISH-py3",
    "mod4-cloudrun/START",
    "mod4-cloudrun/FINISH",
    "mod4-cloudrun/FINISH-py2",
    "mod5-buildpacks/START",
    "mod5-buildpacks/FINISH",
    "mod11-functions/START",
    "mod13-memorystore/FINISH-py3",
}
# A start line longer than gunicorn takes unless told otherwise.
LONG_QUERY = "GET /?" + "q" * 6000


@dataclass(frozen=True)
class Pair:
    """Two folders of one module that must give the same output.

    `differences` names what the module's README declares to differ: "caching" (FINISH has a cache that START lacks),
    "error pages" (their text is the framework's own) and "options" (who answers OPTIONS; see also STATUSES).
    """

    module: str
    start: str
    finish: str
    differences: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.module}-{self.start}-{self.finish}"

    @property
    def folders(self) -> tuple[Path, Path]:
        return ROOT / self.module / self.start, ROOT / self.module / self.finish


PAIRS = [
    Pair("mod1-flask", "START", "FINISH", frozenset({"error pages", "options"})),
    Pair("mod1-flask", "FINISH", "FINISH-py3"),
    Pair("mod2-cloudndb", "START", "FINISH"),
    Pair("mod2-cloudndb", "FINISH", "FINISH-py3"),
    Pair("mod4-cloudrun", "START", "FINISH"),
    Pair("mod4-cloudrun", "START-py2", "FINISH-py2"),
    Pair("mod5-buildpacks", "START", "FINISH"),
    Pair("mod11-functions", "START", "FINISH", frozenset({"options"})),
    Pair("mod12-memcache", "START", "FINISH", frozenset({"caching"})),
    Pair("mod12-memcache", "START-py3", "FINISH-py3", frozenset({"caching"})),
    Pair("mod13-memorystore", "START", "FINISH"),
    Pair("mod13-memorystore", "START-py3", "FINISH-py3"),
    Pair("mod13-memorystore", "FINISH", "FINISH-py3"),
]


def _has_python27(pair: Pair) -> bool:
    return any(_declares(folder, text) for folder in pair.folders for text in ("runtime: python27", "FROM python:2"))


def _has_container(pair: Pair) -> bool:
    return any((folder / "Dockerfile").is_file() for folder in pair.folders)


def _declares(folder: Path, text: str) -> bool:
    files = [folder / "app.yaml", folder / "Dockerfile"]
    return any(text in file.read_text() for file in files if file.is_file())


def _one_side_leaves_dev_appserver(pair: Pair) -> bool:
    start, finish = pair.folders
    return _declares(start, "runtime: python27") and not _declares(finish, "runtime: python27")


def on_genuine_python27(pair: Pair) -> Pair:
    """Return the pair with what differs only where Python 2.7 is genuine: Flask 1's error pages name no language."""
    if _one_side_leaves_dev_appserver(pair) and not _declares(pair.folders[1], "FROM python:2"):
        return replace(pair, differences=pair.differences | {"error pages"})
    return pair


def statuses(pair: Pair, *, genuine: bool) -> dict[str, tuple[int, int]]:
    """Return STATUSES of the pair; genuine dev_appserver has no limit to a start line where gunicorn has one."""
    declared = STATUSES.get(str(pair), {})
    if not (genuine and _one_side_leaves_dev_appserver(pair)):
        return declared
    too_long = 400 if _declares(pair.folders[1], "FROM python:2") else 414  # gunicorn 19.10 and later ones
    return declared | {LONG_QUERY: (200, too_long)}


def cache_control(pair: Pair, *, genuine: bool) -> list[str | None]:
    """Return what each side says of caching: webapp2 forbids it by itself, dev_appserver for every app."""
    return [
        "no-cache"
        if (genuine and _declares(folder, "runtime: python27")) or folder == ROOT / "mod1-flask" / "START"
        else None
        for folder in pair.folders
    ]


# What the packages of 2.7 do that later ones do not, so that a check must fail there: (pair, test or scenario).
FAILS_ON_GENUINE_PYTHON27 = {
    ("mod4-cloudrun-START-py2-FINISH-py2", "headers_of_every_kind"): (
        "gunicorn 19.10, the last for Python 2.7, takes User_Agent for User-Agent"
    ),
    ("mod4-cloudrun-START-py2-FINISH-py2", "test_a_broken_header_shows_the_visitor_or_the_proxy"): (
        "Werkzeug 1.0.1, the last for Python 2.7, reads a list out of an open quote"
    ),
}

# Which pairs have something that a lane makes genuine.
IN_LANE: dict[str, Callable[[Pair], bool]] = {
    "python3": lambda pair: True,
    "python27": _has_python27,
    "redis-server": lambda pair: pair.module == "mod13-memorystore",
    "google-emulator": lambda pair: True,
    "firestore-emulator": lambda pair: True,
    # The other side of a Python 2.7 container is App Engine's Python 2.7.
    "containers": lambda pair: _has_container(pair) and (HAS_PYTHON27 or not _has_python27(pair)),
}

# No Datastore has a part in these checks: with Google's in the place of ours they would be the same ones again.
WITHOUT_DATASTORE = {
    "visitors_on_other_addresses",
    "forged_addresses",
    "headers_of_every_kind",
    "other_methods_and_paths",
    "an_hour_passing",
    "cache_gone_during_visits",
    "cache_gone_before_the_first_visit",
    "foreign_values_in_the_cache",
    "redis_never_answering",
    "redis_closing_idle_connections",
    "test_a_broken_header_shows_the_visitor_or_the_proxy",
    "test_odd_requests_differ_only_as_declared",
    "test_cache_control_differs_only_as_declared",
}

# Requests that START and FINISH answer each in their own way, with the statuses. Two equal ones mean that on one of
# the sides the answer is not the app's but the framework's, so that its text differs.
STATUSES = {
    "mod1-flask-START-FINISH": {
        "OPTIONS /": (405, 200),
        # webapp2 knows seven methods.
        "PATCH /": (501, 405),
        "BREW /": (501, 405),
        "GET //": (404, 200),
    },
    "mod11-functions-START-FINISH": {
        "OPTIONS /": (200, 405),
        "GET /robots.txt": (404, 404),
        "GET /favicon.ico": (404, 404),
        LONG_QUERY: (414, 200),
    },
}

# (a later module's START, the folder it says it starts from)
CHAIN = [
    ("mod2-cloudndb/START", "mod1-flask/FINISH"),
    ("mod4-cloudrun/START-py2", "mod2-cloudndb/FINISH"),
    ("mod5-buildpacks/START", "mod2-cloudndb/FINISH-py3"),
    ("mod11-functions/START", "mod2-cloudndb/FINISH-py3"),
    ("mod12-memcache/START", "mod1-flask/FINISH"),
    ("mod12-memcache/START-py3", "mod1-flask/FINISH-py3"),
    ("mod13-memorystore/START", "mod12-memcache/FINISH"),
    ("mod13-memorystore/START-py3", "mod12-memcache/FINISH-py3"),
]


def folder_name(folder: Path) -> str:
    """Return the folder as the course names it: "mod2-cloudndb/START"."""
    return folder.relative_to(ROOT).as_posix()
