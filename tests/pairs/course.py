"""The course as the suite sees it: which folders make a pair, and what their texts declare to differ."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FUNCTION = "visitme"
# Sides whose page comes from a cache for an hour: see the "Differences" of mod12's README.
CACHING = {"mod12-memcache/FINISH", "mod12-memcache/FINISH-py3"} | {
    f"mod13-memorystore/{side}" for side in ("START", "FINISH", "START-py3", "FINISH-py3")
}


@dataclass(frozen=True)
class Pair:
    """Two folders of one module that must give the same output.

    `differences` names what the module's README declares to differ: "caching" (FINISH has a cache that START lacks),
    "error pages" (their text is the framework's own) and "options" (who answers OPTIONS).
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
