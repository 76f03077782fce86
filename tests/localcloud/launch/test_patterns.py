"""app.yaml's regular expressions: App Engine's own language, matched in time."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from localcloud.launch.patterns import Pattern, PatternError
from tests.support.deadline import DEADLINE

# Python's own engine would take longer than anyone can wait.
SLOW = [r"/(a+)+b", r"/(a|a)*b", r"/(a|aa)+b", r"/(.*a){20}b", r"/((a*)*)*b", r"/(?:x|\w+\d*)+-"]


@pytest.mark.parametrize("source", SLOW)
def test_a_pattern_that_python_would_backtrack_over_is_matched_in_time(source: str) -> None:
    program = (
        "import sys; from localcloud.launch.patterns import Pattern; "
        "print(Pattern(sys.argv[1]).fullmatch('/' + 'a' * 10_000))"
    )
    command = [sys.executable, "-c", program, source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE, check=True)
    assert done.stdout == "None\n"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("/(", r"missing \)"),
        ("/(?!api).*", r"\(\?!"),
        ("/(?<=a)b", r"\(\?<"),
        (r"/(a)\1", r"\\1"),
        ("/a{2000}", "repetition size"),
        ("/((a{100}){100}){100}", "repetition size|too large"),
        ("/[z-a]", "range"),
        ("/\ud800", "Unicode"),
    ],
)
def test_pattern_that_app_engine_does_not_accept_is_refused(
    source: str, reason: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(PatternError, match=reason):
        Pattern(source)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    "source",
    [
        "/",
        "/.*",
        r"/(.*\.(gif|png|jpg))",
        "/a(/.*)?",
        r"/\w+-\d{2,4}",
        "/[^/]+",
        "/(a|ab)(c|bcd)(d*)",
        "/(a*)(a|b)*",
        "/é+",
    ],
)
@pytest.mark.parametrize(
    "path", ["/", "/a", "/a/b", "/x.gif", "/x.gif/y.png", "/ab-123", "/abcd", "/aab", "/éé", "/a\nb", "//", "/\udcff"]
)
def test_a_pattern_matches_as_python_says(source: str, path: str) -> None:
    expected = re.compile(source).fullmatch(path)
    found = Pattern(source).fullmatch(path)
    assert (found is None) == (expected is None)
    if expected and found:
        groups = [group or "" for group in expected.groups()]
        assert [found[number] for number in range(1, len(groups) + 1)] == groups


def test_a_template_takes_groups_by_number_and_by_name() -> None:
    match = Pattern(r"/(?P<folder>\w+)/(.*)(x)?").fullmatch("/a/\udcffb")
    assert match is not None
    assert match.expand(r"\g<folder>/\2\3-\g<1>") == "a/\udcffb-a"
