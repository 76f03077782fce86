"""`localcloud compare` on the course: the declared differences of each pair and no others, and the mutants."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from localcloud.compare.accepted import read_accepted
from localcloud.compare.comparison import AGAIN, NEW, OLD, Comparison
from localcloud.compare.reports.progress import Progress
from localcloud.compare.reports.wording import describe_difference
from localcloud.compare.target import Folder as ComparedFolder
from localcloud.compare.target import running
from localcloud.compare.world.behaviours import BEHAVIOURS
from localcloud.traffic import RecordedRequest, Recording
from tests.pairs.test_mutants import MUTANTS
from tests.support.course import FOLDERS, FUNCTION, PAIRS, Folder, Pair

ACCEPTED = Path(__file__).parent / "accepted"


def request(
    agent: str, target: str = "/", method: str = "GET", headers: tuple[tuple[str, str], ...] = ()
) -> RecordedRequest:
    return RecordedRequest(target, method, headers=(("User-Agent", agent), ("Accept", "text/html, */*"), *headers))


VISITS = Recording(
    (
        *(request(f"Browser {number}") for number in range(1, 13)),
        request('<b>markup</b> & "quotes" \' {{ visit }}'),
        request("x" * 1501),
        request(""),
        request("forged", headers=(("X-Forwarded-For", "203.0.113.7, 198.51.100.1"),)),
        *(request(method, method=method) for method in ("HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH")),
        *(request(path, path) for path in ("/?page=2", "/index.html", "/no-such-page/", "/robots.txt")),
        request("who returns"),
        request("who returns"),
        request("slashes", "//"),
    )
)


def to_compare(folder: Folder) -> ComparedFolder:
    return ComparedFolder(folder.name, folder.path, function=FUNCTION if "functions" in folder.platforms else None)


@pytest.mark.app
@pytest.mark.parametrize("pair", [pytest.param(pair, id=str(pair)) for pair in PAIRS])
def test_pair_has_no_difference_but_the_declared(pair: Pair) -> None:
    comparison = Comparison(to_compare(pair.start), to_compare(pair.finish), None, lambda name, line: None)
    with Progress() as progress:
        comparison.compare(VISITS, progress)
    report = comparison.report(read_accepted(ACCEPTED / f"{pair}.yaml"))
    assert [describe_difference(one) for one in report.open] == []
    assert list(report.unused) == []
    assert list(report.warnings) == []


# Mutants that the same requests do not show, each with the behaviour that does.
FOUND_BY = {
    "restart": "visits of this process only",
    "an hour passes": "no expiry in Redis",
    "far from UTC": "local time",
    "two visitors at once": "each visit stored twice",
    "forged addresses": "the first X-Forwarded-For entry",
    "many visitors": "nine shown",
    "user agents": "markup not escaped",
    "foreign values in the cache": "a foreign shape breaks the page",
    "cache gone": "a cache that is down breaks the page",
    "Redis does not answer": "a call that timed out is tried again",
    "Redis closes connections": "a connection that is used without a look",
    "Datastore gone": "an error page that says all is well",
}


@pytest.mark.app
@pytest.mark.parametrize("name", FOUND_BY)
def test_behaviour_finds_mutant(name: str, tmp_path: Path) -> None:
    [behaviour] = [one for one in BEHAVIOURS if one.name == name]
    [mutant] = [one for one in MUTANTS if one.name == FOUND_BY[name]]
    plan = behaviour.plan(Recording((request("a browser"),)), {})
    assert plan
    old = to_compare(FOLDERS[mutant.folder])
    new = replace(old, path=mutant.copy_to(tmp_path))
    folders = [
        (side, folder.with_variables(behaviour.environment)) for side, folder in ((OLD, old), (NEW, new), (AGAIN, old))
    ]
    comparison = Comparison(old, new, None, lambda name, line: None)
    with running(folders, None, lambda name, line: None, lambda text: None) as targets:
        comparison.run(targets, plan, behaviour=name)
    assert comparison.report(read_accepted(tmp_path / "none.yaml")).open
