"""`localcloud compare` finds no difference between the folders of a pair but those that its README declares."""

from __future__ import annotations

from pathlib import Path

import pytest

from localcloud.compare.accepted import read_accepted
from localcloud.compare.comparison import Comparison
from localcloud.compare.reports.progress import Progress
from localcloud.compare.reports.wording import describe_difference
from localcloud.compare.target import Folder as ComparedFolder
from localcloud.traffic import RecordedRequest, Recording
from tests.support.course import FUNCTION, PAIRS, Folder, Pair

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
