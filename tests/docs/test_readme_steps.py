"""Each codelab's steps lead from START to FINISH, and its text keeps what it promises."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from tests.pairs.course import PAIRS, ROOT

READMES = sorted(ROOT.glob("mod*/README.md"))
TRACK = re.compile(r"Track (\S+) to (\S+): ")
STEP = re.compile(r"Step (\d+): ")
DURATION = re.compile(r"^Duration: (\d+):(\d\d)", re.MULTILINE)


@dataclass
class Track:
    """The steps from one folder of a module to another: each step's number, its seconds and its diffs."""

    start: str = "START"
    finish: str = "FINISH"
    seconds: int = 0
    steps: list[tuple[int, int]] = field(default_factory=list)
    diffs: list[tuple[int, str]] = field(default_factory=list)


def tracks(readme: Path) -> list[Track]:
    """Return the tracks of a codelab, the main one first."""
    found = [Track()]
    for kind, line, text in _pieces(readme):
        if kind == "heading" and (track := TRACK.match(text)):
            found.append(Track(track[1], track[2]))
        elif kind == "heading" and (step := STEP.match(text)):
            found[-1].steps.append((int(step[1]), 0))
        elif kind == "diff":
            found[-1].diffs.append((line, text))
        elif kind == "text" and (duration := DURATION.match(text)):
            seconds = int(duration[1]) * 60 + int(duration[2])
            if found[-1].steps:
                found[-1].steps[-1] = (found[-1].steps[-1][0], seconds)
            else:
                found[-1].seconds = seconds
    return found


def _pieces(readme: Path) -> Iterator[tuple[str, int, str]]:
    tokens = MarkdownIt().parse(readme.read_text())
    for token, following in zip(tokens, [*tokens[1:], tokens[-1]], strict=True):
        line = (token.map or [0])[0] + 1
        if token.type == "heading_open":
            yield "heading", line, following.content
        elif token.type == "fence":
            yield token.info, line, token.content
        elif token.type == "inline" and token.level == 1:
            yield "text", line, token.content


ALL_TRACKS = [
    pytest.param(readme, track, id=f"{readme.parent.name}-{track.start}-{track.finish}")
    for readme in READMES
    for track in tracks(readme)
]


def test_every_pair_of_the_course_has_a_track() -> None:
    found = {(readme.parent.name, track.start, track.finish) for readme in READMES for track in tracks(readme)}
    assert found == {(pair.module, pair.start, pair.finish) for pair in PAIRS}


@pytest.mark.parametrize(("readme", "track"), ALL_TRACKS)
def test_start_and_all_diffs_are_finish(readme: Path, track: Track, tmp_path: Path) -> None:
    work = tmp_path / "work"
    shutil.copytree(readme.parent / track.start, work, ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run(["git", "init", "--quiet"], cwd=work, check=True)
    for line, diff in track.diffs:
        applied = subprocess.run(
            ["git", "apply", "--whitespace=error", "-"],
            input=diff,
            text=True,
            cwd=work,
            capture_output=True,
            check=False,
        )
        assert applied.returncode == 0, f"{readme.parent.name}/README.md:{line}: {applied.stderr}"
    shutil.rmtree(work / ".git")
    compared = subprocess.run(
        ["diff", "-r", "-x", "__pycache__", work, readme.parent / track.finish],
        capture_output=True,
        text=True,
        check=False,
    )
    assert compared.stdout == ""


@pytest.mark.parametrize(("readme", "track"), ALL_TRACKS)
def test_steps_are_numbered_and_their_durations_add_up(readme: Path, track: Track) -> None:
    assert [number for number, _ in track.steps] == list(range(1, len(track.steps) + 1))
    assert track.seconds == sum(seconds for _, seconds in track.steps) > 0


@pytest.mark.parametrize(
    "readme", [*READMES, ROOT / "README.md", *ROOT.glob("docs/*.md")], ids=lambda path: str(path.relative_to(ROOT))
)
def test_links_into_the_repository_resolve(readme: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?[^)]*\)", readme.read_text())
    missing = [link for link in links if link and not (readme.parent / link).exists()]
    assert missing == []


@pytest.mark.parametrize("pair", [pair for pair in PAIRS if pair.differences], ids=str)
def test_a_difference_that_the_suite_allows_is_declared(pair) -> None:
    text = (ROOT / pair.module / "README.md").read_text()
    declared = text.partition("## Differences\n")[2].partition("\n## ")[0]
    words = {"caching": "cache", "error pages": "404", "options": "OPTIONS"}
    assert [words[difference] for difference in pair.differences if words[difference] not in declared] == []
